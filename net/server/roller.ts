// Roller (main thread): gives pools new code and sizes while they serve. The next generation of each pool named loads beside
// the one in use, all or nothing; then every thread turns to a routing table that names the new ones, and the old ones
// drain and leave. No connection closes, and no request fails.
//
//   load   1. the next generations spawn, load their modules and are linked. A failure ends them: nothing has changed.
//   turn   2. in one step of main: the new table is in force, the new threads go, all threads are told.
//          3. each thread that puts uses the new table as a whole and says so. From there on sockets get the new code.
//   drain  4. when all have said so the old queue only becomes emptier; when it is empty the old threads take nothing more,
//          finish what they run, and end. The queue is then free for the generation after the next.
//
// A canary stops between 2 and 3: a share of the calls goes to the new generations, until somebody says go on, or back.

import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RollSettings, Settings } from '../../runtime/settings.ts';
import { threadNumberMax } from '../../runtime/shared/layout.ts';
import { formatDuration } from '../../runtime/units.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import type { ThreadGeneration } from '../../scheduler/thread-generation.ts';
import { queueOf, type ThreadPool } from '../../scheduler/thread-pool.ts';
import type { Serving } from '../service/method-table.ts';
import type { CpuGenerations } from './cpu-generations.ts';
import { drainGeneration } from './generation-drain.ts';
import { discard, loadNext, type NextGeneration } from './next-generations.ts';
import type { ServerTable } from './server-table.ts';

/** How long a roll waits for threads that are too busy to turn, ms; it is done then all the same, and names them. */
const turnWaitMs = 2_000;
/** How long a roll waits until what the one before has left in a queue is taken, ms. */
const queueWaitMs = 30_000;
/** Thread numbers that a roll leaves free, for threads that die. */
const spareNumbers = 8;
/** Threads that new code may not end as long as it only gets a share of the calls. One may be a mishap. */
const canaryCrashes = 2;
/** Generations of a pool that may finish what they run at once: each keeps its threads and their memory. */
const leavingMax = 8;
/** Rolls that wait for their turn. */
const waitingMax = 16;

export interface RollRequest {
  /** What the new threads are born with, and what the rows of the table are made of from then on. */
  settings: Settings;
  /** Names of CPU pools. */
  pools: readonly string[];
  /** By pool, for the log: why it rolls. */
  reasons?: ReadonlyMap<string, object>;
}

export interface CanaryRequest extends RollRequest {
  /** Of the calls: above 0, below 100. */
  percent: number;
  /** As Canary has it. */
  counts?: SharedArrayBuffer | undefined;
}

/** What a roll did to one pool. */
export interface PoolRoll {
  pool: string;
  /** The one that serves now; counts up from 1. */
  generation: number;
  threads: number;
  /** From its first thread's making until all were loaded and linked, ms. */
  loadMs: number;
  /** From the new table until no thread used the old one, ms. */
  turnMs: number;
  /** Names of threads that were too busy to turn: what they ask for still goes to the old code. */
  late: string[];
}

/** New generations that get a share of the calls. It ends by one call of either. */
export interface CanaryRoll {
  readonly generations: readonly Omit<PoolRoll, 'turnMs' | 'late'>[];
  /** Why it can't go on, whatever its figures are: its code ends its threads, as that in use does not. Undefined: it may. */
  readonly lost: string | undefined;
  /** All calls go to the new generations. `settings`: by default those of the request. */
  goOn(settings?: Settings): Promise<PoolRoll[]>;
  /** All calls go to the old ones again, as if nothing had been. `settings`: that say how long the new ones may go on. */
  rollBack(settings?: Settings): Promise<void>;
}

export interface RollerOptions {
  /** All, pool `io` too. */
  pools: () => readonly ThreadPool[];
  supervisor: Supervisor;
  table: ServerTable;
  cpu: CpuGenerations;
  /** As they are in force. */
  settings: () => Settings;
  /** Throws when what has been loaded must not come into use. */
  checkLoaded(generations: readonly { pool: string; generation: number }[]): void;
  clock: Clock;
  log: Logger;
}

export class Roller {
  readonly #options: RollerOptions;
  /** By pool: the generation that still has the queue which the next one needs, and when it will have left that. */
  readonly #draining = new Map<string, { generation: ThreadGeneration; left: Promise<void> }>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #hasCanary = false;
  #isStopped = false;
  readonly #stop = Promise.withResolvers<void>();
  /** Ends what loads. */
  #abort: (() => void) | undefined;

  constructor(options: RollerOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the new code answers what comes from then on. Throws what is wrong with a module that does not load,
   * INVALID_ARGUMENT for a pool that is not there or is `io`, FAILED_PRECONDITION while there is a canary,
   * RESOURCE_EXHAUSTED when there is no room for new threads or methods, UNAVAILABLE when what the roll before has left
   * behind is still waiting, CANCELLED when the process stops. Then nothing has changed. Rolls wait for each other.
   */
  roll(request: RollRequest): Promise<PoolRoll[]> {
    return this.#alone(async () => {
      const next = await this.#load(request);
      return this.#turnTo(next, request.settings, request.reasons);
    });
  }

  /** As `roll`, but for a share of the calls; see CanaryRoll. */
  canary(request: CanaryRequest): Promise<CanaryRoll> {
    const { percent, counts, settings, reasons } = request;
    if (!(percent > 0 && percent < 100)) {
      const message = `a canary gets more than 0 and less than 100 percent of the calls; this one would get ${percent}`;
      return Promise.reject(new HeddleError('INVALID_ARGUMENT', message));
    }
    return this.#alone(async () => {
      const next = await this.#load(request);
      const { table } = this.#options;
      const before = new Map(next.map(({ pool }) => [pool.name, table.serving(pool.name)]));
      const shared = next.map(({ pool, queue, served }): [string, Serving] => {
        return [pool.name, { ...table.serving(pool.name), canary: { queue, percent, counts, served } }];
      });
      await this.#go(next, this.#options.settings(), new Map(shared));
      this.#hasCanary = true;
      const end = (): void => {
        if (!this.#hasCanary) throw new HeddleError('FAILED_PRECONDITION', 'this canary has ended already');
        this.#hasCanary = false;
      };
      const lost = crashesOf(next);
      return {
        generations: next.map(rolledOf),
        get lost() {
          return lost();
        },
        goOn: async (latest = settings) => {
          end();
          return this.#turnTo(next, latest, reasons);
        },
        rollBack: async (latest = settings) => {
          end();
          await this.#rollBack(next, before, latest.roll);
        },
      };
    });
  }

  /** The process stops: what loads is ended, and no roll begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#stop.resolve();
    this.#abort?.();
  }

  async #alone<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= waitingMax) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `${waitingMax} rolls wait for their turn already`);
    }
    this.#waiting++;
    const turn = this.#last.then(() => {
      this.#waiting--;
      if (!this.#hasCanary) return body();
      throw new HeddleError(
        'FAILED_PRECONDITION',
        'a canary gets a share of the calls just now; roll when it has gone on, or was rolled back',
      );
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #load({ settings, pools: names }: RollRequest): Promise<NextGeneration[]> {
    const { supervisor, cpu, clock } = this.#options;
    const pools = [...new Set(names)].map((name) => this.#pool(name, settings));
    await Promise.all(pools.map((pool) => this.#queueFree(pool)));
    if (this.#isStopped) throw stopping();
    if (this.#options.table.inForce === undefined) {
      throw new HeddleError('FAILED_PRECONDITION', 'the process does not serve yet: there is nothing to roll');
    }
    for (const pool of pools) this.#checkLeaving(pool);
    const threads = pools.reduce((sum, { name }) => sum + settings.pools.find((one) => one.name === name)!.threads, 0);
    const free = threadNumberMax - supervisor.numbersInUse;
    if (threads + spareNumbers > free) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `a roll of ${pools.map(({ name }) => name).join(', ')} needs ${threads} new threads and ${spareNumbers} to spare, and of ${threadNumberMax} in a process ${free} are free: threads of earlier generations may still finish what they run`,
      );
    }
    const stopped = Promise.withResolvers<never>();
    this.#abort = () => stopped.reject(stopping());
    try {
      const next = await loadNext(pools, settings, cpu, stopped.promise, clock.nowMs);
      await this.#check(next);
      return next;
    } finally {
      this.#abort = undefined;
    }
  }

  #checkLeaving({ name, generations }: ThreadPool): void {
    const leaving = generations.filter(({ phase }) => phase === 'leaving').length;
    if (leaving < leavingMax) return;
    throw new HeddleError(
      'RESOURCE_EXHAUSTED',
      `${leaving} generations of pool ${name} still finish what they run, and no more may; they are ended when roll.finish is over, which is ${formatDuration(this.#options.settings().roll.finishMs)} unless what they run has later deadlines`,
    );
  }

  async #check(next: readonly NextGeneration[]): Promise<void> {
    try {
      this.#options.checkLoaded(
        next.map(({ pool, generation }) => ({ pool: pool.name, generation: generation.number })),
      );
    } catch (reason) {
      await discard(next.map(({ generation }) => generation));
      throw reason;
    }
  }

  #pool(name: string, settings: Settings): ThreadPool {
    const [io, ...pools] = this.#options.pools();
    if (name === io?.name) {
      const message = 'pool io can not be rolled: its threads own the sockets; its services need a restart';
      throw new HeddleError('INVALID_ARGUMENT', message, { retry: 'no' });
    }
    const pool = pools.find((one) => one.name === name);
    if (pool !== undefined && settings.pools.some((one) => one.name === name)) return pool;
    const known = pools.map((one) => one.name).join(', ');
    throw new HeddleError('INVALID_ARGUMENT', `there is no pool ${JSON.stringify(name)}; the pools are ${known}`);
  }

  async #queueFree({ name }: ThreadPool): Promise<void> {
    const draining = this.#draining.get(name);
    if (draining === undefined || (await this.#within(queueWaitMs, draining.left))) return;
    throw new HeddleError(
      'UNAVAILABLE',
      `the queue of generation ${draining.generation.number} of pool ${name} is still in use: requests wait in it, or a thread is too busy to leave it; try again`,
    );
  }

  /** The calls of these pools go to the loaded generations; those before drain. */
  async #turnTo(
    next: readonly NextGeneration[],
    settings: Settings,
    reasons: RollRequest['reasons'] = new Map(),
  ): Promise<PoolRoll[]> {
    const { log, clock } = this.#options;
    const serving = new Map(next.map(({ pool, queue, served }): [string, Serving] => [pool.name, { queue, served }]));
    const turned = await this.#go(next, settings, serving);
    for (const { pool, generation } of next) this.#drain(pool, pool.use(generation), turned, settings.roll);
    const late = await this.#lateOf(turned);
    const turnMs = Math.round(clock.nowMs() - turned.beganMs);
    const rolls = next.map((one) => ({ ...rolledOf(one), turnMs, late }));
    for (const roll of rolls) log.info({ ...roll, ...reasons.get(roll.pool) }, 'a new generation of a pool serves');
    return rolls;
  }

  /** `roll`: as the reload has it that is taken back. */
  async #rollBack(
    next: readonly NextGeneration[],
    before: ReadonlyMap<string, Serving>,
    roll: RollSettings,
  ): Promise<void> {
    const { table, settings, log } = this.#options;
    const turned = this.#turned(table.turn(settings(), before));
    for (const { pool, generation } of next) {
      generation.drain();
      this.#drain(pool, generation, turned, roll, roll.finishTakenBackMs);
    }
    const late = await this.#lateOf(turned);
    for (const one of next) log.warn({ ...rolledOf(one), late }, 'a new generation of a pool was rolled back');
  }

  /**
   * In one step, so that nothing can fail in its middle: the table is in force and on its way to all threads, and the new
   * ones, which go if they do not yet, have it from the start.
   */
  async #go(next: readonly NextGeneration[], settings: Settings, serving: ReadonlyMap<string, Serving>): Promise<Turn> {
    const born = next.filter(({ generation }) => generation.phase === 'loading');
    try {
      if (this.#isStopped) throw stopping();
      for (const { generation } of born) generation.checkWhole();
      const turn = this.#turned(this.#options.table.turn(settings, serving));
      for (const { generation } of born) generation.go();
      return turn;
    } catch (reason) {
      await discard(born.map(({ generation }) => generation));
      throw reason;
    }
  }

  #turned(done: Promise<void>): Turn {
    return { number: this.#options.table.inForce!.turn, beganMs: this.#options.clock.nowMs(), done };
  }

  async #lateOf({ number, done }: Turn): Promise<string[]> {
    return (await this.#within(turnWaitMs, done)) ? [] : this.#options.supervisor.late(number);
  }

  #drain(
    pool: ThreadPool,
    generation: ThreadGeneration,
    { done }: Turn,
    { finishMs }: RollSettings,
    endWithinMs?: number,
  ): void {
    const { supervisor, clock, log } = this.#options;
    const name = queueOf(generation);
    const queue = supervisor.pools.find((one) => one.name === name)!;
    const stop = { isStopped: () => this.#isStopped, stopped: this.#stop.promise };
    const drain = { pool: pool.name, generation, queue, turned: done, finishMs, endWithinMs, ...stop, clock, log };
    const left = drainGeneration(drain);
    this.#draining.set(pool.name, { generation, left });
    void left.then(() => this.#draining.delete(pool.name));
  }

  /** Whether it resolves in that time. */
  #within(ms: number, what: Promise<void>): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimer(ms, () => resolve(false));
      void what.then(() => {
        clock.clearTimer(timer);
        resolve(true);
      });
    });
  }
}

interface Turn {
  number: number;
  beganMs: number;
  /** Resolves when no thread uses an older table. */
  done: Promise<void>;
}

function rolledOf({ pool, generation, loadMs }: NextGeneration): Omit<PoolRoll, 'turnMs' | 'late'> {
  return { pool: pool.name, generation: generation.number, threads: generation.plan.threads, loadMs };
}

/** Says which pool's new threads die of their code, and how often: more than once, and more often than those in use. */
function crashesOf(next: readonly NextGeneration[]): () => string | undefined {
  const beside = next.map((one) => ({ ...one, old: one.pool.inUse, oldBefore: one.pool.inUse.crashes }));
  return () => {
    for (const { pool, generation, queue, old, oldBefore } of beside) {
      if (generation.isDown(queue)) return `the new threads of pool ${pool.name} die too often`;
      const crashes = old.crashes - oldBefore;
      if (generation.crashes < canaryCrashes || generation.crashes <= crashes) continue;
      return `the new code has ended ${generation.crashes} of its threads in pool ${pool.name}, the old code ${crashes}`;
    }
    return undefined;
  };
}

function stopping(): HeddleError {
  return new HeddleError('CANCELLED', 'the process stops: nothing is rolled any more');
}
