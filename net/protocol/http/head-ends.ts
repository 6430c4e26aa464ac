// HeadEnds: the lines that all answers end their heads with: the date, whether the connection stays and for how long. Made
// once a second. On IO threads.

import type { Clock } from '../../../runtime/clock.ts';

export class HeadEnds {
  readonly #clock: Clock;
  #second = -1;
  #date = '';
  #closing = '';
  /** By idle timeout, ms: there are as many as listeners have. */
  readonly #staying = new Map<number, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Behind the last answer of a connection. */
  get closing(): string {
    this.#look();
    return this.#closing;
  }

  /** Behind the others. `idleTimeoutMs`: how long it may be idle, 0: for ever. */
  staying(idleTimeoutMs: number): string {
    this.#look();
    let end = this.#staying.get(idleTimeoutMs);
    if (end === undefined) {
      end = `${this.#date}connection: keep-alive\r\n${hint(idleTimeoutMs)}\r\n`;
      this.#staying.set(idleTimeoutMs, end);
    }
    return end;
  }

  #look(): void {
    const second = Math.floor(this.#clock.wallMs() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#date = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
    this.#closing = `${this.#date}connection: close\r\n\r\n`;
    this.#staying.clear();
  }
}

/** Clients are told less than what holds, so that their next request does not meet our end. */
function hint(idleTimeoutMs: number): string {
  const graceMs = Math.min(1000, idleTimeoutMs >> 1);
  const seconds = Math.floor((idleTimeoutMs - graceMs) / 1000);
  return seconds > 0 ? `keep-alive: timeout=${seconds}\r\n` : '';
}
