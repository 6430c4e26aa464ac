// Server: one process's wiring. From Settings it makes the supervisor, the pools, the IO threads and the acceptor, and
// hands them to an Actor that starts and stops them in numbered phases.
//
// Start: 0. plugins are read, and installed on main; the admin listens; strategies are read  1. CPU pools spawn and load their modules; IO
//        threads spawn; both install their plugins  2. all threads are linked  3. all go  4. the acceptor listens
// Stop:  1. the acceptor closes its listeners  2. IO threads tell their peers and finish what runs, the pools still
//        serve  3. what fibers sent without waiting is finished  4. all threads end  5. the admin ends, metric sinks write for the last time, main's
//        plugins are disposed

import { availableParallelism } from 'node:os';
import type { AdminHost } from '../../admin/admin-host.ts';
import { Actor, type Part } from '../../runtime/actor.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type LogHub, startLogThread } from '../../runtime/log/hub.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { RestartLimits } from '../../runtime/restart-policy.ts';
import type { Settings } from '../../runtime/settings.ts';
import {
  type AcceptorCounter,
  acceptorCounters,
  CounterTable,
  type PoolCounter,
  poolCounters,
} from '../../runtime/shared/counters.ts';
import type { MethodRow, RoutingTable } from '../../runtime/thread-control.ts';
import type { Death } from '../../scheduler/death.ts';
import { Guards } from '../../scheduler/guards.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import { ThreadPool } from '../../scheduler/thread-pool.ts';
import { Acceptor } from '../accept/acceptor.ts';
import { targetsOf } from '../accept/connection-targets.ts';
import { type Listener, listenersOf } from '../accept/listener.ts';
import { openFilesMax } from '../accept/open-files.ts';
import { BypassedFilters } from '../filters/bypassed-filters.ts';
import { ServerJobs } from '../jobs/server-jobs.ts';
import { methodTable } from '../service/method-table.ts';
import { ioSpawner } from '../thread/io-spawner.ts';
import { callQueueName } from '../thread/thread-carrier.ts';
import { CpuGenerations } from './cpu-generations.ts';
import { IoDrain } from './io-drain.ts';
import { LogSides } from './log-sides.ts';
import { type ReadSettings, Reloader } from './reloader.ts';
import { servedOf, serverAdmin } from './server-admin.ts';
import { type ReloadReport, ServerLive } from './server-live.ts';
import { arenaBytesFor, poolMemories } from './server-memory.ts';
import { serverMetrics } from './server-metrics.ts';
import { type ServerStats, StatsLook } from './server-stats.ts';
import { ServerStrategies } from './server-strategies.ts';

/** Requests in flight per asking thread. */
const tableEntries = 16_384;
/** How long an idle thread polls before it parks, where threads do not outnumber cores, ms. */
const spinMs = 0.05;
/** How often a stop looks whether anything still runs, ms. */
const quietLookMs = 5;
/** How long a thread may take to end once it was told to, ms. */
const threadStopMs = 1_000;

/** What a program gives its server beside the settings. */
export interface ServerOptions {
  /** Default: the machine's. */
  clock?: Clock;
  /** When threads that die are replaced. Default: `restartLimits`. */
  restart?: RestartLimits;
  /** How the process before this one ended; only kept, for whoever asks. */
  previous?: PreviousProcess;
  /** Reads the settings again, for reloads. Default: there is nothing to read. */
  readSettings?: ReadSettings;
  /** What the settings come to and why, for people who ask the admin. Default: there is nothing to explain. */
  configText?: string;
  /** Absolute path of the config that the settings came from. Default: from none. */
  configFile?: string;
}

/** How a service process ended that a guardian has started again. */
export interface PreviousProcess {
  pid: number;
  /** What ended it; undefined: it ended itself, with `exitCode`. */
  signal?: NodeJS.Signals;
  exitCode?: number;
  /** How long it ran, ms. */
  upMs: number;
  /** Whether it had got as far as listening. */
  ready: boolean;
  /** Processes that the guardian has seen dying, this one included. */
  deaths: number;
}

/** An address that takes connections: `{ protocol: 'heddle', host: '127.0.0.1', port: 7000 }`. */
export interface ListeningAddress {
  protocol: string;
  host: string;
  port: number;
}

/**
 * The services of settings, inside of a program: `new Server(settings)`, `await server.start()`, and at the end
 * `await server.stop()`. The other fields are its parts, for the admin and for tests. The program handles signals.
 */
export class Server {
  readonly settings: Settings;
  /** Undefined: this is the first process of its guardian, or it has none. */
  readonly previous: PreviousProcess | undefined;
  readonly log: Logger;
  readonly supervisor: Supervisor;
  readonly ioPool: ThreadPool;
  readonly cpuPools: ThreadPool[] = [];
  readonly acceptor: Acceptor;
  /** A row for pool `io`, then one for each CPU pool. */
  readonly poolCounters: CounterTable<PoolCounter>;
  readonly acceptorCounters: CounterTable<AcceptorCounter> = new CounterTable(acceptorCounters, 1);
  readonly guards: Guards;
  /** Undefined: the settings have none. */
  readonly admin: AdminHost | undefined;
  /** Resolves when an operator has asked the admin for a drain, which begins a stop. */
  readonly drainAsked: Promise<void>;
  readonly plugins: ProcessPlugins;
  readonly strategies: ServerStrategies;
  readonly jobs: ServerJobs;
  readonly #live: ServerLive;
  readonly #bypassed: BypassedFilters;
  readonly #reloader: Reloader;
  readonly #logHub: LogHub;
  readonly #clock: Clock;
  readonly #actor: Actor;
  readonly #cpu: CpuGenerations;
  readonly #logSides: LogSides;
  readonly #ioDrain: IoDrain;
  readonly #listeners: readonly Listener[];
  #addresses: ListeningAddress[] = [];
  #table: RoutingTable | undefined;
  #ended = false;
  readonly #stats: StatsLook;

  constructor(settings: Settings, options: ServerOptions = {}) {
    this.settings = settings;
    this.previous = options.previous;
    this.#clock = options.clock ?? systemClock;
    this.#logHub = startLogThread(settings.log);
    this.#logSides = new LogSides(this.#logHub);
    this.log = this.#logHub.logger('server');
    this.plugins = new ProcessPlugins(
      settings,
      (component) => this.#logHub.logger(component),
      this.#logHub,
      this.#clock,
    );
    const pools = () => [this.ioPool, ...this.cpuPools];
    this.strategies = new ServerStrategies(settings, pools, this.#clock, this.#logHub.logger('strategies'));
    this.jobs = new ServerJobs(settings, pools, this.#clock, this.#logHub.logger('jobs'));
    this.#bypassed = new BypassedFilters(this.#logHub.logger('config'));
    this.#live = new ServerLive(settings, {
      logHub: this.#logHub,
      log: this.#logHub.logger('config'),
      tell: (message) => {
        for (const pool of pools()) pool.tell(message);
        this.admin?.onSettings(this.settingsInForce);
        this.#bypassed.look(this.settingsInForce);
      },
    });
    this.#reloader = new Reloader({
      read: options.readSettings,
      sources: this.plugins.extensions.configSources,
      live: this.#live,
      clock: this.#clock,
      log: this.#logHub.logger('config'),
    });
    this.#ioDrain = new IoDrain(
      () => this.ioPool,
      () => this.acceptor.ledger,
      this.#clock,
    );
    const listeners = listenersOf(settings);
    this.#listeners = listeners;
    const bindings = listeners.map(({ binding }) => binding);
    this.supervisor = new Supervisor({
      pools: poolMemories(settings),
      services: settings.services.length,
      clients: settings.clients.length,
      metricSeries: settings.metrics.series,
      tableEntries,
      arenaBytes: arenaBytesFor(settings, bindings),
    });
    const threads = settings.io.threads + settings.pools.reduce((sum, pool) => sum + pool.threads, 0);
    this.poolCounters = new CounterTable(poolCounters, 1 + settings.pools.length);
    const common = {
      onDeath: (death: Death) => this.guards.onDeath(death),
      supervisor: this.supervisor,
      maxRequests: settings.limits.requests,
      spinMs: threads < availableParallelism() ? spinMs : 0,
      clock: this.#clock,
      log: this.#logHub.logger('threads'),
      restart: options.restart,
      live: () => this.#live.live,
      table: () => this.#table,
    };
    this.ioPool = new ThreadPool({
      ...common,
      name: 'io',
      counts: { table: this.poolCounters, row: 0 },
      threads: settings.io.threads,
      takes: (place) => ['io', callQueueName(place)],
      threadName: (place) => `io-${place + 1}`,
      spawn: ioSpawner(
        settings,
        listeners,
        (init) => this.#logSides.attach(init),
        common.log,
        this.plugins,
        (number) => this.strategies.born(number, 'io'),
      ),
      onMessage: (number, message) => {
        this.strategies.onMessage(number, message);
        this.jobs.onMessage(number, message);
        if (message.type === 'connections') {
          for (const one of message.opened) this.acceptor.ledger.arrived(one);
          for (const one of message.closed) this.acceptor.ledger.close(one);
        }
        if (message.type === 'drained') this.#ioDrain.said(number);
        else this.#ioDrain.judge(number);
      },
      onGone: (number) => {
        this.strategies.onGone(number);
        this.jobs.onGone(number);
        this.acceptor.ledger.closeThread(number);
        this.#ioDrain.said(number);
      },
      onGoing: (number) => {
        this.acceptor.handOut();
        this.#onGoing(number);
      },
    });
    const { plugins, strategies } = this;
    const cpu = { settings, plugins, strategies, logSides: this.#logSides, clock: this.#clock, log: common.log };
    this.#cpu = new CpuGenerations(cpu);
    for (const [index, pool] of settings.pools.entries()) {
      this.cpuPools.push(
        new ThreadPool({
          ...common,
          name: pool.name,
          counts: { table: this.poolCounters, row: 1 + index },
          threads: pool.threads,
          takes: () => [pool.name],
          threadName: (place) => `${pool.name}-${place + 1}`,
          spawn: this.#cpu.spawner(pool),
          onMessage: (number, message) => {
            this.strategies.onMessage(number, message);
            this.jobs.onMessage(number, message);
          },
          onGone: (number) => {
            this.strategies.onGone(number);
            this.jobs.onGone(number);
            this.#logSides.detach(number);
          },
          onGoing: (number) => this.#onGoing(number),
        }),
      );
    }
    this.guards = new Guards({
      pools: [
        { pool: this.ioPool, stalls: settings.io },
        ...settings.pools.map((pool, at) => {
          return { pool: this.cpuPools[at]!, stalls: pool, memoryBytes: pool.memoryBytes };
        }),
      ],
      counts: this.poolCounters,
      supervisor: this.supervisor,
      quarantine: settings.quarantine,
      nameOf: (method, body) => this.jobs.nameOf(method, body) ?? this.#methodName(method),
      clock: this.#clock,
      log: common.log,
    });
    this.acceptor = new Acceptor({
      bindings,
      limits: settings.limits,
      openFilesMax: openFilesMax(),
      targets: () => targetsOf(this.ioPool),
      counters: this.acceptorCounters,
      clock: this.#clock,
      log: this.#logHub.logger('acceptor'),
    });
    const drainAsked = Promise.withResolvers<void>();
    this.drainAsked = drainAsked.promise;
    this.admin = serverAdmin({
      server: this,
      configText: options.configText,
      configFile: options.configFile,
      logHub: this.#logHub,
      state: () => this.#actor.state,
      drain: () => {
        drainAsked.resolve();
        void this.stop();
      },
      clock: this.#clock,
    });
    this.#actor = new Actor({
      parts: [
        this.plugins,
        serverMetrics(this.supervisor, this.plugins, this.#clock, this.#logHub),
        this.#adminPart(),
        this.#reloader.part(),
        this.strategies.part(),
        this.#threadsPart(),
        this.#ioDrain.part(),
        this.#acceptorPart(),
      ],
      stopTimeoutMs: settings.stop.timeoutMs,
      clock: this.#clock,
      log: this.log,
    });
    this.#actor.on('state', (state) => {
      this.admin?.touch();
      this.jobs.onState(state);
      if (state === 'running') {
        this.admin?.announce();
        this.#bypassed.look(this.settingsInForce);
      }
      if (state !== 'draining') return;
      this.plugins.beginDrain();
      for (const pool of this.cpuPools) pool.tell({ type: 'drain' });
    });
    this.#stats = new StatsLook(this, this.#clock);
  }

  /** Where it listens; ports that were 0 are the real ones. */
  get addresses(): readonly ListeningAddress[] {
    return this.#addresses;
  }

  get methods(): readonly MethodRow[] {
    return this.#table?.methods ?? [];
  }

  /** Throws when a module does not load, lacks a method, or an address can't be had. */
  async start(): Promise<void> {
    try {
      await this.#actor.start();
    } catch (reason) {
      await this.#logHub.close();
      throw reason;
    }
  }

  /** True when everything that was accepted was finished within `stop.timeout`. Idempotent. */
  async stop(): Promise<boolean> {
    const finished = await this.#actor.stop();
    await this.#logHub.close();
    return finished;
  }

  /**
   * Takes over what may change while the process runs: degraders, samplers, mirrors and forwards, log levels. What else is
   * different holds from the next start on, and is named.
   */
  reload(next: Settings): ReloadReport {
    return this.#live.reload(next);
  }

  /** With what reloads have changed; `settings` are those of the start. */
  get settingsInForce(): Settings {
    return this.#live.settings;
  }

  /** Reads the config again and takes over what may change. Throws what is wrong with it; then nothing has changed. */
  reloadFile(): Promise<ReloadReport> {
    return this.#reloader.reload();
  }

  /** What happened since the last look. */
  stats(): ServerStats {
    return this.#stats.next();
  }

  /** Before all threads and after them: it tells of a start that hangs, and of a drain. */
  #adminPart(): Part {
    return {
      name: 'admin',
      start: async () => this.admin?.start(),
      drain: async () => {},
      stop: async () => this.admin?.stop(),
    };
  }

  #tellServed(): void {
    this.admin?.onServed(servedOf(this.settings, this.methods, this.#listeners, this.#addresses));
  }

  /** Phases 1 to 3 up; 4 down. */
  #threadsPart(): Part {
    const pools = [this.ioPool, ...this.cpuPools];
    return {
      name: 'threads',
      start: async () => {
        const served = new Map<string, ServedRow[]>();
        await Promise.all(pools.map(async (pool) => served.set(pool.name, await pool.spawn())));
        const methods = methodTable(this.settings, served);
        for (const pool of pools) await pool.link();
        this.#table = { turn: 0, methods, queues: pools.map(({ name }) => ({ pool: name, queue: name })) };
        this.#tellServed();
        for (const pool of pools) pool.go();
        this.guards.start();
      },
      drain: () => this.#quiet(),
      stop: async () => {
        this.#ended = true;
        this.guards.stop();
        for (const pool of pools) pool.beginStop();
        await Promise.all(pools.map((pool) => pool.stop(threadStopMs)));
        await this.#cpu.close();
      },
    };
  }

  /** What fibers have sent without waiting for it is accepted too: it runs in the CPU pools when all peers are answered. */
  async #quiet(): Promise<void> {
    while (!this.supervisor.isQuiet) {
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(quietLookMs, () => resolve());
      });
      if (this.#ended) return;
    }
  }

  #acceptorPart(): Part {
    return {
      name: 'acceptor',
      start: async () => {
        this.#addresses = await this.acceptor.listen();
        this.#tellServed();
      },
      drain: () => this.acceptor.close(),
      stop: () => this.acceptor.close(),
    };
  }

  #onGoing(number: number): void {
    this.admin?.onGoing(number);
    this.strategies.onGoing(number);
  }

  #methodName(method: number): string {
    const row = this.methods.find(({ index }) => index === method);
    return row === undefined ? 'a task' : `${row.service}/${row.method}`;
  }
}
