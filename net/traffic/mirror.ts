// Mirror: copies of calls for one target, on one IO thread. Nobody waits for them: what the target answers is read and
// dropped, nothing is repeated, and a copy that can't be sent at once, since the target is down, slow or full, is dropped
// too. All of it is only counted. So the calls that are copied never wait for a mirror, and never fail by it. Whether a copy
// can be sent is asked before anything of it is written: one that is dropped costs nothing that grows with its size.

import type { CallHead, CallReply, ReplySink } from '../../runtime/call.ts';
import { metadataMaxBytes } from '../../runtime/metadata.ts';
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
      // As with Forward: strangers' deadlines say nothing about an address.
      ejectAfter: 0,
      // A stop waits for nobody here.
      closeTimeoutMs: 0,
    });
    this.#channel = new ClientChannel(host, options);
    this.#channel.open();
  }

  /** Copies not yet answered. */
  get inFlight(): number {
    return this.#channel.inFlight;
  }

  /** Draws whether the next call is to be copied. False, and counted, when it was but there is nobody with room for it. */
  draws(): boolean {
    if (this.#host.random() * 100 >= this.percent) return false;
    if (this.#channel.isReady && !this.#channel.isFull) return true;
    this.#host.count('mirror-dropped');
    return false;
  }

  /** Sends a copy of a call, with `mark` behind its metadata, or drops it. */
  send(service: string, method: string, head: CallHead, mark: Buffer): void {
    const tag = this.#sent++;
    this.#sending = tag;
    this.#refused = !this.#fits(head, mark);
    if (!this.#refused) this.#channel.call(service, method, head, this, tag, mark);
    this.#sending = none;
    this.#host.count(this.#refused ? 'mirror-dropped' : 'mirrored');
  }

  onReply(tag: number, reply: CallReply): void {
    if (reply.code === 0) return;
    if (tag === this.#sending) this.#refused = true;
    else this.#host.count('mirror-failed');
  }

  /** The names apart, of which the channel knows what they take. */
  #fits({ metadataStart, metadataEnd, bodyStart, bodyEnd, deadlineMs }: CallHead, mark: Buffer): boolean {
    const metadataBytes = metadataEnd - metadataStart + mark.length;
    if (metadataBytes > metadataMaxBytes || metadataBytes + bodyEnd - bodyStart > mirrorFrameBytes) return false;
    return deadlineMs > this.#host.clock.nowMs();
  }

  /** Copies that are under way are given up. */
  close(): Promise<void> {
    return this.#channel.close();
  }
}
