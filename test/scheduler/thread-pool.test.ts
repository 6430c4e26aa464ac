// ThreadPool: a thread that never says that it is ready, with a real Worker; and threads that come, are replaced and end
// at the worst moments, played by the test over real ports with a clock that it moves.

import { type MessagePort, Worker } from 'node:worker_threads';
import test from 'ava';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { noLiveSettings } from '../../runtime/live-settings.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { RestartLimits } from '../../runtime/restart-policy.ts';
import { CounterTable, poolCounters } from '../../runtime/shared/counters.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { RoutingTable, ToMain, ToThread } from '../../runtime/thread-control.ts';
import type { PoolThread, SpawnedThread, Spawner } from '../../scheduler/pool-thread.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import { ThreadPool } from '../../scheduler/thread-pool.ts';
import { eventually } from '../faults/rig.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

/** Lives until it is ended, and says nothing. */
const spawnSilent: Spawner = () => {
  const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return { worker: () => worker, exited, failure: () => undefined, endAlone: () => {} };
};

const startTimeoutMs = 20;
/** How long the pool waits for a thread to be known by all others. */
const linkWaitMs = 100;

function makePool(
  spawn: Spawner,
  clock: Clock,
  restart?: RestartLimits,
  table: () => RoutingTable | undefined = () => undefined,
): ThreadPool {
  const queue = { name: 'work', memory: RunQueue.allocate(2), capacity: 2, calls: false };
  return new ThreadPool({
    name: 'work',
    threads: 1,
    takes: () => ['work'],
    threadName: (place) => `work-${place + 1}`,
    supervisor: new Supervisor({ pools: [queue], services: 1, tableEntries: 64, arenaBytes: 65_536 }),
    spawn,
    maxRequests: 64,
    spinMs: 0,
    clock,
    log: silentLogger,
    counts: { table: new CounterTable(poolCounters, 1), row: 0 },
    startTimeoutMs,
    restart,
    live: () => noLiveSettings,
    table,
  });
}

test('a thread that does not load in time fails the start with its name, and a stop ends it', async (t) => {
  const pool = makePool(spawnSilent, systemClock);
  const error = await t.throwsAsync(pool.spawn(), { message: /modules of thread work-1 did not load within 20ms/ });
  t.like(error, { code: 'UNAVAILABLE' });
  t.is(pool.lostAtStart, 'work-1');
  await pool.stop(1);
  t.is([...pool.threads].length, 0);
});

/** A thread whose part the test plays: it obeys, is born and loads at once, unless it was told otherwise. */
class PlayedThread {
  readonly #control: MessagePort;
  readonly exited: Promise<void>;
  readonly exit: () => void;
  terminations = 0;
  /** In native code: it does not stop when it is terminated. */
  deep = false;
  readonly told: ToThread['type'][] = [];

  constructor(control: MessagePort) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#control = control;
    this.exited = promise;
    this.exit = resolve;
    control.on('message', (message: ToThread) => this.#onMessage(message));
    void promise.then(() => control.close());
  }

  load(): void {
    this.say({ type: 'born', threadId: 1 });
    this.say({ type: 'ready', methods: [] });
  }

  say(message: ToMain): void {
    this.#control.postMessage(message);
  }

  get worker(): Worker {
    const terminate = () => {
      this.terminations++;
      if (!this.deep) this.exit();
    };
    return { terminate } as unknown as Worker;
  }

  #onMessage(message: ToThread): void {
    this.told.push(message.type);
    if (message.type === 'died') this.say({ type: 'settled', number: message.number });
    if (message.type === 'stop') this.exit();
  }
}

/** A pool of one place whose threads the test plays. Nobody says `linked`: each waits for that as long as it may. */
class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly played: PlayedThread[] = [];
  readonly pool: ThreadPool;
  /** Of those to come: whether they load at once. */
  loads = true;
  #table: RoutingTable | undefined;

  constructor(restart?: RestartLimits) {
    this.pool = makePool(
      (_init, control) => this.#spawn(control),
      this.clock,
      restart,
      () => this.#table,
    );
  }

  async start(): Promise<PoolThread> {
    await this.pool.spawn();
    const linked = this.pool.link();
    await this.clock.advance(linkWaitMs);
    await linked;
    this.#table = { turn: 0, methods: [], queues: [] };
    this.pool.go();
    return this.pool.threads[Symbol.iterator]().next().value!;
  }

  /** The thread played as the `at`-th, once it is in that state. */
  async reaches(at: number, state: PoolThread['state']): Promise<PoolThread> {
    const find = () => [...this.pool.threads].find((one) => one.spawned.exited === this.played[at]?.exited);
    await eventually(`thread ${at} is ${state}`, () => find()?.state === state);
    return find()!;
  }

  /** It is ready, and what it waits for to be linked is over. */
  async goes(at: number): Promise<PoolThread> {
    await this.reaches(at, 'ready');
    await this.clock.advance(linkWaitMs);
    return this.reaches(at, 'going');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.stop(1);
  }

  states(): string[] {
    return [...this.pool.threads].map(({ state }) => state);
  }

  #spawn(control: MessagePort): SpawnedThread {
    const thread = new PlayedThread(control);
    this.played.push(thread);
    if (this.loads) thread.load();
    return {
      worker: (threadId) => (threadId === undefined ? undefined : thread.worker),
      exited: thread.exited,
      failure: () => undefined,
      endAlone: () => {},
    };
  }
}

test('a successor that dies before it goes leaves the old thread in its place', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  await stage.reaches(1, 'ready');
  stage.played[1]!.exit();
  await stage.clock.advance(linkWaitMs);
  t.false(await replaced);
  t.deepEqual(stage.states(), ['going']);
  t.false(stage.played[0]!.told.includes('retire'));
  t.is(stage.pool.restarts, 0);

  const again = stage.pool.replace(old.number);
  await stage.goes(2);
  t.true(await again, 'the next one may take it');
  await eventually('it is told', () => stage.played[0]!.told.includes('retire'));
  stage.played[0]!.say({ type: 'retired' });
  await eventually('it has ended', () => stage.states().join() === 'going');
});

test('a pool is up again as soon as any thread of a place goes, also beside one that retires', async (t) => {
  await using stage = new Stage({ max: 1, windowMs: 60_000, backoffFirstMs: 300, backoffMaxMs: 300 });
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  await stage.goes(1);
  t.true(await replaced);
  stage.played[1]!.exit();
  await stage.goes(2);
  t.false(stage.pool.down);
  stage.played[2]!.exit();
  await eventually('past the limit', () => stage.pool.down);
  await stage.clock.advance(300);
  await stage.goes(3);
  t.is(old.state, 'retiring');
  t.false(stage.pool.down);
});

test('a thread that is born too late is ended then, and its place is filled', async (t) => {
  await using stage = new Stage();
  await stage.start();
  stage.loads = false;
  stage.played[0]!.exit();
  await eventually('a replacement', () => stage.played.length === 2);
  await stage.clock.advance(startTimeoutMs);
  stage.loads = true;
  stage.played[1]!.load();
  await stage.goes(2);
  t.is(stage.played[1]!.terminations, 1);
  t.deepEqual(stage.states(), ['going']);
  t.is(stage.pool.restarts, 2);
});

test('a successor that has served and is condemned is replaced like any other', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  const successor = await stage.goes(1);
  t.true(await replaced);
  stage.played[0]!.say({ type: 'retired' });
  await eventually('the old one has ended', () => stage.states().join() === 'going');
  stage.pool.condemn(successor.number);
  await stage.goes(2);
  t.is(stage.pool.restarts, 1);
  t.deepEqual(stage.states(), ['going']);
});

test('the place of a condemned thread that does not stop is filled after a second', async (t) => {
  await using stage = new Stage();
  const stuck = await stage.start();
  stage.played[0]!.deep = true;
  stage.pool.condemn(stuck.number);
  t.is(stage.played[0]!.terminations, 1);
  await stage.clock.advance(999);
  t.is(stage.played.length, 1);
  await stage.clock.advance(1);
  await stage.goes(1);
  t.deepEqual(stage.states(), ['condemned', 'going']);
  stage.played[0]!.exit();
  await eventually('it has stopped at last', () => stage.states().join() === 'going');
  t.is(stage.played.length, 2, 'and nobody else comes for it');
  t.is(stage.pool.restarts, 1);
});
