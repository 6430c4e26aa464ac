// Server: one process's wiring. From Settings it makes the supervisor, the pools, the IO threads and the acceptor, and
// hands them to an Actor that starts and stops them in numbered phases.
//
// Start: 0. plugins are read, and installed on main; the admin listens; strategies are read  1. CPU pools spawn and load their modules; IO
//        threads spawn; both install their plugins  2. all threads are linked  3. all go  4. the acceptor listens
// Stop:  1. the acceptor closes its listeners  2. IO threads tell their peers and finish what runs, the pools still
//        serve  3. what fibers sent without waiting is finished  4. all threads end  5. the admin ends, metric sinks write for the last time, main's
//        plugins are disposed

import type { AdminHost } from '../../admin/admin-host.ts';
import { Actor, type Part } from '../../runtime/actor.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type LogHub, startLogThread } from '../../runtime/log/hub.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { Settings } from '../../runtime/settings.ts';
import {
  type AcceptorCounter,
  acceptorCounters,
  CounterTable,
  type PoolCounter,
  poolCounters,
} from '../../runtime/shared/counters.ts';
import type { MethodRow, ToMain } from '../../runtime/thread-control.ts';
import type { Death } from '../../scheduler/death.ts';
import { Guards } from '../../scheduler/guards.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import { ThreadPool } from '../../scheduler/thread-pool.ts';
import { Acceptor } from '../accept/acceptor.ts';
import { targetsOf } from '../accept/connection-targets.ts';
import { type Listener, listenersOf } from '../accept/listener.ts';
import { openFilesMax } from '../accept/open-files.ts';
import { BypassedFilters } from '../filters/bypassed-filters.ts';
import { ServerJobs } from '../jobs/server-jobs.ts';
import type { Serving } from '../service/method-table.ts';
import { ioSpawner } from '../thread/io-spawner.ts';
import { callQueueName } from '../thread/thread-carrier.ts';
import { CpuGenerations, spinMsOf } from './cpu-generations.ts';
import { IoDrain } from './io-drain.ts';
import { changeParts } from './live-parts.ts';
import { LoadedCode, unkeptCode } from './loaded-code.ts';
import { LogSides } from './log-sides.ts';
import { MinuteLooks } from './minute-looks.ts';
import { untilQuiet } from './quiet.ts';
import type { ReloadReport, ReloadRequest } from './reload-report.ts';
import { ReloadSteps } from './reload-steps.ts';
import { Reloader } from './reloader.ts';
import { Roller } from './roller.ts';
import { servedOf, serverAdmin } from './server-admin.ts';
import { ServerAdmission } from './server-admission.ts';
import { ServerLive } from './server-live.ts';
import { arenaBytesFor, poolMemories } from './server-memory.ts';
import { serverMetrics } from './server-metrics.ts';
import type { ListeningAddress, PreviousProcess, ServerOptions } from './server-options.ts';
import { type ServerStats, StatsLook } from './server-stats.ts';
import { ServerStrategies } from './server-strategies.ts';
import { ServerTable } from './server-table.ts';
import { shownPaths } from './settings-diff.ts';

/** Requests in flight per asking thread. */
const tableEntries = 16_384;
/** How long a thread may take to end once it was told to, ms. */
const threadStopMs = 1_000;

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
  readonly table: ServerTable;
  readonly roller: Roller;
  /** Which files its threads have loaded. */
  readonly code = new LoadedCode();
  readonly #live: ServerLive;
  readonly #bypassed: BypassedFilters;
  readonly #reloader: Reloader;
  readonly #reloadSteps: ReloadSteps;
  readonly #logHub: LogHub;
  readonly #clock: Clock;
  readonly #actor: Actor;
  readonly #cpu: CpuGenerations;
  readonly #logSides: LogSides;
  readonly #ioDrain: IoDrain;
  readonly #listeners: readonly Listener[];
  #addresses: ListeningAddress[] = [];
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
      clock: this.#clock,
      onTaken: (inForce, live) => {
        changeParts(this, inForce);
        for (const pool of pools()) pool.tell({ type: 'live', live });
        this.admin?.onSettings(inForce);
        this.admin?.touch();
        this.#tellServed();
        this.#bypassed.look(inForce);
      },
      turn: (inForce) => (this.table.inForce === undefined ? undefined : this.table.turn(inForce)),
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
    const admission = new ServerAdmission(this.supervisor, this.#clock);
    this.table = new ServerTable(this.supervisor, admission, () => this.#tellServed());
    this.poolCounters = new CounterTable(poolCounters, 1 + settings.pools.length);
    const common = {
      onDeath: (death: Death) => this.guards.onDeath(death),
      onEnded: (pool: string, generation: number) => {
        this.guards.onEnded(pool, generation);
        this.code.release({ pool, generation });
      },
      kept: (pool: string, generation: number) => this.code.kept({ pool, generation }),
      supervisor: this.supervisor,
      maxRequests: settings.limits.requests,
      spinMs: spinMsOf(settings),
      clock: this.#clock,
      log: this.#logHub.logger('threads'),
      restart: options.restart,
      startTimeoutMs: options.startTimeoutMs,
      finishMs: () => this.settingsInForce.roll.finishMs,
      live: () => this.#live.live,
      table: () => this.table.inForce,
      methodRows: () => this.table.rows,
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
        this.#onLoaded(this.ioPool, number, message);
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
        this.#reloadSteps.onGone(number);
        this.acceptor.ledger.closeThread(number);
        this.#ioDrain.said(number);
      },
      onGoing: (number) => {
        this.acceptor.handOut();
        this.#onGoing(number);
      },
    });
    const { plugins, strategies } = this;
    const cpu = { plugins, strategies, logSides: this.#logSides, clock: this.#clock, log: common.log };
    this.#cpu = new CpuGenerations(cpu);
    for (const [index, pool] of settings.pools.entries()) {
      this.cpuPools.push(
        new ThreadPool({
          ...common,
          name: pool.name,
          counts: { table: this.poolCounters, row: 1 + index },
          ...this.#cpu.plan(pool, settings, 1, pool.name),
          onMessage: (number, message) => {
            this.strategies.onMessage(number, message);
            this.jobs.onMessage(number, message);
            this.#onLoaded(this.cpuPools[index]!, number, message);
          },
          onGone: (number) => {
            this.strategies.onGone(number);
            this.jobs.onGone(number);
            this.#reloadSteps.onGone(number);
            this.#logSides.detach(number);
          },
          onGoing: (number) => this.#onGoing(number),
        }),
      );
    }
    this.roller = new Roller({
      pools,
      supervisor: this.supervisor,
      table: this.table,
      cpu: this.#cpu,
      settings: () => this.settingsInForce,
      checkLoaded: (generations) => this.code.checkWhole(generations),
      clock: this.#clock,
      log: this.#logHub.logger('roll'),
    });
    const { roller, table, code, supervisor } = this;
    const looks = new MinuteLooks({ table, supervisor, clock: this.#clock, log: this.#logHub.logger('admission') });
    const config = { clock: this.#clock, log: this.#logHub.logger('config') };
    this.#reloadSteps = new ReloadSteps({
      ...{ live: this.#live, roller, table, looks, code, strategies, pools },
      ...config,
    });
    this.#reloader = new Reloader({
      read: options.readSettings,
      sources: plugins.extensions.configSources,
      steps: this.#reloadSteps,
      ...config,
    });
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
        admission.part(),
        looks,
        this.#threadsPart(),
        this.#ioDrain.part(),
        this.#acceptorPart(),
      ],
      stopTimeoutMs: () => this.settingsInForce.stop.timeoutMs,
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
      this.#reloader.drain();
      this.roller.stop();
      for (const pool of this.cpuPools) pool.tell({ type: 'drain' });
    });
    this.#stats = new StatsLook(this, this.#clock);
  }

  /** Where it listens; ports that were 0 are the real ones. */
  get addresses(): readonly ListeningAddress[] {
    return this.#addresses;
  }

  get methods(): readonly MethodRow[] {
    return this.table.methods;
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
   * Takes over what may change (docs/config.md says of each key how it does), and resolves when all threads use it. Pools
   * whose settings or code need new threads get them. What else is different holds from the next start on, and is named.
   * Throws what is wrong with the code; then nothing has changed.
   */
  reload(next: Settings, request: ReloadRequest = {}): Promise<ReloadReport> {
    return this.#reloader.take(next, request);
  }

  /** With what reloads have changed; `settings` are those of the start. */
  get settingsInForce(): Settings {
    return this.#live.settings;
  }

  /** Reads the config again, then as `reload`. Throws what is wrong with either; then nothing has changed. */
  reloadFile(request: ReloadRequest = {}): Promise<ReloadReport> {
    return this.#reloader.reload(request);
  }

  /** Reloads, for operators who ask how they go. */
  get reloads(): Pick<Reloader, 'ask' | 'state' | 'decide'> {
    return this.#reloader;
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
    this.admin?.onServed(servedOf(this.settingsInForce, this.methods, this.#listeners, this.#addresses));
  }

  /** Phases 1 to 3 up; 4 down. */
  #threadsPart(): Part {
    const pools = [this.ioPool, ...this.cpuPools];
    return {
      name: 'threads',
      start: async () => {
        const served = await Promise.all(pools.map((pool) => pool.spawn()));
        const serving = pools.map(({ name }, at): [string, Serving] => [name, { queue: name, served: served[at]! }]);
        for (const pool of pools) await pool.link();
        this.table.build(this.settingsInForce, new Map(serving));
        for (const pool of pools) pool.go();
        this.guards.start();
      },
      // What fibers have sent without waiting for it is accepted too: it runs in the CPU pools when all peers are answered.
      drain: () => untilQuiet(this.supervisor, this.#clock, () => this.#ended),
      stop: async () => {
        this.#ended = true;
        this.guards.stop();
        for (const pool of pools) pool.beginStop();
        await Promise.all(pools.map((pool) => pool.stop(threadStopMs)));
        await this.#cpu.close();
      },
    };
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

  #onLoaded(pool: ThreadPool, number: number, message: ToMain): void {
    if (message.type !== 'loaded') return;
    const thread = pool.thread(number);
    if (thread === undefined) return;
    const of = { pool: pool.name, generation: thread.generation };
    const wasKept = !this.code.isUnkept(of);
    const files = this.code.told(of, message);
    if (wasKept && this.code.isUnkept(of)) this.log.warn(of, unkeptCode);
    const what =
      'a thread has loaded other code than its siblings: `heddle reload` brings all of them to what is there now';
    if (files.length > 0) this.log.warn({ thread: thread.name, files: shownPaths(files) }, what);
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
