// A pool of threads as a queueing system on a virtual clock: seeded arrivals, first come first served, handlers that
// compute, wait, or share a core. Each service has an AdaptiveLimit that is asked as an asker asks it, and fed as main does.

import { AdaptiveLimit, type AdaptiveLimitOptions } from '../../../net/admission/adaptive-limit.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';

/** How a handler of so many ms spends them. */
export type Work =
  /** On its thread: the next waits. */
  | 'computes'
  /** Elsewhere: its thread takes more. */
  | 'waits'
  /** Elsewhere, one after another: at a backend, or in a pool behind, that all of the service share. */
  | 'behind'
  /** On its thread, in turns with all others there. */
  | 'shares';

export interface SimulatedService {
  name: string;
  /** Of its arrivals per ms, at this time. */
  perMs: (nowMs: number) => number;
  /** Instead: so many at once, each so many ms. */
  burst?: { size: number; everyMs: number };
  runMs: (nowMs: number, random: Random) => number;
  work: Work;
  weight?: number;
  limit?: Partial<AdaptiveLimitOptions>;
  /** Of class high: goes over the limit by half. */
  isHigh?: boolean;
  /** Calls of fibers to that service: its limit does not hold for them, but they count there. */
  nestedOf?: number;
}

export interface SimulatedPool {
  threads: number;
  maxFibers?: number;
  services: SimulatedService[];
  forMs: number;
  /** What happened before is not counted. */
  fromMs: number;
  seed: number;
}

/** Of one service, over what is counted. */
export interface Outcome {
  offered: number;
  answered: number;
  refused: number;
  /** From arrival to answer, of what was let in, sorted, ms. */
  sojournsMs: number[];
  /** At each look. */
  limits: number[];
}

interface Request {
  service: number;
  atMs: number;
  takenMs: number;
  leftMs: number;
}

interface Thread {
  fibers: number;
  /** Until then it computes, and takes nothing. */
  busyUntilMs: number;
  /** Those that compute in turns. */
  turns: Request[];
}

const tickMs = 100;
/** `shares`: time that one fiber computes at a stretch, ms. */
const turnMs = 1;

export function simulate(pool: SimulatedPool): Outcome[] {
  return new Simulation(pool).run();
}

class Simulation {
  readonly #pool: SimulatedPool;
  readonly #random: Random;
  readonly #outcomes: Outcome[];
  readonly #limits: (AdaptiveLimit | undefined)[];
  readonly #windows: ReturnType<typeof emptyWindow>[];
  readonly #inFlight: number[];
  readonly #threads: Thread[];
  readonly #events = new Heap();
  readonly #nextMs: number[];
  readonly #arrived: number[];
  /** What is behind has work until then. */
  #behindUntilMs = 0;
  #queue: Request[] = [];
  #head = 0;
  #nowMs = 0;

  constructor(pool: SimulatedPool) {
    const { threads, services, seed } = pool;
    this.#pool = pool;
    this.#random = seededRandom(seed);
    this.#outcomes = services.map(() => ({ offered: 0, answered: 0, refused: 0, sojournsMs: [], limits: [] }));
    this.#limits = services.map(({ limit }) => {
      const options = { delayMs: 20, tolerance: 2, min: 2 * threads, max: 65_536, start: 16 * threads, ...limit };
      return limit === undefined ? undefined : new AdaptiveLimit(options);
    });
    this.#windows = services.map(emptyWindow);
    this.#inFlight = services.map(() => 0);
    this.#threads = Array.from({ length: threads }, () => ({ fibers: 0, busyUntilMs: 0, turns: [] }));
    this.#arrived = services.map(() => 0);
    this.#nextMs = services.map((_, at) => this.#gapMs(at));
  }

  run(): Outcome[] {
    const { forMs } = this.#pool;
    this.#events.push(tickMs, this.#look);
    for (;;) {
      const service = this.#nextMs.reduce((best, ms, at) => (ms < this.#nextMs[best]! ? at : best), 0);
      const nowMs = Math.min(this.#nextMs[service]!, this.#events.nextMs);
      if (nowMs >= forMs) break;
      this.#nowMs = nowMs;
      if (this.#events.nextMs <= nowMs) this.#events.pop()();
      else this.#arrive(service);
      for (const thread of this.#threads) this.#takeOn(thread);
    }
    for (const { sojournsMs } of this.#outcomes) sojournsMs.sort((left, right) => left - right);
    return this.#outcomes;
  }

  #arrive(at: number): void {
    const service = this.#pool.services[at]!;
    const outcome = this.#outcomes[at]!;
    const limit = this.#limits[at];
    const owner = this.#owner(at);
    const counts = this.#nowMs >= this.#pool.fromMs;
    this.#arrived[at]!++;
    this.#nextMs[at] = this.#nowMs + this.#gapMs(at);
    if (counts) outcome.offered++;
    if (limit !== undefined && this.#inFlight[at]! >= Math.ceil(limit.limit * (service.isHigh === true ? 1.5 : 1))) {
      this.#windows[at]!.refused++;
      if (counts) outcome.refused++;
      return;
    }
    this.#inFlight[owner]!++;
    const leftMs = service.runMs(this.#nowMs, this.#random);
    this.#queue.push({ service: at, atMs: this.#nowMs, takenMs: 0, leftMs });
  }

  #takeOn(thread: Thread): void {
    const { maxFibers = 256, services } = this.#pool;
    while (this.#head < this.#queue.length && thread.busyUntilMs <= this.#nowMs && thread.fibers < maxFibers) {
      const request = this.#queue[this.#head++]!;
      if (this.#head > 1024) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      const window = this.#windows[this.#owner(request.service)]!;
      window.taken++;
      window.waitMs += this.#nowMs - request.atMs;
      request.takenMs = this.#nowMs;
      thread.fibers++;
      const { work } = services[request.service]!;
      if (work === 'shares') {
        thread.turns.push(request);
        this.#turn(thread);
        continue;
      }
      const fromMs = work === 'behind' ? Math.max(this.#nowMs, this.#behindUntilMs) : this.#nowMs;
      const endMs = fromMs + request.leftMs;
      if (work === 'computes') thread.busyUntilMs = endMs;
      if (work === 'behind') this.#behindUntilMs = endMs;
      this.#events.push(endMs, () => this.#end(thread, request));
    }
  }

  /** One of its fibers computes for a while; between two turns the thread takes one more. */
  #turn(thread: Thread): void {
    const request = thread.turns.shift()!;
    const spentMs = Math.min(turnMs, request.leftMs);
    request.leftMs -= spentMs;
    thread.busyUntilMs = this.#nowMs + spentMs;
    this.#events.push(thread.busyUntilMs, () => {
      if (request.leftMs > 1e-9) thread.turns.push(request);
      else this.#end(thread, request);
      this.#takeOn(thread);
      if (thread.busyUntilMs <= this.#nowMs && thread.turns.length > 0) this.#turn(thread);
    });
  }

  #end(thread: Thread, request: Request): void {
    const owner = this.#owner(request.service);
    const window = this.#windows[owner]!;
    this.#inFlight[owner]!--;
    thread.fibers--;
    window.ended++;
    window.runMs += this.#nowMs - request.takenMs;
    if (request.atMs < this.#pool.fromMs) return;
    const outcome = this.#outcomes[request.service]!;
    outcome.answered++;
    outcome.sojournsMs.push(this.#nowMs - request.atMs);
  }

  /** As the LimitController does. */
  readonly #look = (): void => {
    const { services, fromMs } = this.#pool;
    const looks = this.#windows.map((window, at) => ({ elapsedMs: tickMs, ...window, inFlight: this.#inFlight[at]! }));
    const used = looks.map(({ waitMs }) => waitMs);
    const total = used.reduce((sum, ms) => sum + ms, 0);
    const weights = services.map(({ weight = 1 }, at) => (used[at]! > 0 ? weight : 0));
    const allWeights = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [at, limit] of this.#limits.entries()) {
      const shareUsed = used[at] === 0 ? 0 : (used[at]! / total) * (allWeights / weights[at]!);
      limit?.update({ ...looks[at]!, shareUsed });
      this.#windows[at] = emptyWindow();
      if (limit !== undefined && this.#nowMs >= fromMs) this.#outcomes[at]!.limits.push(limit.limit);
    }
    this.#events.push(this.#nowMs + tickMs, this.#look);
  };

  /** Where it counts. */
  #owner(at: number): number {
    return this.#pool.services[at]!.nestedOf ?? at;
  }

  /** To the next arrival. */
  #gapMs(at: number): number {
    const { perMs, burst } = this.#pool.services[at]!;
    if (burst !== undefined) return this.#arrived[at]! % burst.size === 0 ? burst.everyMs : 0;
    return exponential(this.#random) / Math.max(1e-9, perMs(this.#nowMs));
  }
}

function emptyWindow() {
  return { taken: 0, waitMs: 0, ended: 0, runMs: 0, refused: 0 };
}

export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** What is to come, the earliest first. */
class Heap {
  readonly #entries: { atMs: number; act: () => void }[] = [];

  get nextMs(): number {
    return this.#entries[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  push(atMs: number, act: () => void): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push({ atMs, act });
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (entries[parent]!.atMs <= entries[at]!.atMs) break;
      [entries[parent], entries[at]] = [entries[at]!, entries[parent]!];
      at = parent;
    }
  }

  pop(): () => void {
    const entries = this.#entries;
    const first = entries[0]!;
    const last = entries.pop()!;
    if (entries.length > 0) {
      entries[0] = last;
      let at = 0;
      for (;;) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) {
          if (child < entries.length && entries[child]!.atMs < entries[least]!.atMs) least = child;
        }
        if (least === at) break;
        [entries[least], entries[at]] = [entries[at]!, entries[least]!];
        at = least;
      }
    }
    return first.act;
  }
}
