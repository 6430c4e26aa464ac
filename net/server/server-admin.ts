// serverAdmin (main thread): the admin of a server: what the AdminHost tells its thread, and what it does for it, in terms
// of the server's parts.

import type { MessagePort } from 'node:worker_threads';
import { AdminHost } from '../../admin/admin-host.ts';
import type { AdminFacts, MainAct, Served, ThreadSample } from '../../admin/messages.ts';
import type { LiftAnswer, LogLevelAnswer, QuarantineRow } from '../../admin/shapes.ts';
import type { ActorState } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { LogHub } from '../../runtime/log/hub.ts';
import { packageVersion } from '../../runtime/package-version.ts';
import type { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { LogLevel, Settings } from '../../runtime/settings.ts';
import type { AcceptorCounter, CounterTable, PoolCounter } from '../../runtime/shared/counters.ts';
import type { MethodRow, ToThread } from '../../runtime/thread-control.ts';
import { profileThread } from '../../scheduler/cpu-profile.ts';
import type { Guards } from '../../scheduler/guards.ts';
import type { PoolThread } from '../../scheduler/pool-thread.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { Acceptor } from '../accept/acceptor.ts';
import type { Listener } from '../accept/listener.ts';
import type { ServerJobs } from '../jobs/server-jobs.ts';
import type { Reloader } from './reloader.ts';
import type { ServerStrategies } from './server-strategies.ts';
import type { ServerTable } from './server-table.ts';

/** Components whose levels operators may set. */
const componentsMax = 100;
/** Letters and digits, as components are named. */
const componentPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The parts of a server that the admin tells of. */
export interface AdminSubject {
  readonly settings: Settings;
  readonly previous: unknown;
  readonly supervisor: Supervisor;
  readonly ioPool: ThreadPool;
  readonly cpuPools: readonly ThreadPool[];
  readonly poolCounters: CounterTable<PoolCounter>;
  readonly acceptorCounters: CounterTable<AcceptorCounter>;
  readonly acceptor: Acceptor;
  readonly guards: Guards;
  readonly plugins: ProcessPlugins;
  readonly strategies: ServerStrategies;
  readonly jobs: ServerJobs;
  readonly table: ServerTable;
  readonly reloads: Pick<Reloader, 'ask' | 'state' | 'decide'>;
  /** With what reloads have changed. */
  readonly settingsInForce: Settings;
}

export interface ServerAdminOptions {
  server: AdminSubject;
  configText: string | undefined;
  configFile: string | undefined;
  logHub: LogHub;
  state: () => ActorState;
  drain: () => void;
  /** As in AdminHostOptions. */
  startMs?: number;
  clock: Clock;
}

/** Undefined: the settings have no admin. */
export function serverAdmin(options: ServerAdminOptions): AdminHost | undefined {
  const { server, configText, configFile, logHub, clock } = options;
  const { settings, previous, supervisor, poolCounters, acceptorCounters } = server;
  if (settings.admin === undefined) return undefined;
  const parts = new ServerFacts(options);
  const about = {
    heddle: packageVersion(),
    startedAt: new Date(clock.wallMs()).toISOString(),
    startedMs: clock.nowMs(),
  };
  return new AdminHost({
    admin: settings.admin,
    settings: () => server.settingsInForce,
    configText,
    configFile,
    about: previous === undefined ? about : { ...about, previous },
    memory: {
      board: supervisor.board.memory,
      inflight: supervisor.inflight.memory,
      loads: supervisor.loads.memory,
      threadCounters: supervisor.counters.memory,
      poolCounters: poolCounters.memory,
      poolRows: poolCounters.rows,
      acceptorCounters: acceptorCounters.memory,
      queues: [...supervisor.pools],
      metricDirectory: supervisor.metrics.directory,
    },
    plugins: () => server.plugins.of('admin'),
    facts: () => parts.facts(),
    samples: () => parts.samples(),
    going: () => parts.going(),
    counters: (number) => ({
      methods: supervisor.methodCounters(number, server.table.rows),
      clients: supervisor.clientCounters(number),
      metrics: supervisor.metrics.of(number).cells,
    }),
    connect: (number, port) => parts.connect(number, port),
    act: (act) => parts.act(act),
    attachLog: () => {
      const { workerSide, detach } = logHub.attach('admin');
      return { side: workerSide, detach };
    },
    startMs: options.startMs,
    clock,
    log: logHub.logger('admin'),
  });
}

/** What is served and where; `addresses`: of the listeners, in their order, once they are open. */
export function servedOf(
  settings: Settings,
  methods: readonly MethodRow[],
  listeners: readonly Listener[],
  addresses: readonly { protocol: string; host: string; port: number }[],
): Served {
  return {
    methods: methods.map(({ index, service, method }) => ({ index, service, method })),
    services: settings.services.map(({ name, pool, maxConcurrency }, index) => {
      const own = addresses.filter((_, at) => listeners[at]?.services.includes(name));
      const urls = own.map(
        ({ protocol, host, port }) => `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`,
      );
      return { name, pool, column: index + 1, maxConcurrency, addresses: urls };
    }),
  };
}

class ServerFacts {
  readonly #options: ServerAdminOptions;
  readonly #server: AdminSubject;
  readonly #pools: readonly ThreadPool[];
  /** From the process's clock to the wall's: one for all times, or each telling would look like a change. */
  readonly #toWallMs: number;
  /** Name of the thread that is being profiled. */
  #profiled: string | undefined;

  constructor(options: ServerAdminOptions) {
    const { server, clock } = options;
    const { ioPool, cpuPools } = server;
    this.#options = options;
    this.#server = server;
    this.#pools = [ioPool, ...cpuPools];
    this.#toWallMs = clock.wallMs() - clock.nowMs();
  }

  facts(): AdminFacts {
    const { settingsInForce: settings, acceptor, table } = this.#server;
    const { logHub } = this.#options;
    const state = this.#options.state();
    return {
      state: state === 'running' ? 'serving' : state === 'idle' || state === 'starting' ? 'starting' : 'draining',
      threads: this.#all().map(({ pool, thread }) => {
        const { number, name, bornMs } = thread;
        return { number, name, pool, state: thread.state, bornMs };
      }),
      pools: this.#pools.map((pool, row) => {
        const { threads, maxFibers } = row === 0 ? settings.io : settings.pools[row - 1]!;
        const { name, size: going, down } = pool;
        const canaryPercent = table.canaryPercent(name);
        const canary = canaryPercent === undefined ? {} : { canaryPercent };
        return { name, threads, going, down, maxFibers: threads * maxFibers, ...canary };
      }),
      waiting: acceptor.waiting,
      quarantine: this.#quarantine(),
      jobs: this.#server.jobs.rows(),
      logLevels: logHub.levels,
    };
  }

  samples(): ThreadSample[] {
    return this.#all().flatMap(({ thread }) => {
      if (thread.worker === undefined) return [];
      const { active, idle } = thread.worker.performance.eventLoopUtilization();
      const memoryBytes = this.#server.guards.memory.usedBytes(thread);
      return [{ number: thread.number, activeMs: active, idleMs: idle, memoryBytes }];
    });
  }

  going(): number[] {
    const takes = this.#all().filter(({ thread }) => thread.state === 'going' || thread.state === 'retiring');
    return takes.map(({ thread }) => thread.number);
  }

  connect(number: number, port: MessagePort): void {
    const thread = this.#all().find((one) => one.thread.number === number)?.thread;
    if (thread === undefined) port.close();
    else thread.control.postMessage({ type: 'admin', port } satisfies ToThread, [port]);
  }

  act(act: MainAct): unknown {
    switch (act.do) {
      case 'drain':
        return this.#drain();
      case 'log-level':
        return this.#setLevel(act.level as LogLevel | undefined, act.component);
      case 'lift':
        return this.#lift(act.fingerprint);
      case 'profile':
        return this.#profile(act.thread, act.durationMs);
      case 'job':
        return this.#server.jobs.ask(act.question);
      case 'strategies':
        return this.#server.strategies.ask(act.question);
      case 'reload':
        return this.#server.reloads.ask({ ...act.wish, by: 'admin' }, act.waitMs);
      case 'reload-state':
        return this.#server.reloads.state(act.id);
      case 'canary':
        this.#server.reloads.decide(act.goOn);
        return { decided: act.goOn ? 'go-on' : 'roll-back' };
    }
  }

  #all(): { pool: string; thread: PoolThread }[] {
    return this.#pools.flatMap((pool) => [...pool.threads].map((thread) => ({ pool: pool.name, thread })));
  }

  #quarantine(): QuarantineRow[] {
    return this.#server.guards.quarantine.refused.map(({ name, fingerprint, kills, untilMs }) => {
      return { method: name, fingerprint, kills, until: new Date(untilMs + this.#toWallMs).toISOString() };
    });
  }

  #drain(): { draining: true; timeoutMs: number } {
    const { logHub, drain } = this.#options;
    const { timeoutMs } = this.#server.settingsInForce.stop;
    logHub.logger('admin').warn({ stopTimeoutMs: timeoutMs }, 'stopping: an operator asked the admin to drain');
    drain();
    return { draining: true, timeoutMs };
  }

  #setLevel(level: LogLevel | undefined, component: string | undefined): LogLevelAnswer {
    const { logHub } = this.#options;
    const levels = { ...logHub.levels.levels };
    if (component !== undefined) {
      if (!componentPattern.test(component)) {
        throw new HeddleError('INVALID_ARGUMENT', `${JSON.stringify(component)} is no name of a component`);
      }
      if (level === undefined) delete levels[component];
      else levels[component] = level;
      if (Object.keys(levels).length > componentsMax) {
        throw new HeddleError('RESOURCE_EXHAUSTED', `${componentsMax} components have levels of their own already`);
      }
    }
    const common = component === undefined && level !== undefined ? level : logHub.levels.level;
    // At the level until now, or a change to a higher one would leave no trace.
    const shown = level ?? 'default';
    logHub.logger('admin').info({ level: shown, component }, 'the level of the log was changed');
    logHub.setLevels({ level: common, levels });
    return logHub.levels;
  }

  #lift(fingerprint: string | undefined): LiftAnswer {
    const lifted = this.#quarantine().filter((row) => fingerprint === undefined || row.fingerprint === fingerprint);
    const any = this.#server.guards.quarantine.lift(fingerprint);
    if (any || fingerprint === undefined) return { refused: this.#quarantine(), lifted };
    const known = this.#quarantine().map((row) => row.fingerprint);
    const which = known.length === 0 ? 'nothing is refused' : `refused are ${known.join(', ')}`;
    throw new HeddleError('NOT_FOUND', `no request with fingerprint ${fingerprint} is refused; ${which}`);
  }

  async #profile(name: string, durationMs: number): Promise<string> {
    const named = this.#all().filter(({ thread }) => thread.name === name && thread.worker !== undefined);
    const thread = (named.find((one) => one.thread.state === 'going') ?? named[0])?.thread;
    if (thread === undefined) throw new HeddleError('NOT_FOUND', `there is no thread ${name} any more`);
    if (this.#profiled !== undefined) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `${this.#profiled} is being profiled; one at a time`);
    }
    this.#profiled = name;
    try {
      const profile = await profileThread(thread.worker!, durationMs, this.#options.clock);
      if (profile !== undefined) return profile;
    } finally {
      this.#profiled = undefined;
    }
    throw new HeddleError('UNAVAILABLE', `${name} can't be profiled: it is in native code, or has ended meanwhile`);
  }
}
