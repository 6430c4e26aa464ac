// VirtualClock: a Clock that stands still until a test moves it. Timers fire in order of due time, those of one time
// in the order they were set; `advance` lets promises settle after each, as an event loop would.

import type { Clock } from '../../runtime/clock.ts';

interface VirtualTimer {
  readonly dueMs: number;
  /** Order of setting: breaks ties. */
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  /** What `wallMs` says at virtual time 0. */
  readonly wallStartMs: number;
  readonly #timers = new Set<VirtualTimer>();
  #nowMs: number;
  #order = 0;

  constructor(startMs = 0, wallStartMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.wallStartMs = wallStartMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.wallStartMs + this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): unknown {
    const timer: VirtualTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as VirtualTimer);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; Infinity without one. */
  get nextDueMs(): number {
    return this.#next()?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Moves time on by `ms` and fires what comes due, letting promises settle before, between and after. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let timer = this.#next(); timer !== undefined && timer.dueMs <= endMs; timer = this.#next()) {
      this.#fire(timer);
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** The same without giving promises a turn: for code that is all callbacks. */
  advanceSync(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let timer = this.#next(); timer !== undefined && timer.dueMs <= endMs; timer = this.#next()) this.#fire(timer);
    this.#nowMs = endMs;
  }

  /** Moves time without firing anything, as a busy loop does: due timers stay due. */
  skip(ms: number): void {
    this.#nowMs += ms;
  }

  /** Advances from timer to timer until none waits or `maxMs` have gone by. */
  async runAll(maxMs = 3_600_000): Promise<void> {
    const endMs = this.#nowMs + maxMs;
    await settle();
    while (this.nextDueMs <= endMs) await this.advance(Math.max(0, this.nextDueMs - this.#nowMs));
  }

  #next(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  #fire(timer: VirtualTimer): void {
    this.#timers.delete(timer);
    // A timer that `skip` has left behind fires late, at the present time.
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.callback();
  }
}

/** Lets every promise that can settle now do so: a whole turn of the real event loop, twice for setImmediate chains. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
