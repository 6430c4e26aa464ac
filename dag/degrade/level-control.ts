// LevelControl: which level of degradation each run of one strategy gets on one thread: the highest of what was set by
// hand, what signals have raised, and what the limits say of this run. The executor asks once per run; whoever measures
// reports values about once a second.

import { HeddleError } from '../../runtime/errors.ts';
import { formatDuration } from '../../runtime/units.ts';
import type { DegradeDefinition, LimitDefinition, SignalName } from '../definition.ts';
import { formatAge, SignalState } from './signal-state.ts';

/** One limit, counted for the whole process. */
export interface RunLimit {
  /** Counts one run; false: it is beyond the limit. */
  take(nowMs: number): boolean;
}

/** Runs that were beyond one limit, on this thread. */
interface Beyond {
  readonly limit: LimitDefinition;
  runs: number;
  lastMs: number;
}

export class LevelControl {
  readonly #signals: readonly SignalState[];
  readonly #beyond: readonly Beyond[];
  #manual: number | undefined;
  #manualMs = 0;
  /** The highest of manual level and signals. */
  #standing = 0;

  /**
   * `previous`: that of the version before. What was set by hand stays, and so does a level that a signal has raised, if
   * the new version has the same signal for the same level; its bounds may have changed.
   */
  constructor({ signals, limits }: DegradeDefinition, previous?: LevelControl) {
    const before = previous === undefined ? [] : [...previous.#signals];
    this.#signals = signals.map((definition) => {
      const at = before.findIndex(
        (state) => state.definition.signal === definition.signal && state.definition.level === definition.level,
      );
      return new SignalState(definition, at === -1 ? undefined : before.splice(at, 1)[0]);
    });
    this.#beyond = limits.map((limit) => ({ limit, runs: 0, lastMs: 0 }));
    if (previous !== undefined) {
      this.#manual = previous.#manual;
      this.#manualMs = previous.#manualMs;
    }
    this.#stand();
  }

  /** The level of all runs that no limit holds: by hand and by signals. */
  get standing(): number {
    return this.#standing;
  }

  /**
   * The level of a run that starts now, which every limit counts. `limits`: those of the definition, in its order.
   * Allocates nothing.
   */
  level(nowMs: number, limits: readonly RunLimit[]): number {
    let level = this.#standing;
    for (let at = 0; at < this.#beyond.length; at++) {
      if (limits[at]!.take(nowMs)) continue;
      const beyond = this.#beyond[at]!;
      beyond.runs++;
      beyond.lastMs = nowMs;
      if (beyond.limit.level > level) level = beyond.limit.level;
    }
    return level;
  }

  /** What was measured, in the signal's unit; NaN: not known, which changes nothing. */
  observe(signal: SignalName, value: number, nowMs: number): void {
    for (const state of this.#signals) if (state.definition.signal === signal) state.observe(value, nowMs);
    this.#stand();
  }

  /**
   * Sets the level below which no run goes; undefined: signals and limits alone decide. A level above the highest that is
   * defined means that one. Throws INVALID_ARGUMENT unless it is a whole number from 0.
   */
  setManual(level: number | undefined, nowMs: number): void {
    if (level !== undefined && !(Number.isSafeInteger(level) && level >= 0)) {
      throw new HeddleError('INVALID_ARGUMENT', `a level is a whole number from 0, got ${level}; 0 is the whole graph`);
    }
    this.#manual = level;
    this.#manualMs = nowMs;
    this.#stand();
  }

  /** What holds which level, a sentence each, the highest level first; none: runs are whole, and always were. */
  why(nowMs: number): string[] {
    const reasons: { level: number; sentence: string }[] = [];
    if (this.#manual !== undefined) {
      const age = formatAge(nowMs - this.#manualMs);
      reasons.push({ level: this.#manual, sentence: `level ${this.#manual} by hand for ${age}` });
    }
    for (const state of this.#signals) {
      const sentence = state.why(nowMs);
      if (sentence !== undefined) reasons.push({ level: state.level, sentence });
    }
    for (const { limit, runs, lastMs } of this.#beyond) {
      if (runs === 0) continue;
      const last = `${runs} so far on this thread, the last ${formatAge(nowMs - lastMs)} ago`;
      reasons.push({
        level: limit.level,
        sentence: `level ${limit.level} for runs beyond ${formatLimit(limit)}: ${last}`,
      });
    }
    return reasons.sort((one, other) => other.level - one.level).map(({ sentence }) => sentence);
  }

  #stand(): void {
    let level = this.#manual ?? 0;
    for (const state of this.#signals) level = Math.max(level, state.level);
    this.#standing = level;
  }
}

function formatLimit(limit: LimitDefinition): string {
  if (limit.kind === 'count') return `${limit.count} per ${formatDuration(limit.gapMs)}`;
  return `${limit.perSecond} a second with a burst of ${limit.burst}`;
}
