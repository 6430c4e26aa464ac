// BoundLimiter: one limiter of a plugin on one IO thread, as the thread may ask it: nothing that it does throws, and what
// it does wrong is logged, at most once a second.

import { type CallReply, emptyCallReply } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import { codeNumber, retryHints } from '../../runtime/errors.ts';
import { isPromiseLike } from '../../runtime/fiber/promise-like.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { EndedCall, LimitedCall, LimiterDefinition } from '../../runtime/plugins/limiter.ts';
import { refusal } from '../../runtime/shared/refusal.ts';

/** A limiter that fails is logged at most once in this time, ms. */
const failuresLogEveryMs = 1_000;
/** Of a refusal's sentence, characters. */
const messageMax = 1_000;
/** What the wire has room for. */
const retryAfterMaxMs = 2 ** 32 - 1;

const resourceExhausted = codeNumber('RESOURCE_EXHAUSTED');
const retryYes = retryHints.indexOf('yes');

export class BoundLimiter {
  readonly name: string;
  /** Whether it wants to hear how calls end. */
  readonly hears: boolean;
  readonly #definition: LimiterDefinition;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #failed: CallReply;
  /** The last refusal's sentence, and its bytes: mostly the next one's too. */
  #message = '';
  #bytes = Buffer.alloc(0);
  #loggedMs = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(definition: LimiterDefinition, clock: Clock, log: Logger) {
    this.name = definition.name;
    this.hears = definition.ended !== undefined;
    this.#definition = definition;
    this.#clock = clock;
    this.#log = log;
    this.#failed = refusal('INTERNAL', `limiter ${this.name} failed; the cause is in the server log`);
  }

  /** Undefined: the call may come in; else its answer. */
  admit(call: LimitedCall): CallReply | undefined {
    try {
      const answer: unknown = this.#definition.admit(call);
      if (answer === undefined) return undefined;
      if (isRefusal(answer)) return this.#reply(answer.message, answer.retryAfterMs);
      const isPromise = isPromiseLike(answer);
      const given = isPromise ? 'a promise' : JSON.stringify(answer);
      if (isPromise) Promise.resolve(answer).catch(() => {});
      this.#fail('admit', `it must return undefined or { message, retryAfterMs }, at once, and not ${given}`);
    } catch (reason) {
      this.#fail('admit', reason);
    }
    return this.#failed;
  }

  /** Waits for nothing. */
  ended(call: EndedCall): void {
    try {
      const given: unknown = this.#definition.ended!(call);
      // Against its type. A rejection that nobody hears would end the thread, with all its connections.
      if (isPromiseLike(given)) Promise.resolve(given).catch((reason: unknown) => this.#fail('ended', reason));
    } catch (reason) {
      this.#fail('ended', reason);
    }
  }

  #reply(message: string, retryAfterMs: number): CallReply {
    if (message !== this.#message) {
      this.#message = message;
      this.#bytes = Buffer.from(message.slice(0, messageMax));
    }
    // An object of its own: whoever gets it may make a call that is refused too.
    const reply = emptyCallReply();
    reply.code = resourceExhausted;
    reply.retry = retryYes;
    reply.retryAfterMs = retryAfterMs > 0 ? Math.min(Math.ceil(retryAfterMs), retryAfterMaxMs) : 0;
    reply.source = this.#bytes;
    reply.bodyEnd = this.#bytes.length;
    return reply;
  }

  #fail(where: 'admit' | 'ended', reason: unknown): void {
    this.#failures++;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#loggedMs < failuresLogEveryMs) return;
    this.#loggedMs = nowMs;
    const failures = this.#failures;
    this.#failures = 0;
    this.#log.error({ limiter: this.name, where, failures, err: reason }, 'the limiter failed');
  }
}

function isRefusal(answer: unknown): answer is { message: string; retryAfterMs: number } {
  return typeof answer === 'object' && answer !== null && typeof (answer as { message?: unknown }).message === 'string';
}
