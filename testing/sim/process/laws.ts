// Laws of the simulated process that are looked at from outside, in its shared memory: before each operation, when nothing
// can run, and at the end, when nothing is under way.

import type { Settings } from '../../../runtime/settings.ts';
import { Inflight } from '../../../runtime/shared/inflight.ts';
import {
  boardRowWords,
  board as boardWord,
  fates,
  generationMask,
  generationShift,
  laneCount,
  lane as laneWord,
  laneWords,
  nestedLane,
  phaseShift,
  phases,
  slot as slotWord,
  slotWords,
  wants,
} from '../../../runtime/shared/layout.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';
import type { PoolMemory } from '../../../runtime/thread-control.ts';
import type { ThreadState } from '../../../scheduler/pool-thread.ts';
import type { RequestRunner } from '../../../scheduler/request-runner.ts';
import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';
import type { SimMain } from './main-main.ts';
import type { ProcessThread } from './spawner.ts';

export const processLaws = {
  settled: 'no settlement before the death',
  idle: 'no idle thread beside queued work',
  permits: 'permits balance',
  blocks: 'blocks balance',
  queues: 'queues drain',
  tables: 'table words are free',
  links: 'links are those of the living',
  numbers: 'numbers are given back',
  threads: 'every place has its thread',
  timers: 'timers are taken back',
  fibers: 'fibers end',
} as const;

export interface LawWorld {
  readonly simulation: Simulation;
  readonly main: SimMain;
  /** By number. */
  readonly processThreads: ReadonlyMap<number, ProcessThread>;
  readonly settings: Settings;
  /** It was told to stop: its threads end, whatever lies in its queues. */
  isStopping(): boolean;
  /** How long a sleeper may lie beside work: above 0 where code goes on by other ways than Heddle's, ms. */
  readonly wakeMs: number;
  /** CPU threads own connections, whose timers wait while nothing runs. */
  readonly ownsConnections: boolean;
}

/** Who takes from a queue. */
type Taker = ProcessThread & { readonly runner: RequestRunner; readonly state: ThreadState };

/** What a thread that has ended its work may still do: its connections are nobody else's. */
const ofSockets: ReadonlySet<string> = new Set(['write', 'end', 'destroy']);

export class Laws {
  readonly #world: LawWorld;
  readonly #board: Int32Array;
  readonly #inflight: Inflight;
  readonly #queues: { pool: PoolMemory; queue: RunQueue }[];
  readonly #numberOf = new Map<SimThread, number>();
  /** By asker: blocks of requests that lie where nobody takes. */
  readonly #left = new Map<number, number>();
  /** Since when somebody sleeps beside the work of a lane, ms. */
  readonly #sleeping = new Map<string, number>();

  constructor(world: LawWorld) {
    this.#world = world;
    const { supervisor } = world.main;
    this.#board = new Int32Array(supervisor.board.memory);
    this.#inflight = new Inflight(supervisor.inflight.memory);
    this.#queues = supervisor.pools.map((pool) => {
      return { pool, queue: new RunQueue(pool.memory, pool.capacity, 0) };
    });
  }

  /** A thread is to get this number: nobody can name the last one that had it any more. */
  checkNumber(thread: SimThread, number: number): void {
    for (const { thread: other, runner } of this.#world.processThreads.values()) {
      if (!other.isAlive || runner?.endpoint.links.get(number) === undefined) continue;
      this.#fail('numbers', `${thread.name} gets number ${number}, and ${other.name} is linked with its last owner`);
    }
  }

  /** A thread has its number. */
  born(thread: SimThread, number: number): void {
    this.#numberOf.set(thread, number);
  }

  /** Before each operation: who is settled as dead does nothing any more. */
  checkOperation(thread: SimThread): void {
    const number = this.#numberOf.get(thread);
    if (number === undefined || ofSockets.has(thread.operation.kind)) return;
    if (this.#board[number * boardRowWords + boardWord.fate] !== fates.dead) return;
    this.#fail(
      'settled',
      `${thread.name} is settled as dead, and goes on: ${this.#world.simulation.describe(thread.operation)}`,
    );
  }

  /** Nothing can run just now. */
  checkIdle(): void {
    this.#checkPermits();
    for (const { pool, queue } of this.#queues) {
      for (let lane = 0; lane < laneCount; lane++) {
        const key = `${pool.name} ${lane}`;
        if (!queue.hasWork(lane)) this.#sleeping.delete(key);
        else {
          if (!this.#checkTakers(pool, lane, key)) this.#sleeping.delete(key);
          this.#checkLeft(pool, lane);
        }
      }
    }
  }

  /** Nothing is under way any more. */
  checkEnd(): void {
    const { main } = this.#world;
    this.#checkPermits();
    if (!this.#inflight.isEmpty) this.#fail('permits', 'some are still counted, and nothing is under way');
    for (const { pool } of this.#queues) this.#checkSlots(pool);
    const living = [...main.pools].flatMap((pool) => [...pool.threads]).map(({ number }) => number);
    const { numbersInUse } = main.supervisor;
    if (numbersInUse !== living.length) {
      this.#fail(
        'numbers',
        `${numbersInUse} numbers are in use, and ${living.length} threads live: ${living.join(', ')}`,
      );
    }
    for (const pool of main.pools) {
      const { threads } = pool.inUse.plan;
      if (pool.size !== threads) {
        this.#fail('threads', `pool ${pool.name} has ${pool.size} threads that serve, not ${threads}`);
      }
    }
    for (const number of living) this.#checkThread(this.#world.processThreads.get(number)!, living);
  }

  /** All threads have ended, as the process was told to stop. */
  checkStopped(): void {
    const { numbersInUse } = this.#world.main.supervisor;
    if (numbersInUse > 0) this.#fail('numbers', `${numbersInUse} numbers are in use, and all threads have ended`);
    if (!this.#inflight.isEmpty) this.#fail('permits', 'some are still counted, and all threads have ended');
  }

  #checkThread({ thread, number, runner }: ProcessThread, living: readonly number[]): void {
    const { asker, answerer, links, timers } = runner!.endpoint;
    const { name } = thread;
    if (runner!.fibers > 0) this.#fail('fibers', `${runner!.fibers} requests still run on ${name}`);
    if (asker.inFlight > 0) this.#fail('tables', `${name} waits for ${asker.inFlight} answers`);
    if (asker.table.room !== asker.table.entries) {
      this.#fail('tables', `${asker.table.entries - asker.table.room} words of ${name}'s request table are in use`);
    }
    const blocks = asker.arena.leased - (this.#left.get(number) ?? 0);
    if (blocks !== 0) this.#fail('blocks', `${blocks} blocks of ${name}'s arena are leased, and nothing is under way`);
    if (answerer.held > 0) this.#fail('tables', `${name} holds ${answerer.held} replies`);
    const linked = links.list.map(({ peer }) => peer).sort((left, right) => left - right);
    const expected = [...living].sort((left, right) => left - right);
    if (linked.join() !== expected.join()) {
      this.#fail('links', `${name} is linked with ${linked.join(', ')}, and ${expected.join(', ')} live`);
    }
    if (name.startsWith('io') || this.#world.ownsConnections) return;
    if (timers.size > 0) this.#fail('timers', `${timers.size} timers wait on ${name} (${number}), where nothing runs`);
  }

  #checkPermits(): void {
    const { settings, processThreads } = this.#world;
    // Each service has a second column, for what canaries have of it.
    const columns = 2 * settings.services.length;
    for (const { number, thread } of processThreads.values()) {
      for (let column = 0; column <= columns; column++) {
        const count = this.#inflight.get(number, column);
        if (count < 0) this.#fail('permits', `${thread.name} has ${count} of column ${column} under way`);
      }
    }
  }

  /**
   * Work lies in a lane, `key`. Whoever sleeps and would take it, or has room for it, whatever its park word says, should be
   * at it; true: it may still be woken.
   */
  #checkTakers(pool: PoolMemory, lane: number, key: string): boolean {
    const want = pool.calls ? wants.calls : lane === nestedLane ? wants.nested : wants.requests;
    const { simulation, processThreads, main } = this.#world;
    // A ring may have been spent on one that died; when that is settled, everybody looks again.
    let living = 0;
    for (const { thread } of processThreads.values()) if (thread.isAlive) living++;
    if (main.supervisor.numbersInUse !== living) return false;
    const takers = this.#takersOf(pool);
    // Somebody was woken and has not come to it yet. Who is busy was not: it had left its sleep before it began.
    if (takers.some(({ thread }) => thread.ready.length > 0 && thread.busyUntilMs <= simulation.nowMs)) return false;
    for (const taker of takers) {
      const { thread, number } = taker;
      const row = number * boardRowWords;
      if (this.#board[row + boardWord.fate] !== fates.alive) continue;
      const isWaiting = (this.#board[row + boardWord.park]! & want) !== 0;
      if (!isWaiting && !this.#hasRoom(taker, pool, lane)) continue;
      const sinceMs = this.#sleeping.get(key) ?? simulation.nowMs;
      this.#sleeping.set(key, sinceMs);
      if (simulation.nowMs - sinceMs < this.#world.wakeMs) return true;
      const how = isWaiting ? 'sleeps and wants' : 'sleeps, has room for and does not want';
      this.#fail('idle', `${thread.name} ${how} what lies in lane ${lane} of queue ${pool.name}`);
    }
    return false;
  }

  /** What a generation leaves in its queue nobody will take: so nobody may have put it there, or wait for it. */
  #checkLeft({ name, memory, capacity }: PoolMemory, lane: number): void {
    const { main, simulation, processThreads } = this.#world;
    if (this.#world.isStopping() || main.supervisor.downPools.has(name)) return;
    const isTaken = main.pools.some(({ generations }) =>
      generations.some(({ plan, phase }) => {
        if (phase === 'leaving' || phase === 'ended') return false;
        for (let place = 0; place < plan.threads; place++) if (plan.takes(place).includes(name)) return true;
        return false;
      }),
    );
    if (isTaken) return;
    const words = new Int32Array(memory);
    for (let index = 0; index < capacity; index++) {
      const at = slotAt(capacity, lane, index);
      if (phaseOf(words, at) !== phases.ready || !this.#isWanted(words, at)) continue;
      const asker = processThreads.get(words[at + slotWord.asker]!)?.thread;
      // One that stands still has not heard yet that what it waits for is answered.
      if (asker?.isAlive !== true || asker.ready.length > 0 || asker.stalledUntilMs > simulation.nowMs) continue;
      this.#fail(
        'queues',
        `${asker.name} waits for slot ${index} of lane ${lane} of queue ${name}, which nobody takes from`,
      );
    }
  }

  /** Threads that take from a queue, by what main has planned. */
  #takersOf({ name }: PoolMemory): Taker[] {
    const takers: Taker[] = [];
    for (const { generations } of this.#world.main.pools) {
      for (const { plan, threads } of generations) {
        for (const { number, place, state } of threads) {
          const known = this.#world.processThreads.get(number);
          if (known?.runner === undefined || !known.thread.isAlive || !plan.takes(place).includes(name)) continue;
          if (state === 'going' || state === 'retiring') takers.push({ ...known, runner: known.runner, state });
        }
      }
    }
    return takers;
  }

  /** By the bounds of the settings, not by what the thread says of itself. All its fibers count, whatever they are for. */
  #hasRoom({ thread, pool: own, runner, state }: Taker, { calls }: PoolMemory, lane: number): boolean {
    const { simulation, settings } = this.#world;
    if (state !== 'going' || thread.busyUntilMs > simulation.nowMs || runner.endpoint.answerer.isFull) return false;
    const { maxFibers, maxNested } = own === 'io' ? settings.io : settings.pools.find(({ name }) => name === own)!;
    return calls || runner.fibers < (lane === nestedLane ? maxNested : maxFibers);
  }

  /**
   * All slots are free but those that nobody takes: the last threads of a queue have died or left, and the next ones will
   * pass over what was answered without them. Notes whose blocks lie there.
   */
  #checkSlots({ name, memory, capacity }: PoolMemory): void {
    const words = new Int32Array(memory);
    const isTaken = this.#world.main.pools.some((pool) =>
      pool.generations.some(({ plan, size }) => size > 0 && plan.takes(0).includes(name)),
    );
    for (let lane = 0; lane < laneCount; lane++) {
      for (let index = 0; index < capacity; index++) {
        const at = slotAt(capacity, lane, index);
        const phase = phaseOf(words, at);
        if (phase === phases.free) continue;
        if (phase !== phases.ready || isTaken || this.#isWanted(words, at)) {
          this.#fail('queues', `slot ${index} of lane ${lane} of queue ${name} is in phase ${phase}`);
        }
        const asker = words[at + slotWord.asker]!;
        if (words[at + slotWord.block]! >= 0) this.#left.set(asker, (this.#left.get(asker) ?? 0) + 1);
      }
    }
  }

  #isWanted(words: Int32Array, at: number): boolean {
    const asker = words[at + slotWord.asker]!;
    if (asker === 0) return false;
    const table = new Int32Array(this.#world.main.supervisor.memory(asker).table);
    const word = table[words[at + slotWord.request]!]!;
    return ((word >>> generationShift) & generationMask) === words[at + slotWord.generation];
  }

  #fail(law: keyof typeof processLaws, sentence: string): never {
    return this.#world.simulation.fail(processLaws[law], sentence);
  }
}

function slotAt(capacity: number, lane: number, index: number): number {
  return lane * laneWords(capacity) + laneWord.slots + index * slotWords;
}

function phaseOf(words: Int32Array, at: number): number {
  return (words[at + slotWord.state]! >>> phaseShift) & 3;
}
