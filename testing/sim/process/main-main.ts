// The main thread of the simulated process: what net/server/server.ts wires, without acceptor, log thread, plugins and admin.
// Its pools' threads are made by the world's spawner.

import type { CpuGenerations } from '../../../net/server/cpu-generations.ts';
import { Roller } from '../../../net/server/roller.ts';
import { ServerAdmission } from '../../../net/server/server-admission.ts';
import { queueNames } from '../../../net/server/server-memory.ts';
import { ServerStrategies } from '../../../net/server/server-strategies.ts';
import { ServerTable } from '../../../net/server/server-table.ts';
import type { Serving } from '../../../net/service/method-table.ts';
import { callQueueName } from '../../../net/thread/thread-carrier.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { type LiveSettings, noLiveSettings } from '../../../runtime/live-settings.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { RestartLimits } from '../../../runtime/restart-policy.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { CounterTable, poolCounters } from '../../../runtime/shared/counters.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';
import type { PoolMemory, ToMain } from '../../../runtime/thread-control.ts';
import { Guards } from '../../../scheduler/guards.ts';
import type { GenerationPlan } from '../../../scheduler/pool-options.ts';
import type { Spawner } from '../../../scheduler/pool-thread.ts';
import { Supervisor } from '../../../scheduler/supervisor.ts';
import { ThreadPool } from '../../../scheduler/thread-pool.ts';

export interface MainBirth {
  settings: Settings;
  tableEntries: number;
  arenaBytes: number;
  clock: Clock;
  log: Logger;
  spawner: (pool: string) => Spawner;
  /** Default: of a process that has none of it. */
  live?: LiveSettings | undefined;
  /** Series of handlers' metrics. Default 1. */
  metricSeries?: number | undefined;
  /** As ThreadInit has it. Default 0. */
  spinMs?: number | undefined;
  /** When threads that die are replaced. Default: soon slowly, see below. */
  restart?: RestartLimits | undefined;
}

/** Few deaths in a short time, so that pools of a short run go down and come up again. */
const restartSoonSlowly: RestartLimits = { max: 3, windowMs: 500, backoffFirstMs: 100, backoffMaxMs: 200 };

/** How often a stop looks whether anything still runs, and how long a thread may take to end, ms. */
const quietLookMs = 5;
const threadStopMs = 1_000;

export function main(birth: MainBirth): SimMain {
  return new SimMain(birth);
}

export class SimMain {
  readonly supervisor: Supervisor;
  readonly ioPool: ThreadPool;
  readonly cpuPools: ThreadPool[];
  readonly guards: Guards;
  readonly table: ServerTable;
  readonly roller: Roller;
  readonly strategies: ServerStrategies;
  readonly #birth: MainBirth;
  readonly #admission: ServerAdmission;
  readonly #drained = new Set<number>();

  constructor(birth: MainBirth) {
    const { settings, tableEntries, arenaBytes, clock, log, spawner } = birth;
    this.#birth = birth;
    this.supervisor = new Supervisor({
      pools: memoriesOf(settings),
      services: settings.services.length,
      clients: settings.clients.length,
      metricSeries: birth.metricSeries ?? 1,
      tableEntries,
      arenaBytes,
    });
    this.#admission = new ServerAdmission(this.supervisor, clock);
    this.table = new ServerTable(this.supervisor, this.#admission, () => {});
    const counts = new CounterTable(poolCounters, 1 + settings.pools.length);
    this.strategies = new ServerStrategies(settings, () => this.pools, clock, log);
    const { strategies } = this;
    const common = {
      supervisor: this.supervisor,
      maxRequests: settings.limits.requests,
      spinMs: birth.spinMs ?? 0,
      restart: birth.restart ?? restartSoonSlowly,
      clock,
      log,
      live: () => birth.live ?? noLiveSettings,
      table: () => this.table.inForce,
      methodRows: () => this.table.rows,
      onDeath: (death: Parameters<Guards['onDeath']>[0]) => this.guards.onDeath(death),
      onEnded: (pool: string, generation: number) => this.guards.onEnded(pool, generation),
    };
    this.ioPool = new ThreadPool({
      ...common,
      name: 'io',
      counts: { table: counts, row: 0 },
      threads: settings.io.threads,
      takes: (place) => ['io', callQueueName(place)],
      threadName: (place) => `io-${place + 1}`,
      spawn: spawner('io'),
      onMessage: (number: number, message: ToMain) => {
        strategies.onMessage(number, message);
        if (message.type === 'drained') this.#drained.add(number);
      },
      onGone: (number: number) => {
        strategies.onGone(number);
        this.#drained.add(number);
      },
      onGoing: (number: number) => strategies.onGoing(number),
    });
    const plan = (pool: { name: string; threads: number }, number: number, queue: string): GenerationPlan => {
      const { name, threads } = pool;
      const suffix = number === 1 ? '' : `.g${number}`;
      const threadName = (place: number) => `${name}-${place + 1}${suffix}`;
      return { threads, takes: () => [queue], threadName, spawn: spawner(name) };
    };
    this.cpuPools = settings.pools.map((pool, index) => {
      const { name } = pool;
      return new ThreadPool({
        ...common,
        name,
        counts: { table: counts, row: 1 + index },
        ...plan(pool, 1, name),
        onMessage: (number, message) => strategies.onMessage(number, message),
        onGone: (number) => strategies.onGone(number),
        onGoing: (number) => strategies.onGoing(number),
      });
    });
    const pools = () => [this.ioPool, ...this.cpuPools];
    // Of what makes generations the roller asks for plans alone.
    const cpu = {
      plan: (pool: { name: string; threads: number }, _settings: Settings, number: number, queue: string) =>
        plan(pool, number, queue),
    } as unknown as CpuGenerations;
    const { supervisor, table } = this;
    this.roller = new Roller({
      pools,
      supervisor,
      table,
      cpu,
      settings: () => settings,
      checkLoaded: () => {},
      clock,
      log,
    });
    this.guards = new Guards({
      pools: [
        { pool: this.ioPool, stalls: settings.io },
        ...settings.pools.map((pool, at) => ({ pool: this.cpuPools[at]!, stalls: pool })),
      ],
      counts,
      supervisor,
      quarantine: settings.quarantine,
      nameOf: (method) => `method ${method}`,
      clock,
      log,
    });
  }

  get pools(): ThreadPool[] {
    return [this.ioPool, ...this.cpuPools];
  }

  async start(): Promise<void> {
    await this.strategies.part().start();
    const serving = new Map<string, Serving>();
    await Promise.all(
      this.pools.map(async (pool) => serving.set(pool.name, { queue: pool.name, served: await pool.spawn() })),
    );
    for (const pool of this.pools) await pool.link();
    this.table.build(this.#birth.settings, serving);
    for (const pool of this.pools) pool.go();
    this.guards.start();
    await this.#admission.part().start();
  }

  /** Another generation of a pool; as a canary, if `percent` is less than 100, which goes on or back after a while. */
  async roll(pool: string, percent: number, goesOn: boolean, afterMs: number): Promise<void> {
    const { settings, clock } = this.#birth;
    const request = { settings, pools: [pool] };
    if (percent === 100) {
      await this.roller.roll(request);
      return;
    }
    const canary = await this.roller.canary({ ...request, percent });
    await new Promise<void>((resolve) => {
      clock.setTimer(afterMs, resolve);
    });
    if (goesOn) await canary.goOn();
    else await canary.rollBack();
  }

  /** As on SIGTERM. Resolves when all threads have ended. */
  async stop(): Promise<void> {
    const { clock } = this.#birth;
    this.roller.stop();
    for (const pool of this.cpuPools) pool.tell({ type: 'drain' });
    this.#drained.clear();
    this.ioPool.tell({ type: 'drain' });
    const isDrained = () => [...this.ioPool.threads].every(({ number }) => this.#drained.has(number));
    const untilMs = clock.nowMs() + 5_000;
    while (clock.nowMs() < untilMs && !(isDrained() && this.supervisor.isQuiet)) {
      await new Promise<void>((resolve) => {
        clock.setTimer(quietLookMs, resolve);
      });
    }
    this.guards.stop();
    await this.#admission.part().stop();
    for (const pool of this.pools) pool.beginStop();
    await Promise.all(this.pools.map((pool) => pool.stop(threadStopMs)));
    await this.strategies.part().stop();
  }
}

function memoriesOf({ io, pools }: Settings): PoolMemory[] {
  const queue = (name: string, capacity: number, calls: boolean, pool = name): PoolMemory => {
    return { name, pool, memory: RunQueue.allocate(capacity), capacity, calls };
  };
  return [
    queue('io', io.queueLength, false),
    ...Array.from({ length: io.threads }, (_, place) => queue(callQueueName(place), io.queueLength, true)),
    ...pools.flatMap(({ name, queueLength }) => queueNames(name).map((one) => queue(one, queueLength, false, name))),
  ];
}
