// Canary (main thread): new code that gets a share of the calls first. It reads what askers count of both sides
// (runtime/shared/canary-counts.ts), asks the judge (canary-judge.ts) again and again, and says in the end whether the code
// goes on or is taken back. Made by the reloader once both generations of the pools are up; acts on nothing itself.
//
// Warm-up: code that has just been loaded is slow until it is compiled, so its latencies count from the end of the warm-up on,
// of both sides; failures count from the beginning. Then the window. Clearly worse: taken back at once. Too few
// calls to tell: the window goes on up to a bound, and then the settings say.

import type { Clock } from '../../runtime/clock.ts';
import type { RollSettings } from '../../runtime/settings.ts';
import { type CanaryCounts, canarySides, type SideCounts, spanEndMs } from '../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../runtime/shared/method-counters.ts';
import { errorShare, type Judgement, judge, type MethodFigures } from './canary-judge.ts';

/** How often it is judged, ms. */
const lookMs = 250;
/** A call without an answer is never missed sooner than after this, ms. */
const patienceMinMs = 1_000;
/** Answers of the old code without which nobody knows how long one may take. */
const dueAnswersMin = 30;

/** What came of the calls of a method to one side. */
export interface SideReport {
  answers: number;
  errorsPercent: number;
  /** Calls that their callers took back before an answer came. */
  cancelled: number;
  /** Calls that have no answer so far. */
  unanswered: number;
  /** Null: none of them counts, since the warm-up is not over, or nothing was called after it. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of the runs on the threads of this side: without any wait for a thread. */
  runP50Ms: number | null;
  runP99Ms: number | null;
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

export interface CanaryMethod {
  name: string;
  row: number;
  /** What came of its calls in the minutes before. */
  before?: { answers: number; errors: number };
}

export interface CanaryOptions {
  counts: CanaryCounts;
  /** With the rows in which they are counted. */
  methods: readonly CanaryMethod[];
  rules: RollSettings;
  percent: number;
  clock: Clock;
  /** Why the new generation can't go on whatever its figures are: its threads die. */
  lost(): string | undefined;
}

interface Row {
  method: string;
  before: { answers: number; errors: number };
}

export class Canary {
  readonly verdict: Promise<CanaryVerdict>;
  readonly #options: CanaryOptions;
  readonly #beganMs: number;
  readonly #resolve: (verdict: CanaryVerdict) => void;
  /** By row of the counts; those beyond their bound share one. */
  readonly #rows = new Map<number, Row>();
  /** Latencies and runs of the warm-up, by row, which do not count. */
  #cold: Map<number, { old: SideCounts; new: SideCounts }> | undefined;
  #timer: unknown;
  #ended = false;

  constructor(options: CanaryOptions) {
    const { clock, methods, counts } = options;
    this.#options = options;
    this.#beganMs = clock.nowMs();
    for (const { name, row, before = { answers: 0, errors: 0 } } of methods) {
      const at = counts.rowOf(row);
      const { answers, errors } = this.#rows.get(at)?.before ?? { answers: 0, errors: 0 };
      const sums = { answers: answers + before.answers, errors: errors + before.errors };
      this.#rows.set(at, { method: at === 0 ? 'other methods' : name, before: sums });
    }
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
      this.#cold.set(row, { old: this.#read(row, 'old'), new: this.#read(row, 'new') });
    }
  }

  #figures(): MethodFigures[] {
    const figures: MethodFigures[] = [];
    for (const [row, { method, before }] of this.#rows) {
      const old = this.#read(row, 'old');
      const next = this.#read(row, 'new');
      if (!isCalled(old) && !isCalled(next)) continue;
      const cold = this.#cold?.get(row);
      const dueMs = this.#dueMs(old);
      figures.push({
        method,
        before,
        old: { ...warm(old, cold?.old), ...dueOf(old, dueMs) },
        new: { ...warm(next, cold?.new), ...dueOf(next, dueMs) },
      });
    }
    return figures;
  }

  /**
   * Calls that were made before this should have an answer, ms since the canary began: new code may be `maxSlowdown` times
   * slower than what the old code does in 99 of 100 cases.
   */
  #dueMs({ latency, answers }: SideCounts): number {
    if (answers < dueAnswersMin) return 0;
    const { rules, clock, counts } = this.#options;
    const patienceMs = Math.max(patienceMinMs, rules.maxSlowdown * methodBuckets.quantileMs(latency, 0.99));
    return clock.nowMs() - counts.beganMs - patienceMs;
  }

  #read(row: number, side: 'old' | 'new'): SideCounts {
    return this.#options.counts.read(row, canarySides[side]);
  }
}

function isCalled({ answers, cancelled, put }: SideCounts): boolean {
  return answers + cancelled > 0 || put.some((count) => count > 0);
}

function dueOf({ put, open }: SideCounts, dueMs: number): { due: number; overdue: number } {
  let [due, overdue] = [0, 0];
  for (let span = 0; span < put.length && spanEndMs(span) <= dueMs; span++) {
    due += put[span]!;
    overdue += open[span]!;
  }
  return { due, overdue };
}

/** `cold` undefined: the warm-up is not over, and no latency and no run counts yet. */
function warm(counts: SideCounts, cold: SideCounts | undefined): SideCounts {
  const since = (of: 'latency' | 'run') =>
    counts[of].map((count, bucket) => (cold === undefined ? 0 : count - cold[of][bucket]!));
  return { ...counts, latency: since('latency'), run: since('run') };
}

function sideReport(counts: SideCounts): SideReport {
  return {
    answers: counts.answers,
    errorsPercent: Number((errorShare(counts) * 100).toPrecision(3)),
    cancelled: counts.cancelled,
    unanswered: counts.open.reduce((sum, count) => sum + count, 0),
    p50Ms: quantileMs(counts.latency, 0.5),
    p99Ms: quantileMs(counts.latency, 0.99),
    runP50Ms: quantileMs(counts.run, 0.5),
    runP99Ms: quantileMs(counts.run, 0.99),
  };
}

function quantileMs(counts: Float64Array, quantile: number): number | null {
  if (!counts.some((count) => count > 0)) return null;
  return Number(methodBuckets.quantileMs(counts, quantile).toPrecision(3));
}
