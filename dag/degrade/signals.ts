// StrategySignals: the five signals that can raise a level of one strategy on one thread, measured and reported to its
// LevelControl. Runs add themselves when they end; whoever has a timer ticks about once a second, the thread's signals first.

import type { SignalName } from '../definition.ts';
import type { LevelControl } from './level-control.ts';
import { RunWindow } from './run-window.ts';
import type { ThreadSignals } from './thread-signals.ts';

/**
 * Runs of the last 10 s from which on error rate and p99 mean something. With fewer both read as 0: one failure is no
 * trend, and a level that traffic left behind must fall again.
 */
export const signalRunsMin = 10;

/** Each in its unit: ms, shares 0..1, a count; NaN: not known. */
export type SignalValues = Readonly<Record<SignalName, number>>;

export class StrategySignals {
  readonly #thread: ThreadSignals;
  readonly #runs: RunWindow;

  constructor(thread: ThreadSignals, nowMs: number) {
    this.#thread = thread;
    this.#runs = new RunWindow(nowMs);
  }

  /** A run has ended. Cancelled ones are not reported: they say when somebody left, not how long a run takes. */
  runEnded(latencyMs: number, isFailed: boolean): void {
    this.#runs.add(latencyMs, isFailed);
  }

  /** Reports all signals. `openBreakers`: breakers of this strategy that are open on this thread. */
  tick(control: LevelControl, openBreakers: number, nowMs: number): SignalValues {
    this.#runs.tick(nowMs);
    const isTelling = this.#runs.runs >= signalRunsMin;
    const values: SignalValues = {
      queueDelay: this.#thread.queueDelayMs,
      utilization: this.#thread.utilization,
      errorRate: isTelling ? this.#runs.failures / this.#runs.runs : 0,
      p99: isTelling ? this.#runs.p99Ms() : 0,
      openBreakers,
    };
    for (const [signal, value] of Object.entries(values)) control.observe(signal as SignalName, value, nowMs);
    return values;
  }
}
