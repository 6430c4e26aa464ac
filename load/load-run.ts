// LoadRun: load on a target from the first connection to the last answer, on the event loop of whoever starts it: `heddle
// bench`, bench/, a test. What began in the measured time is counted, whenever it ends.
//
// States, what keeps each and what leaves it:
//   connecting  until one request, which tells whether anybody is there, has come back and the connections are up
//               (→ warming), or nobody can be reached (→ ended, rejected)
//   warming     for warmUpMs (→ measuring)
//   measuring   for durationMs, or until the signal (→ ending)
//   ending      until every request has its answer or timeout; with the signal they are cut off at once (→ ended)
//   ended       the connections are closed, and `ended` has settled

import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import { Arrivals } from './arrivals.ts';
import { ClosedLoop } from './closed-loop.ts';
import { Latencies } from './latencies.ts';
import { LiveCounts, type RecentCounts } from './live-counts.ts';
import type { Loop } from './loop.ts';
import { OpenLoop } from './open-loop.ts';
import { checkLoadOptions, type LoadOptions } from './options.ts';
import type { LoadResult } from './result.ts';
import { Tally, waited } from './tally.ts';
import type { OutcomeSink } from './target.ts';

export type LoadPhase = 'connecting' | 'warming' | 'measuring' | 'ending' | 'ended';

/** What a run looks like while it runs. */
export interface LoadProgress extends RecentCounts {
  phase: LoadPhase;
  /** Of warm-up and measured time together, 0..1. */
  share: number;
  inFlight: number;
  /** Of all phases so far. */
  answers: number;
  failures: number;
}

/** The tag of the request that goes ahead; those of loops begin with 0. */
const probeTag = -1;

/** How often a run looks whether the connections are up, ms. */
const lookMs = 2;

/** How long the first connection may take, ms, or as long as the request may that goes ahead, if that is longer. */
const firstMaxMs = 2_000;
/** How long it waits for the rest once some are, ms: a server that lets in only so many is measured with these. */
const restMaxMs = 2_000;

/** Codes that say that the request itself is wrong: so would be each that follows. */
const hopeless: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'UNIMPLEMENTED',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
]);

/** How often the request that goes ahead is sent before nobody counts as there, and how long between, ms: a restart takes longer. */
const probesMax = 3;
const probePauseMs = 200;

/**
 * Begins at once. `ended` resolves with what was measured; it rejects with UNAVAILABLE when nobody can be reached, with the
 * server's own error when that says that the request is wrong (INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED,
 * UNAUTHENTICATED, PERMISSION_DENIED), with CANCELLED when the signal comes before any load. Throws INVALID_ARGUMENT when an
 * option is wrong.
 */
export function startLoad(options: LoadOptions): LoadRun {
  return new LoadRun(options);
}

export class LoadRun implements OutcomeSink {
  readonly ended: Promise<LoadResult>;
  readonly #options: LoadOptions;
  readonly #tally: Tally;
  readonly #live = new LiveCounts();
  readonly #sendDelays = new Latencies();
  #probed = Promise.withResolvers<HeddleError | undefined>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #onAbort = (): void => this.#abort();
  #loop: Loop | undefined;
  #open: OpenLoop | undefined;
  /** When the request of a tag was meant to begin, ms on the clock. */
  #startMs = new Float64Array(0);
  #phase: LoadPhase = 'connecting';
  #beganMs = 0;
  #measureFromMs = Number.POSITIVE_INFINITY;
  #measureToMs = Number.POSITIVE_INFINITY;
  #timers: unknown[] = [];
  #inFlight = 0;
  #isAborted = false;
  #cutOff = 0;
  #unsent = 0;
  /** What the last refusal said: nobody is there. */
  #refusal = '';
  #connections = 0;
  /** At the beginning of what is measured, then what was used in it. */
  #cpuUs = 0;
  #spunMs = 0;

  constructor(options: LoadOptions) {
    checkLoadOptions(options);
    this.#options = options;
    this.#tally = new Tally(options.durationMs);
    this.ended = this.#run();
  }

  /** How it goes. Rate and latencies are those since the last call. */
  progress(): LoadProgress {
    const nowMs = this.#options.clock.nowMs();
    return {
      phase: this.#phase,
      share: this.#share(nowMs),
      inFlight: this.#inFlight,
      answers: this.#live.answers,
      failures: this.#live.failures,
      ...this.#live.look(nowMs),
    };
  }

  onAnswer(tag: number): void {
    if (tag === probeTag) this.#probed.resolve(undefined);
    else this.#ended(tag, undefined, '');
  }

  onFailure(tag: number, code: ErrorCode, message: string): void {
    if (tag === probeTag) this.#probed.resolve(new HeddleError(code, message));
    else this.#ended(tag, code, message);
  }

  async #run(): Promise<LoadResult> {
    const { target, signal } = this.#options;
    try {
      if (signal?.aborted) this.#abort();
      else signal?.addEventListener('abort', this.#onAbort);
      await this.#connect();
      this.#begin();
      await this.#finished.promise;
    } finally {
      signal?.removeEventListener('abort', this.#onAbort);
      await target.close();
      this.#phase = 'ended';
    }
    return this.#result();
  }

  async #connect(): Promise<void> {
    const { target, clock } = this.#options;
    target.open(this);
    await this.#probe(clock.nowMs() + firstMaxMs);
    await this.#untilUp(target.connectionsWanted, clock.nowMs() + restMaxMs);
    this.#connections = target.connectionsUp;
  }

  async #untilUp(connections: number, untilMs: number): Promise<void> {
    const { target, clock } = this.#options;
    while (target.connectionsUp < connections && clock.nowMs() < untilMs) {
      this.#throwIfAborted();
      await this.#pause(lookMs);
    }
    this.#throwIfAborted();
  }

  /** One request goes ahead: throws when it shows that no other would come through, or when nobody is there by `firstUntilMs`. */
  async #probe(firstUntilMs: number): Promise<void> {
    const { target } = this.#options;
    for (let probe = 1; ; probe++) {
      this.#throwIfAborted();
      target.send(probeTag);
      const failure = await this.#probed.promise;
      this.#throwIfAborted();
      if (failure === undefined) return;
      const { code, message } = failure;
      if (hopeless.has(code)) throw new HeddleError(code, `the first request was answered with ${code}: ${message}`);
      const isAlone = code === 'UNAVAILABLE' || target.connectionsUp === 0;
      if (!isAlone) return;
      // Its time may be shorter than a connection takes.
      await this.#untilUp(1, firstUntilMs);
      if (probe === probesMax || target.connectionsUp === 0) throw new HeddleError('UNAVAILABLE', message);
      this.#probed = Promise.withResolvers();
      await this.#pause(probePauseMs);
    }
  }

  #throwIfAborted(): void {
    if (this.#isAborted) throw new HeddleError('CANCELLED', 'it was stopped before there was any load');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.setTimer(ms, resolve));
  }

  #begin(): void {
    const { clock, shape, warmUpMs, durationMs, random, spinMs = 0 } = this.#options;
    this.#beganMs = clock.nowMs();
    this.#live.start(this.#beganMs);
    this.#measureFromMs = this.#beganMs + warmUpMs;
    this.#measureToMs = this.#measureFromMs + durationMs;
    if (shape.kind === 'open') {
      const arrivals = new Arrivals(shape.ratePerSecond, random, this.#beganMs);
      const { maxInFlight } = shape;
      const [fromMs, endMs] = [this.#measureFromMs, this.#measureToMs];
      const cpuUs = (): number => this.#cpuNow();
      this.#open = new OpenLoop({ arrivals, fromMs, endMs, maxInFlight, spinMs, cpuUs }, clock, this);
    }
    this.#loop = this.#open ?? new ClosedLoop(shape.kind === 'closed' ? shape.inFlight : 0, clock, this);
    this.#startMs = new Float64Array(this.#loop.tags);
    this.#phase = 'warming';
    if (warmUpMs > 0) this.#timers.push(clock.setTimer(warmUpMs, () => this.#measure()));
    else this.#measure();
    this.#timers.push(clock.setTimer(warmUpMs + durationMs, () => this.#stop()));
    this.#loop.start();
  }

  #measure(): void {
    this.#phase = 'measuring';
    this.#cpuUs = this.#cpuNow();
    this.#spunMs = this.#open?.spunMs ?? 0;
  }

  /** Of the loops alone. */
  send(tag: number, startMs: number, nowMs: number): void {
    this.#startMs[tag] = startMs;
    if (this.#open !== undefined && startMs >= this.#measureFromMs) this.#sendDelays.record(nowMs - startMs);
    this.#inFlight++;
    this.#options.target.send(tag);
  }

  /** Of the loops alone. */
  refused(startMs: number, nowMs: number): void {
    this.#count('UNAVAILABLE', this.#refusal, nowMs - startMs, nowMs, this.#isMeasured(startMs));
  }

  /** Of the loops alone. Its latency is at least what it has waited by now: to leave it out would flatter a stall. */
  unsent(startMs: number, nowMs: number, count: number): void {
    if (!this.#isMeasured(startMs)) return;
    this.#unsent += count;
    this.#tally.neverEnded(nowMs - startMs, count);
  }

  #isMeasured(startMs: number): boolean {
    return startMs >= this.#measureFromMs && startMs < this.#measureToMs;
  }

  #ended(tag: number, code: ErrorCode | undefined, message: string): void {
    const nowMs = this.#options.clock.nowMs();
    const startMs = this.#startMs[tag]!;
    this.#inFlight--;
    const counts = this.#isMeasured(startMs);
    if (code === 'UNAVAILABLE') this.#refusal = message;
    if (this.#isAborted) {
      if (counts) this.#cutOff++;
      if (counts) this.#tally.neverEnded(nowMs - startMs, 1);
    } else {
      this.#count(code, message, nowMs - startMs, nowMs, counts);
    }
    this.#loop!.ended(tag, nowMs, code === 'UNAVAILABLE');
    if (this.#phase === 'ending' && this.#inFlight === 0) this.#finished.resolve();
  }

  #count(code: ErrorCode | undefined, message: string, latencyMs: number, nowMs: number, counts: boolean): void {
    this.#tally.ended(code, latencyMs, nowMs - this.#measureFromMs);
    if (code === undefined) {
      this.#live.answered(latencyMs);
      if (counts) this.#tally.answered(latencyMs);
    } else {
      this.#live.failed(waited(code) ? latencyMs : undefined);
      if (counts) this.#tally.failedWith(code, message, latencyMs);
    }
  }

  /** Nothing more is sent; what is under way is waited for. */
  #stop(): void {
    if (this.#phase !== 'warming' && this.#phase !== 'measuring') return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const timer of this.#timers) clock.clearTimer(timer);
    if (this.#phase === 'measuring') {
      this.#cpuUs = this.#cpuNow() - this.#cpuUs;
      this.#spunMs = (this.#open?.spunMs ?? 0) - this.#spunMs;
    }
    this.#measureToMs = Math.min(this.#measureToMs, nowMs);
    this.#phase = 'ending';
    this.#loop!.stop(nowMs);
    if (this.#inFlight === 0) this.#finished.resolve();
  }

  #abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#stop();
    this.#probed.resolve(undefined);
    // Answers all that is under way before it returns.
    void this.#options.target.close();
  }

  #share(nowMs: number): number {
    switch (this.#phase) {
      case 'connecting':
        return 0;
      case 'warming':
      case 'measuring': {
        const { warmUpMs, durationMs } = this.#options;
        return Math.min(1, (nowMs - this.#beganMs) / (warmUpMs + durationMs));
      }
      case 'ending':
      case 'ended':
        return 1;
    }
  }

  #cpuNow(): number {
    if (this.#options.cpuUs !== undefined) return this.#options.cpuUs();
    const { user, system } = process.cpuUsage();
    return user + system;
  }

  #result(): LoadResult {
    const measuredMs = Math.max(0, this.#measureToMs - this.#measureFromMs);
    const began = this.#tally.slices.filter(({ fromMs }) => fromMs < measuredMs);
    const answersInTime = began.reduce((sum, { answers }) => sum + answers, 0);
    const isMeasured = measuredMs > 0;
    return {
      measuredMs,
      isCutOff: this.#isAborted,
      connections: this.#connections,
      connectionsWanted: this.#options.target.connectionsWanted,
      answers: this.#tally.answers,
      failed: this.#tally.failed,
      failures: this.#tally.failures,
      perSecond: isMeasured ? (answersInTime / measuredMs) * 1000 : 0,
      latencies: this.#tally.latencies,
      slices: began,
      sendDelays: this.#sendDelays,
      late: this.#open?.late ?? 0,
      unsent: this.#unsent,
      cutOff: this.#cutOff,
      cpuSeconds: isMeasured ? this.#cpuUs / 1e6 : 0,
      spunSeconds: isMeasured ? this.#spunMs / 1000 : 0,
    };
  }
}
