// Forward: calls that go to another process instead of a service of this one, on one IO thread. A call goes on as it
// came: names, metadata, body, codec, what is left of its deadline; its reply comes back as it is, an error with its hint.
// Nothing is decoded and nothing repeated: who called knows whether it may be sent again. A caller who gives up takes the
// call back at the target too.
//
// The callers are strangers to each other and to the target. So no address of the target is left out because calls fail
// there: a stranger with short deadlines would decide it for all. One that is lost, or answers no ping, gets no calls.

import type { CallHead, CallReply, ReplySink } from '../../runtime/call.ts';
import { codeNumber } from '../../runtime/errors.ts';
import { type Refusal, refusal, refuse } from '../../runtime/shared/refusal.ts';
import type { TargetAddress } from '../../runtime/traffic-settings.ts';
import { CallTable } from '../client/call-table.ts';
import { ClientChannel } from '../client/channel.ts';
import type { ClientHost } from '../client/host.ts';
import { checkOptions } from '../client/options.ts';
import { hopMarks, hopsMax, hopsOf } from './marks.ts';
import { TargetFailures, targetFull } from './target-failures.ts';

/** Calls not yet answered, per listener and IO thread; over it RESOURCE_EXHAUSTED. As many as a client has by default. */
export const forwardInFlightMax = 10_000;
/** Bytes of calls that one connection has not yet sent, and of those that wait for one. As a client's default. */
export const forwardWriteBufferBytes = 16_777_216;
/** Longest frame either way: the listener and the target have bounds of their own, none of them above this. */
export const forwardFrameBytes = 64 * 1_048_576 + 65_536;

/** More than the ids of a CallTable, so that a handle says whose it is. */
export const handlesPerForward = 2 ** 32;

/** What bounds requests over the whole process (`limits.requests`). */
export interface Permits {
  /** Undefined: one more may come in, and `leave` follows; else why not. */
  enter(head: CallHead): Refusal | undefined;
  leave(): void;
}

const unavailable = codeNumber('UNAVAILABLE');
const deadlineExceeded = codeNumber('DEADLINE_EXCEEDED');

const inCircle = refusal(
  'FAILED_PRECONDITION',
  `this call was forwarded ${hopsMax} times, the bound: do the listeners' forward targets lead in a circle?`,
);

export class Forward implements ReplySink {
  /** Its handles are the `handlesPerForward - 1` that follow this. */
  readonly firstHandle: number;
  readonly #host: ClientHost;
  readonly #permits: Permits;
  readonly #channel: ClientChannel;
  readonly #failures: TargetFailures;
  /** Its ids are the tags of the calls at the channel. */
  readonly #table = new CallTable<never, never>(forwardInFlightMax);
  /** By slot, the channel's handle of the call. */
  readonly #handles: number[] = [];
  #sending = false;

  constructor(host: ClientHost, permits: Permits, addresses: readonly TargetAddress[], firstHandle: number) {
    this.#host = host;
    this.firstHandle = firstHandle;
    this.#permits = permits;
    this.#failures = new TargetFailures(host);
    const options = checkOptions({
      name: 'the forward target',
      addresses: [...addresses],
      // The caller and the listener say how long; a target that died is found out by its pings.
      timeoutMs: 0,
      maxInFlight: forwardInFlightMax,
      writeBufferBytes: forwardWriteBufferBytes,
      frameBytes: forwardFrameBytes,
      ejectAfter: 0,
    });
    this.#channel = new ClientChannel(host, options);
    this.#channel.open();
  }

  /** Whether the target can be reached. */
  get isUp(): boolean {
    return this.#channel.isReady;
  }

  /** Calls not yet answered. */
  get inFlight(): number {
    return this.#table.size;
  }

  /** As CallCarrier.call. */
  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    this.#host.count('forwarded');
    const hops = hopsOf(head);
    if (hops >= hopsMax) return this.#refuse(sink, tag, inCircle);
    if (this.#channel.isFull) return this.#refuse(sink, tag, targetFull);
    const over = this.#permits.enter(head);
    if (over !== undefined) return this.#refuse(sink, tag, over);
    // The channel has as many places as the table, and this call has one there.
    const id = this.#table.claim(sink, tag);
    this.#sending = true;
    const handle = this.#channel.call(service, method, head, this, id, hopMarks[hops + 1]!);
    this.#sending = false;
    // An answer that came before this returned has freed the slot.
    if (handle < 0) return -1;
    this.#handles[this.#table.slotOf(id)] = handle;
    return this.firstHandle + id;
  }

  /** As CallCarrier.cancel. */
  cancel(handle: number): void {
    const slot = this.#table.slotOf(handle - this.firstHandle);
    if (slot < 0) return;
    this.#release(slot);
    this.#channel.cancel(this.#handles[slot]!);
  }

  onReply(id: number, reply: CallReply): void {
    const slot = this.#table.slotOf(id);
    if (slot < 0) return;
    const sink = this.#table.sinks[slot]!;
    const tag = this.#table.tags[slot]!;
    this.#release(slot);
    // An error at once is the channel's: the call was not sent.
    if (reply.code === unavailable || reply.code === deadlineExceeded || (this.#sending && reply.code !== 0))
      this.#host.count('forward-failed');
    sink.onReply(tag, this.#failures.forCaller(reply));
  }

  /** Answers all that wait; the target is told that nobody does any more. */
  endAll(answer: Refusal): void {
    for (let slot = 0; slot < this.#table.slots && this.#table.size > 0; slot++) {
      if (this.#table.idAt(slot) < 0) continue;
      const sink = this.#table.sinks[slot]!;
      const tag = this.#table.tags[slot]!;
      this.#release(slot);
      this.#channel.cancel(this.#handles[slot]!);
      this.#refuse(sink, tag, answer);
    }
  }

  /** What waits is answered UNAVAILABLE: it may have run. */
  close(): Promise<void> {
    this.endAll(targetGone);
    return this.#channel.close();
  }

  #refuse(sink: ReplySink, tag: number, answer: Refusal): -1 {
    this.#host.count('forward-failed');
    return refuse(sink, tag, answer);
  }

  #release(slot: number): void {
    this.#table.release(slot);
    this.#permits.leave();
  }
}

const targetGone = refusal(
  'UNAVAILABLE',
  'the forward target of this listener was changed, and the old one did not answer in time; calls go to the new one',
);
