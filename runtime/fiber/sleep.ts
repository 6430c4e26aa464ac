// Sleep and Turn: the waits that end by themselves, by time and by the event loop's next round.

import type { TimerTarget, TimerWheel } from '../timer-wheel.ts';
import type { FiberHost, TurnTarget } from './host.ts';
import { Wait, type Waiter } from './wait.ts';

/** Waits until a point in time: an entry of the thread's wheel. Infinity: until it is interrupted. */
export class Sleep extends Wait<void> implements TimerTarget {
  readonly #timers: TimerWheel;
  readonly #dueMs: number;
  #entry = -1;

  constructor(waiter: Waiter, timers: TimerWheel, dueMs: number) {
    super(waiter);
    this.#timers = timers;
    this.#dueMs = dueMs;
  }

  get on(): string {
    return 'sleep';
  }

  onTimer(): void {
    this.grant();
  }

  protected enroll(): void {
    if (this.#dueMs !== Number.POSITIVE_INFINITY) this.#entry = this.#timers.add(this.#dueMs, this, 0);
  }

  protected withdraw(): void {
    if (this.#entry !== -1) this.#timers.remove(this.#entry);
  }
}

/** Waits until the event loop has gone round. */
export class Turn extends Wait<void> implements TurnTarget {
  readonly #host: FiberHost;

  constructor(waiter: Waiter, host: FiberHost) {
    super(waiter);
    this.#host = host;
  }

  get on(): string {
    return 'the next turn';
  }

  onTurn(): void {
    this.grant();
  }

  protected enroll(): void {
    this.#host.nextTurn(this);
  }

  /** The turn comes all the same, and finds the wait over. */
  protected withdraw(): void {}
}
