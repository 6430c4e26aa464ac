// TargetFailures: what becomes of errors that come from this side of a forward and not from its target: no connection,
// a lost one, no room, no answer in time. Who called is a stranger: a fixed sentence is enough for him, and the target's
// addresses and this process's bounds are not for him. What really happened goes to the log.

import type { CallReply } from '../../runtime/call.ts';
import type { HeddleError } from '../../runtime/errors.ts';
import { type Refusal, refusal } from '../../runtime/shared/refusal.ts';
import type { ClientHost } from '../client/host.ts';
import { errorOfReply } from '../client/refusals.ts';

/** Failures with one code are logged together, at most once in this time, ms. */
export const failureLogEveryMs = 1_000;

export const targetFull = refusal(
  'RESOURCE_EXHAUSTED',
  'the forward target of this listener has as many calls under way as it may have, or reads them too slowly; call again when some have ended',
);
const notSent = refusal('UNAVAILABLE', "the forward target of this listener can't be reached; the call was not sent");
const lost = refusal(
  'UNAVAILABLE',
  'the connection to the forward target of this listener was lost before the reply came; the call may have run',
);
const late = refusal('DEADLINE_EXCEEDED', 'the forward target of this listener did not answer in time');
const unreadable = refusal('INTERNAL', "the reply of this listener's forward target can't be read");
const tooLong = refusal('RESOURCE_EXHAUSTED', 'the call or its reply is longer than this listener forwards');
const other = refusal('INTERNAL', 'this call could not be forwarded');

/** Since when failures with one code wait to be logged, and how many. */
interface Logged {
  untilMs: number;
  unsaid: number;
}

export class TargetFailures {
  readonly #host: Pick<ClientHost, 'clock' | 'log'>;
  readonly #logged = new Map<string, Logged>();

  constructor(host: Pick<ClientHost, 'clock' | 'log'>) {
    this.#host = host;
  }

  /** A reply as the caller gets it: what the target sent as it is, an error of this side (an object of its own) in words for strangers. */
  forCaller(reply: CallReply): CallReply {
    const error = errorOfReply(reply);
    if (error === undefined) return reply;
    this.#log(error);
    // About what the caller sent, in his own terms.
    if (error.code === 'INVALID_ARGUMENT') return reply;
    const { code, source, bodyStart, bodyEnd } = inWords(error);
    return Object.assign(reply, { code, source, bodyStart, bodyEnd });
  }

  #log(error: HeddleError): void {
    const nowMs = this.#host.clock.nowMs();
    const logged = this.#logged.get(error.code) ?? { untilMs: Number.NEGATIVE_INFINITY, unsaid: 0 };
    this.#logged.set(error.code, logged);
    if (nowMs < logged.untilMs) {
      logged.unsaid++;
      return;
    }
    const { code, message } = error;
    this.#host.log.warn(
      { code, reason: message, othersBefore: logged.unsaid },
      'a call was not forwarded, or not answered',
    );
    logged.untilMs = nowMs + failureLogEveryMs;
    logged.unsaid = 0;
  }
}

function inWords({ code, retry }: HeddleError): Refusal {
  switch (code) {
    case 'UNAVAILABLE':
      return retry === 'yes' ? notSent : lost;
    case 'DEADLINE_EXCEEDED':
      return late;
    case 'RESOURCE_EXHAUSTED':
      return retry === 'no' ? tooLong : targetFull;
    case 'INTERNAL':
      return unreadable;
    default:
      return other;
  }
}
