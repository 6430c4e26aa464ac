// Canary (main thread): new code that gets a share of the calls first. It reads what askers count of both sides
// (runtime/shared/canary-counts.ts), asks the judge (canary-judge.ts) again and again, and says in the end whether the code
// goes on or is taken back. Made by the reloader once both generations of the pools are up; acts on nothing itself.
//
// Warm-up: code that has just been loaded is slow until it is compiled, so its latencies count from the end of the warm-up on,
// of both sides; failures count from the beginning. Then the window. Clearly worse: taken back at once. Too few
// calls to tell: the window goes on up to a bound, and then the settings say.

import type { Clock } from '../../runtime/clock.ts';
import type { RollSettings } from '../../runtime/settings.ts';
import { type CanaryCounts, canarySides, type SideCounts } from '../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../runtime/shared/method-counters.ts';
import { errorShare, type Judgement, judge, type MethodFigures } from './canary-judge.ts';

/** How often it is judged, ms. */
const lookMs = 250;

/** What came of the calls of a method to one side. */
export interface SideReport {
  answers: number;
  errorsPercent: number;
  p50Ms: number;
  p99Ms: number;
}

/** What came of the calls of one method, on both sides. */
export interface MethodReport {
  method: string;
  old: SideReport;
  new: SideReport;
}

/** How a canary has ended, or how it stands. */
export interface CanaryVerdict {
  goOn: boolean;
  /** With figures: `20 % of 110 calls fail with the new code, 0 % of 990 calls with the old`. */
  why: string;
  percent: number;
  tookMs: number;
  /** Those that were called, the busiest first. */
  methods: MethodReport[];
}

export interface CanaryOptions {
  counts: CanaryCounts;
  /** With the rows in which they are counted. */
  methods: readonly { name: string; row: number }[];
  rules: RollSettings;
  percent: number;
  clock: Clock;
  /** Why the new generation can't go on whatever its figures are: its threads die. */
  lost(): string | undefined;
}

export class Canary {
  readonly verdict: Promise<CanaryVerdict>;
  readonly #options: CanaryOptions;
  readonly #beganMs: number;
  readonly #resolve: (verdict: CanaryVerdict) => void;
  readonly #rows: Map<number, string>;
  /** Latencies of the warm-up, by row, which do not count. */
  #cold: Map<number, { old: Float64Array; new: Float64Array }> | undefined;
  #timer: unknown;
  #ended = false;

  constructor(options: CanaryOptions) {
    const { clock, methods, counts } = options;
    this.#options = options;
    this.#beganMs = clock.nowMs();
    this.#rows = new Map(
      methods.map(({ name, row }) => [counts.rowOf(row), counts.rowOf(row) === 0 ? 'other methods' : name]),
    );
    const { promise, resolve } = Promise.withResolvers<CanaryVerdict>();
    this.verdict = promise;
    this.#resolve = resolve;
    this.#lookLater();
  }

  /** Somebody else decides. Without effect once it is decided. */
  decide(goOn: boolean, why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.clock.clearTimer(this.#timer);
    this.#resolve({ goOn, why, ...this.standing() });
  }

  /** How it stands now. */
  standing(): Omit<CanaryVerdict, 'goOn' | 'why'> {
    const { percent, clock } = this.#options;
    return { percent, tookMs: Math.round(clock.nowMs() - this.#beganMs), methods: this.#report() };
  }

  #report(): MethodReport[] {
    const rows = this.#figures().map(({ method, old, new: next }) => ({
      method,
      old: sideReport(old),
      new: sideReport(next),
    }));
    return rows.sort((left, right) => right.old.answers + right.new.answers - left.old.answers - left.new.answers);
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.setTimer(lookMs, () => this.#look());
  }

  #look(): void {
    const { rules, clock, lost } = this.#options;
    const agoMs = clock.nowMs() - this.#beganMs;
    if (this.#cold === undefined && agoMs >= rules.warmUpMs) this.#warm();
    const isEnd = agoMs >= rules.warmUpMs + rules.windowMs;
    const isOver = agoMs >= rules.warmUpMs + rules.windowMaxMs;
    const isLost = lost();
    if (isLost !== undefined) this.decide(false, isLost);
    else this.#judged(judge(this.#figures(), rules, isEnd), isOver);
    if (!this.#ended) this.#lookLater();
  }

  #judged({ is, why }: Judgement, isOver: boolean): void {
    const { undecided } = this.#options.rules;
    if (is !== 'unclear') this.decide(is === 'fine', why);
    else if (isOver) this.decide(undecided === 'go-on', `nobody can tell: ${why}; roll.undecided says ${undecided}`);
  }

  #warm(): void {
    this.#cold = new Map();
    for (const row of this.#rows.keys()) {
      this.#cold.set(row, { old: this.#read(row, 'old').latency, new: this.#read(row, 'new').latency });
    }
  }

  #figures(): MethodFigures[] {
    const figures: MethodFigures[] = [];
    for (const [row, method] of this.#rows) {
      const old = this.#read(row, 'old');
      const next = this.#read(row, 'new');
      if (old.answers + next.answers === 0) continue;
      const cold = this.#cold?.get(row);
      figures.push({ method, old: warm(old, cold?.old), new: warm(next, cold?.new) });
    }
    return figures;
  }

  #read(row: number, side: 'old' | 'new'): SideCounts {
    return this.#options.counts.read(row, canarySides[side]);
  }
}

/** `cold` undefined: the warm-up is not over, and no latency counts yet. */
function warm(counts: SideCounts, cold: Float64Array | undefined): SideCounts {
  return {
    ...counts,
    latency: counts.latency.map((count, bucket) => (cold === undefined ? 0 : count - cold[bucket]!)),
  };
}

function sideReport(counts: SideCounts): SideReport {
  const quantileMs = (quantile: number): number => methodBuckets.quantileMs(counts.latency, quantile);
  return {
    answers: counts.answers,
    errorsPercent: Number((errorShare(counts) * 100).toPrecision(3)),
    p50Ms: Number(quantileMs(0.5).toPrecision(3)),
    p99Ms: Number(quantileMs(0.99).toPrecision(3)),
  };
}
