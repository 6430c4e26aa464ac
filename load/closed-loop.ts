// ClosedLoop: so many callers, each of which sends its next request in the same turn in which it has its answer.

import type { Clock } from '../runtime/clock.ts';
import type { Loop, LoopHost } from './loop.ts';

/** How long a caller waits when nobody can be reached, ms: not to count a dead server's absence a million times a second. */
const pauseMs = 10;

export class ClosedLoop implements Loop {
  readonly tags: number;
  readonly #clock: Clock;
  readonly #host: LoopHost;
  /** Those that wait out a pause. */
  #paused: number[] = [];
  #timer: unknown;
  #isSending = false;
  #stopped = false;

  constructor(inFlight: number, clock: Clock, host: LoopHost) {
    this.tags = inFlight;
    this.#clock = clock;
    this.#host = host;
  }

  start(): void {
    for (let tag = 0; tag < this.tags; tag++) this.#send(tag, this.#clock.nowMs());
  }

  ended(tag: number, nowMs: number, unreachable: boolean): void {
    if (this.#stopped) return;
    // What was refused within `send` would be refused again, ever deeper.
    if (unreachable || this.#isSending) this.#pause(tag);
    else this.#send(tag, nowMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #send(tag: number, nowMs: number): void {
    this.#isSending = true;
    this.#host.send(tag, nowMs, nowMs);
    this.#isSending = false;
  }

  #pause(tag: number): void {
    this.#paused.push(tag);
    this.#timer ??= this.#clock.setTimer(pauseMs, () => {
      this.#timer = undefined;
      const tags = this.#paused;
      this.#paused = [];
      for (const one of tags) this.#send(one, this.#clock.nowMs());
    });
  }
}
