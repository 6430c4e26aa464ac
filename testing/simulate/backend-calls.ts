// BackendCalls: the calls that one backend has got, between its simulated thread and the answers that a test gives. It also
// does what a test wants to go wrong with it.

import { type CallHead, type CallReply, callFlags, emptyCallReply, type ReplySink } from '../../runtime/call.ts';
import { codeNumber, type ErrorCode, HeddleError, retryHints } from '../../runtime/errors.ts';
import type { Dispatcher } from '../../runtime/plugins/protocol.ts';
import { refusal } from '../../runtime/shared/refusal.ts';
import { Draws } from '../sim/draws.ts';
import type { SimThread } from '../sim/thread.ts';
import type { Backend, BackendCall } from './backend.ts';
import { checkDelay } from './check-options.ts';

/** How a backend is: answers as it does, later, with an error, or not before it is well again. */
export type BackendMood =
  | { is: 'well' }
  | { is: 'slow'; byMs: number }
  | { is: 'failing'; code: ErrorCode; message: string }
  | { is: 'hanging' };

interface Running {
  readonly sink: ReplySink;
  readonly tag: number;
  readonly abort: AbortController;
}

/** What is kept of a call's head: a copy, since its views are gone when the call was taken. */
type KeptHead = CallHead;

export class BackendCalls implements Dispatcher {
  readonly health = 'ok';
  /** Calls so far. */
  calls = 0;
  readonly #backend: Backend;
  readonly #thread: SimThread;
  readonly #draws: Draws;
  readonly #running = new Map<number, Running>();
  #held: (() => void)[] = [];
  #mood: BackendMood = { is: 'well' };
  #lastHandle = 0;

  constructor(backend: Backend, thread: SimThread) {
    this.#backend = backend;
    this.#thread = thread;
    this.#draws = new Draws(thread.world.seed, `answers of ${backend.service}`);
  }

  get mood(): BackendMood {
    return this.#mood;
  }

  /** What hung goes on once it hangs no more. */
  set mood(mood: BackendMood) {
    this.#mood = mood;
    if (mood.is === 'hanging') return;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  method(_service: string, name: string): { reads: boolean; oneWay: boolean } | undefined {
    return this.#backend.methods.get(name);
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    this.calls++;
    const handle = ++this.#lastHandle;
    const abort = new AbortController();
    this.#note(`gets ${service}/${method}`);
    const kept = copyOf(head);
    if ((head.flags & callFlags.oneWay) !== 0) {
      sink.onReply(tag, emptyCallReply());
      void this.#value(service, method, kept, abort.signal).catch(() => {});
      return -1;
    }
    this.#running.set(handle, { sink, tag, abort });
    this.#value(service, method, kept, abort.signal).then(
      (encode) => this.#answer(handle, `answers ${service}/${method}`, encode),
      (reason: unknown) => {
        const error = HeddleError.from(reason, `the backend ${service} threw ${String(reason)}`);
        const answer = refusal(error.code, error.message, error.retry);
        this.#answer(handle, `answers ${service}/${method} by ${error.code}`, (reply) => Object.assign(reply, answer));
      },
    );
    return handle;
  }

  cancel(handle: number): void {
    const running = this.#running.get(handle);
    this.#running.delete(handle);
    running?.abort.abort(new HeddleError('CANCELLED', 'the caller no longer wants the answer'));
  }

  /** What writes the answer of a method into a reply. */
  async #value(
    service: string,
    name: string,
    head: KeptHead,
    signal: AbortSignal,
  ): Promise<(reply: CallReply) => unknown> {
    const method = this.#backend.methods.get(name);
    if (service !== this.#backend.service || method === undefined) {
      throw new HeddleError('NOT_FOUND', `the backend ${this.#backend.service} has no method ${service}/${name}`);
    }
    await this.#bear(signal);
    const answer = this.#backend.answers.get(name);
    if (answer === undefined) {
      const sentence = `the backend has no answer to ${method.fullName}; give backend() a function ${name}`;
      throw new HeddleError('UNIMPLEMENTED', sentence);
    }
    const form = method.codec.formFor(head, method.fullName);
    if (form === undefined) {
      throw new HeddleError('FAILED_PRECONDITION', `${method.fullName} was called by another version of its contract`);
    }
    const request = form.decode(head.source, head.bodyStart, head.bodyEnd);
    const value = await answer(request, this.#doorOf(head, signal));
    return (reply) => form.encode(value, reply);
  }

  /** Waits, fails or hangs as the mood wants. */
  async #bear(signal: AbortSignal): Promise<void> {
    while (this.#mood.is === 'hanging') {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#held.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      if (signal.aborted) throw signal.reason;
    }
    if (this.#mood.is === 'slow') await this.#sleep(this.#mood.byMs, signal);
    if (this.#mood.is === 'failing') throw new HeddleError(this.#mood.code, this.#mood.message);
  }

  #answer(handle: number, label: string, write: (reply: CallReply) => unknown): void {
    // As a task of the backend's thread, where its connection lives.
    this.#thread.post('answers', label, () => {
      const running = this.#running.get(handle);
      if (running === undefined) return;
      this.#running.delete(handle);
      const reply = emptyCallReply();
      try {
        write(reply);
      } catch (reason) {
        const error = HeddleError.from(reason, `an answer of ${this.#backend.service} can't be written`);
        Object.assign(reply, emptyCallReply(), refusal('INTERNAL', error.message), {
          code: codeNumber('INTERNAL'),
          retry: retryHints.indexOf('no'),
        });
      }
      this.#note(label);
      running.sink.onReply(running.tag, reply);
    });
  }

  #doorOf({ attempt, deadlineMs }: KeptHead, signal: AbortSignal): BackendCall {
    const nowMs = (): number => this.#thread.clock.nowMs();
    return {
      sleep: (delayMs) => this.#sleep(delayMs, signal),
      signal,
      attempt,
      remainingMs: () => Math.max(0, deadlineMs - nowMs()),
      nowMs,
      random: this.#draws.random,
    };
  }

  #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      checkDelay(delayMs, 'the time for which call.sleep waits');
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = this.#thread.setTimer(delayMs, resolve, 'an answer goes on');
      signal.addEventListener(
        'abort',
        () => {
          timer.wanted = false;
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  #note(what: string): void {
    this.#thread.world.trace(this.#thread.name, `* ${what}`);
  }
}

function copyOf(head: CallHead): KeptHead {
  const source = Buffer.from(head.source.subarray(head.metadataStart, head.bodyEnd));
  const shift = head.metadataStart;
  return {
    ...head,
    trace: head.trace.slice(),
    source,
    metadataStart: 0,
    metadataEnd: head.metadataEnd - shift,
    bodyStart: head.bodyStart - shift,
    bodyEnd: head.bodyEnd - shift,
  };
}
