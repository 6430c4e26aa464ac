// IoDrain (main thread): phase 2 of a stop. Every IO thread tells its peers, and says when nothing is left; but a
// connection may still be on its way to a thread that has said so.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { ConnectionLedger } from '../accept/connection-ledger.ts';

/** A connection that has not arrived at its IO thread for so long never will, ms. */
const lostAtStopMs = 1_000;

export class IoDrain {
  readonly #pool: () => ThreadPool;
  readonly #ledger: () => ConnectionLedger;
  readonly #clock: Clock;
  readonly #said = new Set<number>();
  #waiting = new Set<number>();
  #drained: (() => void) | undefined;

  constructor(pool: () => ThreadPool, ledger: () => ConnectionLedger, clock: Clock) {
    this.#pool = pool;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Every accepted request is answered before a thread ends. */
  part(): Part {
    return {
      name: 'connections',
      start: async () => {},
      drain: () => this.#drain(),
      stop: async () => {},
    };
  }

  /** An IO thread has said that it has nothing left, or has died. */
  said(number: number): void {
    this.#said.add(number);
    this.judge(number);
  }

  /** Connections of that thread have arrived or closed. */
  judge(number: number): void {
    if (!this.#said.has(number) || this.#ledger().ofThread(number) > 0) return;
    if (this.#waiting.delete(number) && this.#waiting.size === 0) this.#drained?.();
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#ledger().forgetLost(this.#clock.nowMs() - lostAtStopMs);
      this.#said.clear();
      // One that still loads, or is being replaced, has nothing to drain.
      const going = [...this.#pool().threads].filter(({ state }) => state === 'going');
      this.#waiting = new Set(going.map(({ number }) => number));
      if (this.#waiting.size === 0) resolve();
      this.#drained = resolve;
      this.#pool().tell({ type: 'drain' });
    });
  }
}
