// PollPace: whether a thread that has nothing to do polls for a little before it parks. A sleeping thread takes tens of
// microseconds to wake, so polling pays where work comes soon again. It does not where the thread polls on the very core
// that its peer needs to bring that work: then nothing comes while it polls, and everything just after. So it stops when it
// has polled in vain some times in a row, and tries again now and then. For a thread's endpoint, once a turn.

import type { Clock } from './clock.ts';

/** A wake-up that comes within so many times the length of a poll after the thread has parked says that polling might pay. */
const soon = 4;
/** After so many polls in a row that found nothing it parks at once, */
const vainMax = 3;
/** but for one of so many wake-ups. */
const tryEvery = 64;

export class PollPace {
  readonly #clock: Clock;
  readonly #pollMs: number;
  /** Polls until then, from the last work on; 0: does not poll. */
  #untilMs = 0;
  #isPolling = false;
  #vainPolls = 0;
  #wakeUps = 0;

  /** `pollMs`: how long it may poll; 0: never. */
  constructor(clock: Clock, pollMs: number) {
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  /** The thread was parked and makes a turn again. */
  woken(nowMs: number, parkedAtMs: number): void {
    const mayPay = nowMs - parkedAtMs < soon * this.#pollMs && this.#isWorthTrying();
    this.#untilMs = mayPay ? nowMs + this.#pollMs : 0;
  }

  /** A turn has found work. */
  worked(): void {
    if (this.#untilMs === 0) return;
    this.#untilMs = this.#clock.nowMs() + this.#pollMs;
    if (this.#isPolling) this.#vainPolls = 0;
    this.#isPolling = false;
  }

  /** A turn has found nothing: true: make another one; false: park. */
  pollsOn(): boolean {
    if (this.#untilMs === 0) return false;
    if (this.#clock.nowMs() < this.#untilMs) {
      this.#isPolling = true;
      return true;
    }
    if (this.#isPolling) this.#vainPolls++;
    this.#isPolling = false;
    return false;
  }

  #isWorthTrying(): boolean {
    if (this.#vainPolls < vainMax) return true;
    this.#wakeUps = (this.#wakeUps + 1) % tryEvery;
    return this.#wakeUps === 0;
  }
}
