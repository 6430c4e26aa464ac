// SignalState: one signal of one strategy, and whether it has raised its level. It is raised when values stay above one
// bound for a while, and lowered when they stay at or below a lower one for a longer while. Used by LevelControl, on the
// thread whose signal it is.

import { formatDuration } from '../../runtime/units.ts';
import type { SignalDefinition, SignalName } from '../definition.ts';

/** Ms without a value after which nobody knows what was: neither holding nor cooling down goes on over such a gap. */
export const signalGapMaxMs = 5000;

export class SignalState {
  readonly definition: SignalDefinition;
  #isRaised = false;
  /** When it was raised. */
  #raisedMs = 0;
  /** Since when values have been such that it changes soon; NaN: they are not. */
  #sinceMs = Number.NaN;
  #value = Number.NaN;
  #valueMs = Number.NEGATIVE_INFINITY;

  /** `previous`: the same signal of the version before, whose level must not fall because a new one is published. */
  constructor(definition: SignalDefinition, previous?: SignalState) {
    this.definition = definition;
    if (previous === undefined) return;
    this.#isRaised = previous.#isRaised;
    this.#raisedMs = previous.#raisedMs;
    this.#value = previous.#value;
    this.#valueMs = previous.#valueMs;
    // How long values have been beyond a bound says nothing of another bound.
    if (isSame(definition, previous.definition)) this.#sinceMs = previous.#sinceMs;
  }

  /** 0 while it is not raised. */
  get level(): number {
    return this.#isRaised ? this.definition.level : 0;
  }

  /** `value`: NaN when it is not known, which changes nothing. */
  observe(value: number, nowMs: number): void {
    if (Number.isNaN(value)) return;
    if (nowMs - this.#valueMs > signalGapMaxMs) this.#sinceMs = Number.NaN;
    this.#value = value;
    this.#valueMs = nowMs;
    const { above, below, holdMs, coolDownMs } = this.definition;
    // At the lower bound too: a count that must be above 0 falls to 0 and no further.
    if (this.#isRaised ? value > below : value <= above) {
      this.#sinceMs = Number.NaN;
      return;
    }
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = nowMs;
    if (nowMs - this.#sinceMs < (this.#isRaised ? coolDownMs : holdMs)) return;
    this.#isRaised = !this.#isRaised;
    this.#raisedMs = nowMs;
    this.#sinceMs = Number.NaN;
  }

  /** Why it is raised. Undefined: it is not. */
  why(nowMs: number): string | undefined {
    if (!this.#isRaised) return undefined;
    const { level, signal, above, below, holdMs, coolDownMs } = this.definition;
    const raised = `level ${level} by ${signal} for ${formatAge(nowMs - this.#raisedMs)}`;
    const reason = `it was above ${formatValue(signal, above)} for ${formatDuration(holdMs)}`;
    const low = `at or below ${formatValue(signal, below)}`;
    const ageMs = nowMs - this.#valueMs;
    if (ageMs > signalGapMaxMs) return `${raised}: ${reason}, and has not been known for ${formatAge(ageMs)}`;
    const value = `is ${formatValue(signal, this.#value)} now`;
    if (Number.isNaN(this.#sinceMs)) {
      return `${raised}: ${reason}, ${value}, and must stay ${low} for ${formatDuration(coolDownMs)}`;
    }
    const cooled = `${formatAge(nowMs - this.#sinceMs)} of ${formatDuration(coolDownMs)}`;
    return `${raised}: ${reason}, ${value}, and has been ${low} for ${cooled}`;
  }
}

function isSame(one: SignalDefinition, other: SignalDefinition): boolean {
  return (
    one.above === other.above &&
    one.below === other.below &&
    one.holdMs === other.holdMs &&
    one.coolDownMs === other.coolDownMs
  );
}

/** To seconds, below ten of them to tenths. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 10 ? `${Number(seconds.toFixed(1))}s` : formatDuration(Math.round(seconds) * 1000);
}

function formatValue(signal: SignalName, value: number): string {
  const digits = Number(value.toPrecision(3));
  switch (signal) {
    case 'queueDelay':
    case 'p99':
      return `${digits}ms`;
    case 'utilization':
    case 'errorRate':
      return `${Number((value * 100).toPrecision(3))}%`;
    case 'openBreakers':
      return `${value}`;
  }
}
