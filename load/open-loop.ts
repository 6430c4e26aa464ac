// OpenLoop: requests begin when they arrive, whatever became of those before. When as many are under way as are allowed, or
// this thread is late, an arrival waits, and its latency counts from when it came: what a stall does to those behind it is
// not left out (coordinated omission). Arrivals are drawn one by one, so those that wait cost no memory.
//
// The thread's event loop has other work too: answers, reconnecting, Ctrl-C. So what is sent in one go is bounded, and the
// rest follows in the next turn. When a request is refused within `send` since nobody is there, so would be all that are due
// now: they are counted as refused, and the next turn asks again.

import type { Clock } from '../runtime/clock.ts';
import type { Arrivals } from './arrivals.ts';
import type { Loop, LoopHost } from './loop.ts';

/** Requests that are sent in one turn of the event loop: a millisecond or two. */
export const sendsPerTurn = 256;

/** Requests that are sent at the end, if they are due and there is room: they must not count as never sent. */
const lastSends = 16_384;

/** Arrivals that were never sent are drawn one by one up to here, some 30 ms; of more the rate says how many they were. */
const unsentDrawnMax = 1_000_000;
/** In so many steps of time: as fine as latencies are told. */
const unsentSteps = 10_000;

/** Arrivals that are counted as refused in one turn: a millisecond or two. */
const refusalsPerTurn = 32_768;

export interface OpenLoopOptions {
  arrivals: Arrivals;
  /** Arrivals before are a warm-up, ms on the clock. */
  fromMs: number;
  /** No arrival from here on, ms on the clock. */
  endMs: number;
  maxInFlight: number;
  /** See LoadOptions. */
  spinMs: number;
  /** Processor time of this process so far, µs. */
  cpuUs: () => number;
}

export class OpenLoop implements Loop {
  readonly tags: number;
  readonly #arrivals: Arrivals;
  readonly #fromMs: number;
  readonly #endMs: number;
  readonly #spinMs: number;
  readonly #cpuUs: () => number;
  readonly #clock: Clock;
  readonly #host: LoopHost;
  /** Tags that are free: the first `#freeCount`. */
  readonly #free: Int32Array;
  #freeCount: number;
  #timer: unknown;
  #isSpinning = false;
  #isPumping = false;
  /** Of this turn. */
  #sendsLeft = sendsPerTurn;
  /** What is due goes on in the next turn, and not before. */
  #isResting = false;
  /** The tag that is being sent. */
  #sending = -1;
  /** It was refused, as nobody is there. */
  #isRefused = false;
  /** The next arrival is due, and as many requests as are allowed are under way. */
  #isFull = false;
  #stopped = false;
  #late = 0;
  #spunMs = 0;
  /** When it last looked at the clock in vain, or 0, and the processor time by then. */
  #idleSinceMs = 0;
  #idleSinceUs = 0;

  constructor({ arrivals, fromMs, endMs, maxInFlight, spinMs, cpuUs }: OpenLoopOptions, clock: Clock, host: LoopHost) {
    this.tags = maxInFlight;
    this.#arrivals = arrivals;
    this.#fromMs = fromMs;
    this.#endMs = endMs;
    this.#spinMs = spinMs;
    this.#cpuUs = cpuUs;
    this.#clock = clock;
    this.#host = host;
    this.#free = Int32Array.from({ length: maxInFlight }, (_, index) => maxInFlight - 1 - index);
    this.#freeCount = maxInFlight;
  }

  /** Requests of the measured time that began later than they were meant to, since as many as are allowed were under way. */
  get late(): number {
    return this.#late;
  }

  /**
   * Processor time that was spent looking at the clock while there was nothing else to do, ms: no load, though it costs a
   * processor. Time in which others had the processor is none of it.
   */
  get spunMs(): number {
    return this.#spunMs;
  }

  start(): void {
    this.#pump(this.#clock.nowMs());
    this.#schedule();
  }

  ended(tag: number, nowMs: number, unreachable: boolean): void {
    this.#free[this.#freeCount++] = tag;
    this.#idleSinceMs = 0;
    if (tag === this.#sending && unreachable) this.#isRefused = true;
    if (this.#stopped) return;
    const wasFull = this.#isFull;
    if (this.#arrivals.nextMs <= nowMs) this.#pump(nowMs);
    // While it was full, no timer ran: this was what it waited for.
    if (wasFull && !this.#isFull) this.#schedule();
  }

  stop(nowMs: number): void {
    if (this.#stopped) return;
    // This thread may be late; what came in time begins, as far as there is room.
    this.#isResting = false;
    this.#sendsLeft = lastSends;
    if (!this.#isFull) this.#pump(nowMs);
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const untilMs = Math.min(nowMs, this.#endMs);
    const arrivals = this.#arrivals;
    for (let drawn = 0; arrivals.nextMs < untilMs && drawn < unsentDrawnMax; drawn++) {
      this.#host.unsent(arrivals.nextMs, nowMs, 1);
      arrivals.advance();
    }
    if (arrivals.nextMs >= untilMs) return;
    arrivals.skip(untilMs, unsentSteps, (startMs, count) => this.#host.unsent(startMs, nowMs, count));
  }

  /** Sends all that is due, as far as there is room and this turn has time. */
  #pump(nowMs: number): void {
    // A request that ends within `send` leaves its tag for the loop below.
    if (this.#isPumping || this.#isResting) return;
    this.#isPumping = true;
    while (!this.#stopped) {
      const startMs = this.#arrivals.nextMs;
      if (!this.#isDue(nowMs)) {
        this.#isFull = false;
        break;
      }
      if (this.#freeCount === 0) {
        this.#isFull = true;
        break;
      }
      if (this.#sendsLeft-- === 0) {
        this.#rest();
        break;
      }
      if (this.#isFull && startMs >= this.#fromMs) this.#late++;
      this.#arrivals.advance();
      this.#send(startMs, nowMs);
      if (this.#isRefused) this.#refuse(nowMs);
    }
    this.#isPumping = false;
  }

  #isDue(nowMs: number): boolean {
    const { nextMs } = this.#arrivals;
    return nextMs <= nowMs && nextMs < this.#endMs;
  }

  #send(startMs: number, nowMs: number): void {
    const tag = this.#free[--this.#freeCount]!;
    this.#isRefused = false;
    this.#sending = tag;
    this.#host.send(tag, startMs, nowMs);
    this.#sending = -1;
  }

  /** All that are due, or so many that the rest has to wait for the next turn. */
  #refuse(nowMs: number): void {
    this.#isRefused = false;
    for (let count = 0; count < refusalsPerTurn; count++) {
      if (!this.#isDue(nowMs)) return;
      this.#host.refused(this.#arrivals.nextMs, nowMs);
      this.#arrivals.advance();
    }
    this.#sendsLeft = 0;
  }

  #rest(): void {
    this.#isResting = true;
    setImmediate(() => {
      this.#isResting = false;
      this.#sendsLeft = sendsPerTurn;
      if (!this.#stopped) this.#wake();
    });
  }

  #schedule(): void {
    // Who rests or is full goes on by itself.
    if (this.#stopped || this.#isFull || this.#isResting || this.#arrivals.nextMs >= this.#endMs) return;
    if (this.#timer !== undefined || this.#isSpinning) return;
    const waitMs = this.#arrivals.nextMs - this.#clock.nowMs();
    if (waitMs > this.#spinMs || this.#spinMs === 0) {
      this.#timer = this.#clock.setTimer(Math.max(0, waitMs - this.#spinMs), () => {
        this.#timer = undefined;
        this.#sendsLeft = sendsPerTurn;
        this.#wake();
      });
    } else {
      this.#isSpinning = true;
      setImmediate(() => this.#spin());
    }
  }

  /** One turn of the event loop, in which answers are read, and the clock again. */
  #spin(): void {
    this.#isSpinning = false;
    if (this.#stopped) return;
    const nowMs = this.#clock.nowMs();
    const cpuUs = this.#cpuUs();
    if (this.#idleSinceMs > 0) {
      this.#spunMs += Math.min(nowMs - this.#idleSinceMs, (cpuUs - this.#idleSinceUs) / 1000);
    }
    this.#idleSinceMs = this.#arrivals.nextMs > nowMs ? nowMs : 0;
    this.#idleSinceUs = cpuUs;
    this.#sendsLeft = sendsPerTurn;
    this.#wake();
  }

  #wake(): void {
    this.#pump(this.#clock.nowMs());
    this.#schedule();
  }
}
