// VirtualTarget: a server on a virtual clock that takes as long for each request as the test says: load is then exact to
// the microsecond.

import type { LoadTarget, OutcomeSink } from '../../load/target.ts';
import type { ErrorCode } from '../../runtime/errors.ts';
import type { VirtualClock } from '../helpers/virtual-clock.ts';

export interface VirtualRequest {
  tag: number;
  sentMs: number;
}

/** How long a request takes, ms, or how it fails at once; `later` fails after that many ms. */
export type Fate = number | { code: ErrorCode; laterMs?: number };

export class VirtualTarget implements LoadTarget {
  readonly connectionsWanted = 1;
  connectionsUp = 1;
  /** Without the one that goes ahead. */
  readonly requests: VirtualRequest[] = [];
  inFlightMost = 0;
  readonly #clock: VirtualClock;
  readonly #fateOf: (request: VirtualRequest) => Fate;
  readonly #timers = new Map<number, unknown>();
  #sink: OutcomeSink | undefined;

  constructor(clock: VirtualClock, fateOf: (request: VirtualRequest) => Fate) {
    this.#clock = clock;
    this.#fateOf = fateOf;
  }

  get inFlight(): number {
    return this.#timers.size;
  }

  open(sink: OutcomeSink): void {
    this.#sink = sink;
  }

  send(tag: number): void {
    const request = { tag, sentMs: this.#clock.nowMs() };
    if (tag < 0) {
      this.#sink!.onAnswer(tag);
      return;
    }
    this.requests.push(request);
    const fate = this.#fateOf(request);
    const failure = typeof fate === 'number' ? undefined : fate;
    const afterMs = typeof fate === 'number' ? fate : fate.laterMs;
    if (afterMs === undefined) {
      this.#sink!.onFailure(tag, failure!.code, 'refused');
      return;
    }
    const end = (): void => {
      this.#timers.delete(tag);
      if (failure === undefined) this.#sink!.onAnswer(tag);
      else this.#sink!.onFailure(tag, failure.code, 'failed');
    };
    this.#timers.set(tag, this.#clock.setTimer(afterMs, end));
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight);
  }

  async close(): Promise<void> {
    for (const [tag, timer] of [...this.#timers]) {
      this.#clock.clearTimer(timer);
      this.#timers.delete(tag);
      this.#sink!.onFailure(tag, 'CANCELLED', 'closed');
    }
  }
}
