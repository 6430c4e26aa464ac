// buildSettings: a checked config to Settings, and the checks that need more than one value at a time: does the pool
// exist, is the module there, do the threads fit, does a frame fit into the memory.

import { defaultsOf } from '../document/check.ts';
import type { Place, ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import { resolveModule, resolvePath } from '../document/resolve-module.ts';
import type { Field } from '../document/types.ts';
import { nearest } from '../runtime/nearest.ts';
import type {
  BindingSettings,
  ClientSettings,
  GuardianSettings,
  IoSettings,
  LimitSettings,
  LogSettings,
  PluginSettings,
  PoolSettings,
  ServiceSettings,
  Settings,
  StallSettings,
} from '../runtime/settings.ts';
import { formatBytes, formatDuration } from '../runtime/units.ts';
import { buildAdmission, noteAdmission } from './build-admission.ts';
import { buildCompression, callCompression, replyCompression } from './build-compression.ts';
import { buildDegraders, buildSamplers } from './build-gates.ts';
import { buildJobs } from './build-jobs.ts';
import { buildMetrics, metricPlugins } from './build-metrics.ts';
import { buildRoll } from './build-roll.ts';
import { buildStrategies } from './build-strategies.ts';
import { builtInPlugins, logSinksUrl } from './built-in.ts';
import { checkPlugged } from './check-plugged.ts';
import { buildClientTarget, type ClientTarget, checkConnections } from './client-target.ts';
import { noteClient } from './explain-client.ts';
import { buildBindings } from './listeners.ts';
import { Origins } from './origins.ts';
import { pluggedNames } from './plugged-names.ts';
import { resolvePlugin } from './resolve-plugin.ts';
import type { CheckedClient, CheckedConfig, CheckedIo, CheckedPlugin, CheckedPool, CheckedService } from './schema.ts';
import { defaultPool, poolsType, poolType } from './schema-pools.ts';

/**
 * Threads of one process at most, IO and CPU together. Thread numbers are 8 bits wide and a thread that died keeps its
 * number until everything of it is settled, so half of them stay free for replacements.
 */
export const threadsMax = 120;

/** Of the admin, when nobody writes another. */
const adminPort = 7199;

/** A pool whose name was refused is offered to nobody. */
const poolNamePattern = new RegExp(poolsType.namePattern);

/** What the config is read against. */
export interface Surroundings {
  /** Absolute folder of the config file. */
  baseDir: string;
  /** Cores of the machine, for the defaults of threads. */
  cores: number;
  /** Where a problem stands that has no better place: the beginning of the file. */
  top: Place;
}

/** Settings of a checked config. They are of use only when no problem was added. */
export function buildSettings(
  config: CheckedConfig,
  surroundings: Surroundings,
  problems: ProblemList,
): { settings: Settings; origins: Origins } {
  return new Builder(config, surroundings, problems).build();
}

class Builder {
  readonly #config: CheckedConfig;
  readonly #around: Surroundings;
  readonly #problems: ProblemList;
  readonly #origins = new Origins();
  readonly #pools = new Map<string, PoolSettings>();
  readonly #io: IoSettings;

  constructor(config: CheckedConfig, surroundings: Surroundings, problems: ProblemList) {
    this.#config = config;
    this.#around = surroundings;
    this.#problems = problems;
    this.#io = this.#buildIo(config.io);
  }

  build(): { settings: Settings; origins: Origins } {
    const { pools, services, clients, limits, stop, plugins } = this.#config;
    const libuvThreads = this.#config.process.libuvThreads?.value;
    for (const [name, { value }] of pools) this.#pools.set(name, this.#buildPool(name, value));
    const bindings = buildBindings(services, limits, plugins.length > 0, this.#origins, this.#problems);
    const built = [...services].map(([name, { value }]) => this.#buildService(name, value, bindings.get(name) ?? []));
    const jobs = buildJobs(
      this.#config.jobs,
      this.#around.baseDir,
      (name, { value, place }) => this.#poolOf(name, { place, short: { value, place }, long: undefined }),
      this.#problems,
    );
    checkPlugged(this.#config, this.#problems);
    this.#checkThreads();
    this.#checkMemory(built);
    const { quarantine, admin } = this.#config;
    const compression = buildCompression(this.#config);
    const settings: Settings = {
      baseDir: this.#around.baseDir,
      io: this.#io,
      pools: [...this.#pools.values()],
      services: built,
      jobs,
      clients: [...clients].map(([name, entry]) => {
        const { filters } = entry.value;
        const built = pluggedNames('filter', filters, this.#config.filters, this.#origins, this.#problems);
        const target = buildClientTarget(entry.value.target, plugins.length > 0, this.#problems);
        checkConnections(entry.value.target, entry.value.connections, this.#problems);
        const compression = callCompression(entry.value, plugins.length > 0, this.#problems);
        const settings = { ...buildClient(name, entry, built, target), ...compression };
        noteClient(settings, entry.value, this.#origins);
        return settings;
      }),
      filters: pluggedNames('filter', this.#config.filters, [], this.#origins, this.#problems),
      plugins: plugins.flatMap((entry) => this.#buildPlugin(entry)),
      builtIn: [...builtInPlugins({ compressors: { ...compression } }), ...metricPlugins(this.#config.metrics)],
      metrics: buildMetrics(this.#config.metrics),
      compression,
      strategies: buildStrategies(this.#config.strategies, this.#around, this.#problems),
      degraders: buildDegraders(this.#config.degraders, this.#problems),
      samplers: buildSamplers(this.#config.samplers),
      limits: buildLimits(limits),
      log: this.#buildLog(),
      stop: { timeoutMs: stop.timeout.value },
      quarantine: { kills: quarantine.kills.value, forMs: quarantine.for.value },
      process: libuvThreads === undefined ? {} : { libuvThreads },
      roll: buildRoll(this.#config.roll),
    };
    if (this.#config.guardian.enabled.value) settings.guardian = buildGuardian(this.#config.guardian);
    const address = admin.address.value;
    if (address !== undefined && address !== 'none') {
      settings.admin = { ...address, portIsDefault: address.port === adminPort };
    }
    return { settings, origins: this.#origins };
  }

  #buildIo(io: CheckedIo): IoSettings {
    const settings: IoSettings = {
      threads: io.threads?.value ?? clamp(Math.floor(this.#around.cores / 4), 1, 8),
      maxFibers: io.maxFibers.value,
      maxNested: io.maxNested.value,
      queueLength: powerOfTwo(io.queue.value),
      memoryBytes: io.memory.value,
      timeoutMs: io.timeout.value,
      ...stallsOf(io),
    };
    this.#noteFibers(settings, io);
    this.#origins.note(settings, 'memoryBytes', io.memory.place);
    this.#origins.note(settings, 'timeoutMs', io.timeout.place);
    return settings;
  }

  #buildPool(name: string, pool: CheckedPool): PoolSettings {
    const settings: PoolSettings = {
      name,
      threads: pool.threads?.value ?? clamp(this.#around.cores - this.#io.threads, 1, 16),
      maxFibers: pool.maxFibers.value,
      maxNested: pool.maxNested.value,
      queueLength: powerOfTwo(pool.queue.value),
      stackBytes: pool.stack.value,
      timeoutMs: pool.timeout.value,
      ...stallsOf(pool),
    };
    if (pool.memory !== undefined) settings.memoryBytes = pool.memory.value;
    this.#noteFibers(settings, pool);
    this.#origins.note(settings, 'memoryBytes', pool.memory?.place);
    this.#origins.note(settings, 'stackBytes', pool.stack.place);
    this.#origins.note(settings, 'timeoutMs', pool.timeout.place);
    return settings;
  }

  #noteFibers(settings: IoSettings | PoolSettings, written: CheckedIo | CheckedPool): void {
    this.#origins.note(settings, 'threads', written.threads?.place);
    this.#origins.note(settings, 'maxFibers', written.maxFibers.place);
    this.#origins.note(settings, 'maxNested', written.maxNested.place);
    this.#origins.note(settings, 'queueLength', written.queue.place);
    this.#origins.note(settings, 'stallWarningMs', written.stallWarning.place);
    this.#origins.note(settings, 'stallLimitMs', written.stallLimit.place);
    this.#origins.note(settings, 'cancelGraceMs', written.cancelGrace.place);
    const { stallWarningMs, stallLimitMs } = settings;
    if (stallLimitMs > 0 && stallWarningMs > stallLimitMs) {
      const { stallWarning, stallLimit } = written;
      const isChosen = stallWarning.place.source.kind !== 'default';
      const limit = `stallLimit of ${formatDuration(stallLimitMs)}`;
      const warning = `stallWarning of ${formatDuration(stallWarningMs)}`;
      const message = `the ${warning}${isChosen ? '' : ', the default,'} never comes before the ${limit}: make it shorter`;
      this.#problems.add((isChosen ? stallWarning : stallLimit).place, message);
    }
  }

  #buildService(name: string, service: CheckedService, listen: BindingSettings[]): ServiceSettings {
    const timeouts = [...service.methods].map(([method, { value }]) => [method, value.timeout] as const);
    const pool = this.#poolOf(name, service.pool);
    const limiters = pluggedNames('limiter', service.limiters, [], this.#origins, this.#problems);
    const settings: ServiceSettings = {
      name,
      filters: pluggedNames('filter', service.filters, this.#config.filters, this.#origins, this.#problems),
      moduleUrl: this.#module(service.module),
      pool,
      timeoutMs: service.timeout.value,
      methodTimeoutsMs: Object.fromEntries(timeouts.map(([method, timeout]) => [method, timeout.value])),
      maxConcurrency: service.maxConcurrency.value,
      ...buildAdmission(service, this.#problems),
      ...(service.startLate.value && { startLate: true }),
      asyncContext: service.asyncContext.value,
      ...replyCompression(name, service, pool, this.#problems),
      ...(limiters.length > 0 && { limiters }),
      listen,
    };
    this.#origins.note(settings, 'moduleUrl', service.module.place);
    this.#origins.note(settings, 'pool', service.pool.place);
    this.#origins.note(settings, 'timeoutMs', service.timeout.place);
    this.#origins.note(settings, 'maxConcurrency', service.maxConcurrency.place);
    noteAdmission(settings, service, this.#origins);
    this.#origins.note(settings, 'startLate', service.startLate.place);
    this.#origins.note(settings, 'asyncContext', service.asyncContext.place);
    this.#origins.note(settings, 'compressAboveBytes', service.compressAbove.place);
    for (const [method, timeout] of timeouts) this.#origins.note(settings.methodTimeoutsMs, method, timeout.place);
    return settings;
  }

  #buildPlugin({ short, long }: CheckedPlugin): PluginSettings[] {
    const module = short ?? long?.module;
    if (module?.value === undefined) return [];
    const resolved = resolvePlugin(this.#around.baseDir, module.value);
    if ('url' in resolved) return [{ moduleUrl: resolved.url, options: long?.options?.value ?? {} }];
    this.#problems.add(module.place, resolved.message, { suggestion: resolved.suggestion });
    return [];
  }

  #module({ value, place }: Field<string | undefined>): string {
    if (value === undefined) return '';
    const resolved = resolveModule(this.#around.baseDir, value);
    if ('url' in resolved) return resolved.url;
    this.#problems.add(place, resolved.message, { suggestion: resolved.suggestion });
    return '';
  }

  /** The name of the pool that a service runs on; makes its own pool, and the default one when it is first used. */
  #poolOf(service: string, { place, short, long }: CheckedService['pool']): string {
    if (long !== undefined) {
      if (this.#config.pools.has(service) || service === defaultPool || service === 'io') {
        const message = `a pool of its own is named after its service, and a pool ${quote(service)} exists already`;
        this.#problems.add(place, message);
      }
      this.#pools.set(service, this.#buildPool(service, long));
      return service;
    }
    const name = short?.value ?? defaultPool;
    if (name === 'io' || this.#config.pools.has(name)) return name;
    if (name === defaultPool) {
      if (!this.#pools.has(name)) this.#pools.set(name, this.#buildPool(name, defaultsOf(poolType)));
      return name;
    }
    const named = [...this.#config.pools.keys()].filter((known) => poolNamePattern.test(known));
    const allowed = [...new Set([...named, 'io', defaultPool])];
    this.#problems.add(place, `no pool is named ${quote(name)}`, { allowed, suggestion: nearest(name, allowed) });
    return defaultPool;
  }

  #checkThreads(): void {
    const parts = [{ name: 'io', settings: this.#io as IoSettings | PoolSettings }];
    for (const pool of this.#pools.values()) parts.push({ name: pool.name, settings: pool });
    const total = parts.reduce((sum, { settings }) => sum + settings.threads, 0);
    if (total <= threadsMax) return;
    const largest = parts.toSorted((left, right) => right.settings.threads - left.settings.threads);
    const place = largest.map(({ settings }) => this.#origins.place(settings, 'threads')).find((found) => found);
    const list = largest.slice(0, 8).map(({ name, settings }) => `${name} ${settings.threads}`);
    if (largest.length > list.length) list.push('…');
    this.#problems.add(
      place ?? this.#around.top,
      `io and the pools take ${total} threads together (${list.join(', ')}); at most ${threadsMax} are allowed, since thread numbers are 8 bits and threads that died keep theirs for a while`,
    );
  }

  /** A frame that does not fit into the memory of an IO thread could never be read to its end. */
  #checkMemory(services: readonly ServiceSettings[]): void {
    const { memoryBytes } = this.#io;
    const seen = new Set<BindingSettings>();
    for (const binding of services.flatMap((service) => service.listen)) {
      if (binding.frameBytes <= memoryBytes || seen.has(binding)) continue;
      seen.add(binding);
      const place = this.#origins.place(binding, 'frameBytes') ?? this.#origins.place(this.#io, 'memoryBytes');
      const message = `a frame of ${formatBytes(binding.frameBytes)} does not fit into io.memory, ${formatBytes(memoryBytes)}`;
      this.#problems.add(place ?? this.#around.top, `${message}: lower the one or raise the other`);
    }
  }

  #buildLog(): LogSettings {
    const { level, levels, file, rotate } = this.#config.log;
    const settings: LogSettings = {
      level: level.value,
      levels: Object.fromEntries([...levels].map(([component, entry]) => [component, entry.value.value])),
      rotateBytes: rotate.size.value,
      rotateEveryMs: rotate.every.value,
      keepFiles: rotate.keep.value,
      sinkModuleUrl: logSinksUrl,
    };
    if (file?.value !== undefined) settings.file = resolvePath(this.#around.baseDir, file.value);
    return settings;
  }
}

function stallsOf(written: CheckedIo | CheckedPool): StallSettings {
  const { stallWarning, stallLimit, cancelGrace } = written;
  return { stallWarningMs: stallWarning.value, stallLimitMs: stallLimit.value, cancelGraceMs: cancelGrace.value };
}

function buildGuardian({ restarts, window, backoff, backoffMax }: CheckedConfig['guardian']): GuardianSettings {
  return {
    restarts: restarts.value,
    windowMs: window.value,
    backoffFirstMs: backoff.value,
    // One that was written shorter than the first wait would never be reached.
    backoffMaxMs: Math.max(backoff.value, backoffMax.value),
  };
}

function buildClient(
  name: string,
  { value: client }: CheckedClient,
  filters: string[],
  target: ClientTarget,
): ClientSettings {
  return {
    name,
    filters,
    ...target,
    balance: client.balance.value,
    timeoutMs: client.timeout.value,
    attemptTimeoutMs: client.attemptTimeout.value,
    maxAttempts: client.maxAttempts.value,
    retryBudgetPercent: client.retryPercent.value,
    ejectAfter: client.ejectAfter.value,
    ejectForMs: client.ejectFor.value,
    connectTimeoutMs: client.connectTimeout.value,
    maxInFlight: client.maxInFlight.value,
    connections: client.connections.value,
    frameBytes: client.frame.value,
    writeBufferBytes: client.writeBuffer.value,
    via: client.via.value,
  };
}

function buildLimits(limits: CheckedConfig['limits']): LimitSettings {
  return {
    connections: limits.connections.value,
    connectionsPerIp: limits.connectionsPerIp.value,
    requests: limits.requests.value,
    ...(limits.requestsPerConnection && { requestsPerConnection: limits.requestsPerConnection.value }),
    allow: limits.allow.map((block) => block.value).filter((block) => block !== undefined),
    deny: limits.deny.map((block) => block.value).filter((block) => block !== undefined),
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function powerOfTwo(length: number): number {
  return 2 ** Math.ceil(Math.log2(length));
}
