// Forward: calls that go to another process instead of a service of this one, on one IO thread. A call goes on as it
// came: names, metadata, body, codec, what is left of its deadline; its reply comes back as it is, an error with its hint.
// Nothing is decoded and nothing repeated: who called knows whether it may be sent again. A caller who gives up takes the
// call back at the target too.

import type { CallHead, CallReply, ReplySink } from '../../runtime/call.ts';
import { codeNumber } from '../../runtime/errors.ts';
import { type Refusal, refusal, refuse } from '../../runtime/shared/refusal.ts';
import type { TargetAddress } from '../../runtime/traffic-settings.ts';
import { ClientChannel } from '../client/channel.ts';
import type { ClientHost } from '../client/host.ts';
import { checkOptions } from '../client/options.ts';
import { hopMarks, hopsMax, hopsOf, type MarkedCall } from './marks.ts';

/** Calls not yet answered, per listener and IO thread; over it RESOURCE_EXHAUSTED. As many as a client has by default. */
export const forwardInFlightMax = 10_000;
/** Bytes of calls that one connection has not yet sent, and of those that wait for one. As a client's default. */
export const forwardWriteBufferBytes = 16_777_216;
/** Longest frame either way: the listener and the target have bounds of their own, none of them above this. */
export const forwardFrameBytes = 64 * 1_048_576 + 65_536;

/** More than a Forward ever has under way, so that a handle says whose it is. */
export const handlesPerForward = 2 ** 32;

/** What bounds requests over the whole process (`limits.requests`). */
export interface Permits {
  /** Undefined: one more may come in, and `leave` follows; else why not. */
  enter(): Refusal | undefined;
  leave(): void;
}

/** A call under way. Used again: at most forwardInFlightMax of them. */
interface ForwardedCall {
  /** Undefined: nobody waits. */
  sink: ReplySink | undefined;
  tag: number;
  /** Of the channel; -1 while it is being given the call. */
  handle: number;
}

const unavailable = codeNumber('UNAVAILABLE');
const deadlineExceeded = codeNumber('DEADLINE_EXCEEDED');

const inCircle = refusal(
  'FAILED_PRECONDITION',
  `this call was forwarded ${hopsMax} times, the bound: do the listeners' forward targets lead in a circle?`,
);

export class Forward implements ReplySink {
  /** Its handles are this one and the `handlesPerForward - 1` that follow. */
  readonly firstHandle: number;
  readonly #host: ClientHost;
  readonly #permits: Permits;
  readonly #marked: MarkedCall;
  readonly #channel: ClientChannel;
  /** By slot, which is also the tag of a call at the channel. */
  readonly #calls: ForwardedCall[] = [];
  readonly #free: number[] = [];
  #sending = false;

  constructor(
    host: ClientHost,
    permits: Permits,
    marked: MarkedCall,
    addresses: readonly TargetAddress[],
    firstHandle: number,
  ) {
    this.#host = host;
    this.firstHandle = firstHandle;
    this.#permits = permits;
    this.#marked = marked;
    const options = checkOptions({
      name: 'the forward target',
      addresses: [...addresses],
      // The caller and the listener say how long; a target that died is found out by its pings.
      timeoutMs: 0,
      maxInFlight: forwardInFlightMax,
      writeBufferBytes: forwardWriteBufferBytes,
      frameBytes: forwardFrameBytes,
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
    return this.#calls.length - this.#free.length;
  }

  /** As CallCarrier.call. */
  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    this.#host.count('forwarded');
    const hops = hopsOf(head);
    if (hops >= hopsMax) return this.#refuse(sink, tag, inCircle);
    const over = this.#permits.enter();
    if (over !== undefined) return this.#refuse(sink, tag, over);
    const slot = this.#claim(sink, tag);
    this.#sending = true;
    const handle = this.#channel.call(service, method, this.#marked.of(head, hopMarks[hops + 1]!), this, slot);
    this.#sending = false;
    this.#marked.release();
    // An answer that came before this returned has freed the slot.
    if (handle < 0) return -1;
    this.#calls[slot]!.handle = handle;
    return this.firstHandle + slot;
  }

  cancel(handle: number): void {
    const slot = handle - this.firstHandle;
    const inner = this.#calls[slot]!.handle;
    this.#release(slot);
    this.#channel.cancel(inner);
  }

  onReply(slot: number, reply: CallReply): void {
    const { sink, tag } = this.#calls[slot]!;
    if (sink === undefined) return;
    this.#release(slot);
    // An error at once is the channel's: the call was not sent.
    if (reply.code === unavailable || reply.code === deadlineExceeded || (this.#sending && reply.code !== 0))
      this.#host.count('forward-failed');
    sink.onReply(tag, reply);
  }

  /** Answers all that wait; the target is told that nobody does any more. */
  endAll(answer: Refusal): void {
    for (const [slot, { sink, tag, handle }] of this.#calls.entries()) {
      if (sink === undefined) continue;
      this.#release(slot);
      this.#channel.cancel(handle);
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

  #claim(sink: ReplySink, tag: number): number {
    const slot = this.#free.pop();
    if (slot === undefined) return this.#calls.push({ sink, tag, handle: -1 }) - 1;
    const call = this.#calls[slot]!;
    call.sink = sink;
    call.tag = tag;
    call.handle = -1;
    return slot;
  }

  #release(slot: number): void {
    this.#calls[slot]!.sink = undefined;
    this.#free.push(slot);
    this.#permits.leave();
  }
}

const targetGone = refusal(
  'UNAVAILABLE',
  'the forward target of this listener was changed, and the old one did not answer in time; calls go to the new one',
);
