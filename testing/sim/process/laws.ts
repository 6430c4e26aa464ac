// Laws of the simulated process that are looked at from outside, in its shared memory: before each operation, when nothing
// can run, and at the end, when nothing is under way.

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
  readonly columns: number;
  /** How long a sleeper may lie beside work: above 0 where code goes on by other ways than Heddle's, ms. */
  readonly wakeMs: number;
  /** CPU threads own connections, whose timers wait while nothing runs. */
  readonly ownsConnections: boolean;
}

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
        if (!queue.hasWork(lane) || !this.#checkTakers(pool, lane, key)) this.#sleeping.delete(key);
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
    const { columns, processThreads } = this.#world;
    for (const { number, thread } of processThreads.values()) {
      for (let column = 0; column <= columns; column++) {
        const count = this.#inflight.get(number, column);
        if (count < 0) this.#fail('permits', `${thread.name} has ${count} of column ${column} under way`);
      }
    }
  }

  /** Work lies in a lane, `key`. Whoever sleeps and would take it should have been woken; true: it may still be. */
  #checkTakers(pool: PoolMemory, lane: number, key: string): boolean {
    const want = pool.calls ? wants.calls : lane === nestedLane ? wants.nested : wants.requests;
    const { simulation, processThreads, main } = this.#world;
    // A ring may have been spent on one that died; when that is settled, everybody looks again.
    let living = 0;
    for (const { thread } of processThreads.values()) if (thread.isAlive) living++;
    if (main.supervisor.numbersInUse !== living) return false;
    const takers = [...processThreads.values()].filter(({ thread, runner }) => {
      return thread.isAlive && runner !== undefined && takesFrom(runner.endpoint, pool);
    });
    // Somebody was woken and has not come to it yet. Who is busy was not: it had left its sleep before it began.
    if (takers.some(({ thread }) => thread.ready.length > 0 && thread.busyUntilMs <= simulation.nowMs)) return false;
    for (const { thread, number } of takers) {
      const row = number * boardRowWords;
      const isAlive = this.#board[row + boardWord.fate] === fates.alive;
      if (!isAlive || (this.#board[row + boardWord.park]! & want) === 0) continue;
      const sinceMs = this.#sleeping.get(key) ?? simulation.nowMs;
      this.#sleeping.set(key, sinceMs);
      if (simulation.nowMs - sinceMs < this.#world.wakeMs) return true;
      this.#fail('idle', `${thread.name} sleeps and wants what lies in lane ${lane} of queue ${pool.name}`);
    }
    return false;
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
        const at = lane * laneWords(capacity) + laneWord.slots + index * slotWords;
        const phase = (words[at + slotWord.state]! >>> phaseShift) & 3;
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

function takesFrom(endpoint: NonNullable<ProcessThread['runner']>['endpoint'], { name, calls }: PoolMemory): boolean {
  const pool = endpoint.pools.get(name);
  const takes = calls ? endpoint.callTaker !== undefined : endpoint.taker !== undefined;
  return takes && pool?.members.includes(endpoint.number) === true;
}
