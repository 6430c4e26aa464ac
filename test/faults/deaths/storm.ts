// storm: what the storms of thread deaths share: threads that are born fast, loads whose every answer is held against what
// really ran, and the hand that ends threads from outside at instants drawn from the seed.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import type { Server } from '../../../net/server/server.ts';
import type { Random } from '../../../runtime/clock.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { ThreadPool } from '../../../scheduler/thread-pool.ts';
import { type Load, startLoad } from '../load.ts';
import { allPools, countsTo, eventually, held, openFiles } from '../rig.ts';
import type { Doom } from '../services/dooms.ts';
import { isReply, request } from './services/contracts.ts';
import type { DeathRecord, Place } from './services/record.ts';

// Thousands of threads load the same modules: compiled once, a birth costs half. Threads inherit it.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'heddle-test-compile-cache');

export const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

/**
 * Deaths of CPU threads that the storms ask for; IO threads die a quarter as often. CI runs the suite on two lines of Node:
 * 2,000 in all, each with another seed. A hunt asks for more.
 */
export const cpuDeaths = Number(process.env.HEDDLE_DEATHS ?? 1_000);
export const ioDeaths = Math.ceil(cpuDeaths / 4);

/**
 * Waits until `deaths` have come to `goal`, however long that takes, and until at least one in a hundred was at each place:
 * where chance has left one out, the storm goes on.
 */
export async function stormPasses(
  t: ExecutionContext,
  goal: number,
  deaths: () => number,
  record: DeathRecord,
  places: readonly Place[],
): Promise<void> {
  await countsTo(t, goal, 'deaths', deaths);
  const least = Math.ceil(goal / 100);
  const seen = () => places.reduce((sum, place) => sum + Math.min(least, record.deathsAt(place)), 0);
  await countsTo(t, least * places.length, 'deaths at every place', seen, 120_000);
}

/** What every client of these tests is given: no answer may be made good by a second attempt. */
export const oneAttempt = { maxAttempts: 1, ejectAfter: 0, timeoutMs: 0, backoffFirstMs: 1, backoffMaxMs: 20 };

const outcomes = { none: 0, good: 1, mayHaveRun: 2, hasNotRun: 3, refused: 4 } as const;

export interface StormLoad {
  readonly name: string;
  readonly load: Load;
  readonly firstId: number;
  /** By id from `firstId`; grows. */
  readonly outcomes: number[];
}

export interface StormLoadOptions {
  name: string;
  callers: number;
  firstId: number;
  send: (body: Buffer) => Promise<Uint8Array>;
  random: Random;
  /** Largest body, bytes. */
  bodyMax?: number;
  /** Longest wait in a handler, ms. */
  sleepMax?: number;
  /** One request in a hundred takes its thread along in one of these ways. */
  dooms?: readonly Doom[];
  /** The handler hands on failures of calls that it made: those forbid a second attempt at each step of the way. */
  relays?: boolean;
}

export function startStormLoad(options: StormLoadOptions): StormLoad {
  const { name, callers, firstId, send, random, bodyMax = 100_000, sleepMax = 4, dooms = [], relays = false } = options;
  const seen: number[] = [];
  const load = startLoad(callers, firstId, async (id) => {
    const bodyBytes = sizeOf(random, bodyMax);
    const doom = dooms.length > 0 && random() < 0.01 ? dooms[Math.floor(random() * dooms.length)] : undefined;
    const sleepMs = random() < 0.3 ? Math.floor(random() * sleepMax) : 0;
    const at = id - firstId;
    seen[at] = outcomes.none;
    try {
      const answer = Buffer.from(await send(request(id, bodyBytes, { sleepMs, doom })));
      seen[at] = outcomes.good;
      return isReply(answer, id, bodyBytes);
    } catch (reason) {
      const { retry } = HeddleError.from(reason);
      if (retry === 'yes') seen[at] = outcomes.hasNotRun;
      else seen[at] = retry === 'if-idempotent' || relays ? outcomes.mayHaveRun : outcomes.refused;
      throw reason;
    }
  });
  return { name, load, firstId, outcomes: seen };
}

/** Mostly small ones, which lie in their slots; some need a block of the arena. */
function sizeOf(random: Random, max: number): number {
  const kind = random();
  if (kind < 0.5) return Math.floor(random() * 200);
  return Math.floor(random() * (kind < 0.9 ? 4_000 : max));
}

export interface Cost {
  atMs: number;
  cpu: NodeJS.CpuUsage;
}

export function costNow(): Cost {
  return { atMs: performance.now(), cpu: process.cpuUsage() };
}

/** For the log: on a machine that others use too only the second number can be compared. */
export function costSince({ atMs, cpu }: Cost): string {
  const { user, system } = process.cpuUsage(cpu);
  const seconds = ((performance.now() - atMs) / 1000).toFixed(1);
  return `${seconds} s, ${((user + system) / 1e6).toFixed(1)} s of CPU`;
}

/** The callers get answers again, each load some. */
export async function answersCome(t: ExecutionContext, server: Server, loads: readonly StormLoad[]): Promise<void> {
  const before = loads.map(({ load }) => load.good);
  const come = () => loads.every(({ load }, at) => load.good > before[at]! + 20);
  await eventually('answers after the last death', come, 40_000).catch((reason: unknown) => {
    for (const { name, threads } of allPools(server)) {
      t.log(`pool ${name}: ${[...threads].map(({ number, state }) => `${number} ${state}`).join(', ') || 'no thread'}`);
    }
    t.log(`held ${JSON.stringify(held(server))}, numbers ${server.supervisor.numbersInUse}`);
    t.log(loads.map(({ name, load }, at) => `${name} ${load.good - before[at]!}`).join(', '));
    throw reason;
  });
}

/** One client still gets right answers, one after the other. */
export async function stillAnswers(t: ExecutionContext, send: (body: Buffer) => Promise<Uint8Array>): Promise<void> {
  for (let id = 0; id < 20; id++) t.true(isReply(Buffer.from(await send(request(id, 500))), id, 500));
}

/** No more files are open than before, but for a few (`more`) that the test can account for. */
export async function filesBack(t: ExecutionContext, before: number, more = 0): Promise<void> {
  await eventually('no file more than before', () => openFiles() <= before + more).catch(() => {});
  t.true(openFiles() <= before + more, `${openFiles()} files, ${before} before`);
}

/**
 * Holds what the callers were told against what ran: no foreign answer, no failure but UNAVAILABLE, no request that ran
 * twice, none that ran though its caller was told that it had not, none answered that did not run to its end.
 */
export function judge(t: ExecutionContext, loads: readonly StormLoad[], record: DeathRecord): void {
  for (const { name, load, firstId, outcomes: seen } of loads) {
    const failures = [...load.failures].map(([code, { count, message }]) => `${count} × ${code} (${message})`);
    t.log(`${name}: ${load.good} right; ${failures.join('; ') || 'no failure'}`);
    t.is(load.wrong, 0, `${name}: answers that belong to other requests`);
    t.true(load.good > 0, name);
    t.deepEqual(
      [...load.failures.keys()].filter((code) => code !== 'UNAVAILABLE'),
      [],
      `${name}: ${failures.join('; ')}`,
    );
    const faults: string[] = [];
    for (const [at, outcome] of seen.entries()) {
      const id = firstId + at;
      const { began, ended } = record.runsOf(id);
      const isRight =
        began <= 1 &&
        ended <= began &&
        (outcome === outcomes.good
          ? ended === 1
          : outcome === outcomes.hasNotRun
            ? began === 0
            : outcome === outcomes.mayHaveRun);
      if (!isRight) faults.push(`request ${id}: outcome ${outcome}, began ${began}, ended ${ended}`);
    }
    t.deepEqual(faults.slice(0, 10), [], `${name}: ${faults.length} requests of ${seen.length}`);
  }
}

/** Of threads that main has heard of: those that are ended from outside, and how soon after that at most, ms. */
const endedShare = 0.6;
const endedWithinMs = 300;
/** Of Workers that are made: those that are ended in Node's own bootstrap. More of them would only measure its backoff. */
const unbornShare = 0.08;
const unbornWithinMs = 50;

/** Files of one Worker: a pool may keep one more than it has threads, ready for the next death. */
export const spareWorkerFiles = 10;

/**
 * Ends threads from outside until it is disposed: those that stand still where the trap stopped them, and many of those of
 * the pools that are given to `hunt`, at an instant between their birth and their best years.
 */
export class Reaper implements Disposable {
  /** Workers that have stopped. */
  exits = 0;
  #hunted: readonly ThreadPool[] = [];
  readonly #record: DeathRecord;
  readonly #random: Random;
  readonly #workers = new Map<number, Worker>();
  readonly #met = new WeakSet<Worker>();
  readonly #timer: NodeJS.Timeout;

  constructor(record: DeathRecord, random: Random) {
    this.#record = record;
    this.#random = random;
    process.on('worker', this.#onWorker);
    this.#timer = setInterval(() => this.#look(), 5);
  }

  /** From now on these pools' threads, and no others. */
  hunt(pools: readonly ThreadPool[]): void {
    this.#hunted = pools;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    process.off('worker', this.#onWorker);
  }

  readonly #onWorker = (worker: Worker): void => {
    const { threadId } = worker;
    this.#workers.set(threadId, worker);
    worker.once('exit', () => {
      this.exits++;
      this.#workers.delete(threadId);
    });
    if (this.#hunted.length > 0 && this.#random() < unbornShare) this.#end(worker, unbornWithinMs);
  };

  #look(): void {
    for (const threadId of this.#record.takeStanding()) void this.#workers.get(threadId)?.terminate();
    for (const { threads } of this.#hunted) {
      for (const { worker } of threads) {
        if (worker === undefined || this.#met.has(worker)) continue;
        this.#met.add(worker);
        if (this.#random() < endedShare) this.#end(worker, endedWithinMs);
      }
    }
  }

  #end(worker: Worker, withinMs: number): void {
    setTimeout(() => void worker.terminate(), this.#random() * withinMs).unref();
  }
}
