// Mirror: copies of calls for one target, on one IO thread. Nobody waits for them: what the target answers is read and
// dropped, nothing is repeated, and a copy that can't be sent at once, since the target is down, slow or full, is dropped
// too. All of it is only counted. So the calls that are copied never wait for a mirror, and never fail by it.

import type { CallHead, CallReply, ReplySink } from '../../runtime/call.ts';
import type { TargetAddress } from '../../runtime/traffic-settings.ts';
import { ClientChannel } from '../client/channel.ts';
import type { ClientHost } from '../client/host.ts';
import { checkOptions } from '../client/options.ts';

/** Copies not yet answered, per mirror and IO thread: a target that takes 10 ms a call gets 100,000 a second. */
export const mirrorInFlightMax = 1_024;
/** Bytes of copies that one connection has not yet sent; the copy that crosses it still fits. */
export const mirrorWriteBufferBytes = 1_048_576;
/** Longest copy, and longest answer to one: as much as listeners take by default. */
export const mirrorFrameBytes = 10_000_000;
/** How long a copy's answer is waited for at most, ms: then its place is free again. */
export const mirrorTimeoutMs = 30_000;

const none = -1;

export class Mirror implements ReplySink {
  /** Share of the calls, 0 to 100. */
  percent: number;
  readonly #host: ClientHost;
  readonly #channel: ClientChannel;
  /** Of the copy that the channel is being given: an answer now means that it was not sent. */
  #sending = none;
  #refused = false;
  #sent = 0;

  constructor(host: ClientHost, addresses: readonly TargetAddress[], percent: number) {
    this.#host = host;
    this.percent = percent;
    const options = checkOptions({
      name: 'the mirror',
      addresses: [...addresses],
      timeoutMs: mirrorTimeoutMs,
      maxInFlight: mirrorInFlightMax,
      writeBufferBytes: mirrorWriteBufferBytes,
      frameBytes: mirrorFrameBytes,
    });
    this.#channel = new ClientChannel(host, options);
    this.#channel.open();
  }

  /** Copies not yet answered. */
  get inFlight(): number {
    return this.#channel.inFlight;
  }

  /** Draws whether the next call is to be copied. False, and counted, when it was but nobody is there to take it. */
  draws(): boolean {
    if (this.#host.random() * 100 >= this.percent) return false;
    if (this.#channel.isReady) return true;
    this.#host.count('mirror-dropped');
    return false;
  }

  /** Sends a copy, or drops it. */
  send(service: string, method: string, copy: CallHead): void {
    const tag = this.#sent++;
    this.#sending = tag;
    this.#refused = false;
    this.#channel.call(service, method, copy, this, tag);
    this.#sending = none;
    this.#host.count(this.#refused ? 'mirror-dropped' : 'mirrored');
  }

  onReply(tag: number, reply: CallReply): void {
    if (reply.code === 0) return;
    if (tag === this.#sending) this.#refused = true;
    else this.#host.count('mirror-failed');
  }

  /** Copies that are under way are given up. */
  close(): Promise<void> {
    return this.#channel.close();
  }
}
