// SlowReaderWatch: looks after one http connection while far more answers wait unsent than its write buffer, and tells
// when its peer has taken nothing of them for too long. Idle, and without a timer, the rest of the time. On its IO thread.

import type { Socket } from 'node:net';
import type { ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import type { TimerTarget } from '../../../runtime/timer-wheel.ts';
import { lookAgainMs, PeerProgress, patienceMs, slowReaderFactor, stallEvent } from '../slow-reader.ts';

const none = -1;

export class SlowReaderWatch implements TimerTarget {
  readonly #host: ProtocolHost;
  readonly #onSlow: (event: string) => void;
  readonly #farBehindBytes: number;
  readonly #writeTimeoutMs: number;
  readonly #progress: PeerProgress;
  #unsentBytes = 0;
  #timer = none;

  constructor(host: ProtocolHost, socket: Socket, binding: BindingSettings, onSlow: (event: string) => void) {
    this.#host = host;
    this.#onSlow = onSlow;
    this.#farBehindBytes = slowReaderFactor * binding.writeBufferBytes;
    this.#writeTimeoutMs = binding.writeTimeoutMs;
    this.#progress = new PeerProgress(socket);
  }

  /** Answers that the kernel has not yet taken in whole, bytes; told after each change. */
  set unsentBytes(bytes: number) {
    this.#unsentBytes = bytes;
    if (!this.farBehind || this.#timer !== none) return;
    const nowMs = this.#host.clock.nowMs();
    this.#progress.begin(nowMs);
    this.#arm(nowMs, this.#patienceMs);
  }

  get farBehind(): boolean {
    return this.#unsentBytes > this.#farBehindBytes;
  }

  stop(): void {
    if (this.#timer !== none) this.#host.timers.remove(this.#timer);
    this.#timer = none;
    this.#unsentBytes = 0;
  }

  onTimer(): void {
    this.#timer = none;
    if (!this.farBehind) return;
    const nowMs = this.#host.clock.nowMs();
    const patience = this.#patienceMs;
    if (this.#progress.isStalled(nowMs, patience)) this.#onSlow(stallEvent(this.#writeTimeoutMs, patience));
    else this.#arm(nowMs, patience);
  }

  get #patienceMs(): number {
    return patienceMs(this.#writeTimeoutMs, true, !this.#host.bookBytes(0));
  }

  #arm(nowMs: number, patience: number): void {
    this.#timer = this.#host.timers.add(nowMs + lookAgainMs(patience), this, 0);
  }
}
