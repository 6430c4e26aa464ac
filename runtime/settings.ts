// Settings: what a checked heddle.yaml comes to, in the units that code uses (ms, bytes). Made by config/, read by
// every thread, passed between threads as plain data (structured clone), so: no classes, no functions, no Maps.

import type { DegraderSettings, SamplerSettings } from './gate-settings.ts';
import type { JobSettings } from './jobs.ts';
import type { StrategySettings } from './strategies.ts';
import type { ListenerTraffic } from './traffic-settings.ts';

/** Everything one process needs to run. Each number here is a bound; its default stands in config/ and docs/config.md. */
export interface Settings {
  /** Folder that relative module paths were resolved against: the config file's. */
  baseDir: string;
  io: IoSettings;
  /**
   * Named pools and inline ones (an inline pool is named after its service); never contains `io`, and `default` only
   * when it is written down or some service runs on it.
   */
  pools: PoolSettings[];
  services: ServiceSettings[];
  jobs: JobSettings[];
  clients: ClientSettings[];
  /** Names of filters around all requests and calls, outermost first. */
  filters: string[];
  /** In the order of the config; which come first is for the plugins to say. */
  plugins: PluginSettings[];
  /** Plugins that come with Heddle; installed first. */
  builtIn: PluginSettings[];
  strategies: StrategySettings;
  degraders: DegraderSettings[];
  samplers: SamplerSettings[];
  metrics: MetricSettings;
  compression: CompressionSettings;
  limits: LimitSettings;
  log: LogSettings;
  stop: { /** How long what runs may take to finish on SIGTERM, ms. */ timeoutMs: number };
  quarantine: QuarantineSettings;
  /** Undefined: no guardian. */
  guardian?: GuardianSettings;
  /** Undefined: the process has no admin. */
  admin?: AdminSettings;
  process: ProcessSettings;
  roll: RollSettings;
}

/** What is done with new code of which nobody can tell whether it is well. */
export const undecidedWays = ['roll-back', 'go-on'] as const;
/** See `undecidedWays`. */
export type UndecidedWay = (typeof undecidedWays)[number];

/** How new code comes into use, at a reload: see docs/rolling.md. */
export interface RollSettings {
  /** Share of the calls that it gets first; 0: all at once. */
  canaryPercent: number;
  /** How long both are compared after the warm-up, and at most while there are too few calls to tell, ms. */
  windowMs: number;
  windowMaxMs: number;
  /** For so long latencies do not count, ms. */
  warmUpMs: number;
  /** Answers of the new code without which nobody can tell. */
  minRequests: number;
  /** How many percent of the calls may fail beyond those that fail with the old code. */
  maxErrorsPercent: number;
  maxSlowdown: number;
  undecided: UndecidedWay;
  /** How long what threads run whose place was taken may go on, unless its deadline is later; ms. */
  finishMs: number;
  /** The same of new code that was taken back, whatever its deadlines are; ms. */
  finishTakenBackMs: number;
}

/** How hard the compressors that come with Heddle try. */
export interface CompressionSettings {
  /** 1 to 9. */
  gzipLevel: number;
  /** 1 to 19. */
  zstdLevel: number;
}

/** What handlers count. */
export interface MetricSettings {
  /** Label sets of all metrics together, in the whole process. */
  series: number;
  /** How often the log tells what has changed, ms; 0: never. */
  logEveryMs: number;
}

/** What belongs to the whole process: `heddle start` sees to it; `new Server` leaves it to the program around it. */
export interface ProcessSettings {
  /** Threads of libuv's own pool; undefined: UV_THREADPOOL_SIZE of the environment, else 4. */
  libuvThreads?: number;
}

/** When `heddle start` starts a service process again that has died; `new Server` knows nothing of it. */
export interface GuardianSettings {
  /** Deaths within `windowMs` after which it is started again at once. */
  restarts: number;
  windowMs: number;
  /** The wait from then on, and after a start that failed; doubles up to the second, ms. */
  backoffFirstMs: number;
  backoffMaxMs: number;
}

/** Requests that end their threads. */
export interface QuarantineSettings {
  /** Threads that one method with one body may end before it is refused; 0: any number. */
  kills: number;
  /** How long it is refused, and how long a kill is remembered, ms. */
  forMs: number;
}

/** Where the process tells about itself. */
export interface AdminSettings {
  host: string;
  port: number;
  /** Nobody chose the port: when it is taken, a free one will do. */
  portIsDefault: boolean;
}

/** What the watchdog does about a thread whose handler keeps it from turning; ms, 0: nothing. */
export interface StallSettings {
  /** From here on the log names the handler. */
  stallWarningMs: number;
  /** From here on the thread is profiled, ended and replaced. */
  stallLimitMs: number;
  /** How long a cancelled handler may go on before the log names it. */
  cancelGraceMs: number;
}

/** `io` of heddle.yaml: the threads that own sockets. */
export interface IoSettings extends StallSettings {
  threads: number;
  /** Fibers at once per IO thread, for services with `pool: io`. */
  maxFibers: number;
  /** Nested fibers beyond maxFibers, per IO thread. */
  maxNested: number;
  /** Requests waiting for pool `io`, and outgoing calls waiting for one IO thread; a power of two. */
  queueLength: number;
  /** Bytes one IO thread may hold for requests half read and replies not yet sent; over it no socket is read. */
  memoryBytes: number;
  /** Longest run of a request in pool `io`, ms; 0: none. */
  timeoutMs: number;
}

/** `pools.NAME` of heddle.yaml: threads that run handlers. */
export interface PoolSettings extends StallSettings {
  name: string;
  threads: number;
  /** Fibers at once per thread. */
  maxFibers: number;
  /** Nested fibers (calls made by fibers of this process) beyond maxFibers, per thread. */
  maxNested: number;
  /** Requests waiting per priority class; rounded up to a power of two. */
  queueLength: number;
  /**
   * Heap and ArrayBuffers of one thread, bytes: past it the thread is drained and replaced. V8 ends a thread whose heap
   * reaches twice this. Undefined: V8's own limit alone.
   */
  memoryBytes?: number;
  /** Stack of one thread, bytes. */
  stackBytes: number;
  /** Longest run of a request, ms; 0: none. */
  timeoutMs: number;
}

/** `services.NAME` of heddle.yaml. */
export interface ServiceSettings {
  name: string;
  /** Absolute file URL of the module that default-exports `implement(…)`. */
  moduleUrl: string;
  /** A name in `pools`, or `io`. */
  pool: string;
  /** ms; 0: none. */
  timeoutMs: number;
  /** Per method name, ms; 0: none of its own. Look names up with `Object.hasOwn`: a method may be called `constructor`. */
  methodTimeoutsMs: Record<string, number>;
  /** Requests of this service at once, in the whole process; 0: no bound of its own. */
  maxConcurrency: number;
  /** Requests that may come in, on average and at once, from outside and from fibers; undefined: any. */
  rate?: RateSettings;
  /** Its limit is found while it runs; undefined: it has none. */
  adaptive?: AdaptiveSettings;
  /** Its share of its pool, next to the weights of the other services there; undefined: 1. */
  weight?: number;
  /** Names of filters around its requests, outermost first, inside of those of the process. */
  filters: string[];
  /** Names of limiters of its requests from outside, in the order in which they are asked; undefined: none. */
  limiters?: string[];
  /** Requests start however little of their time is left; undefined: not when runs of their method lately take longer. */
  startLate?: boolean;
  /** Run handlers inside AsyncLocalStorage, so that `currentFiber()` works (costs about 0.3 µs a request). */
  asyncContext: boolean;
  /** Replies of at least this size are compressed for callers that take that, bytes; 0 or undefined: none. Not in pool `io`. */
  compressAboveBytes?: number;
  listen: BindingSettings[];
}

/** A token bucket. */
export interface RateSettings {
  perSecond: number;
  /** After a pause. */
  burst: number;
}

/** How many requests of a service may be under way at once is found out: see docs/overload.md. */
export interface AdaptiveSettings {
  /** How long requests may wait for a thread on average, ms. */
  delayMs: number;
  /** How many times as long as usual they may run. */
  tolerance: number;
  /** The limit is never below; 0: two for each thread of the pool. */
  min: number;
  /** And never above; 0: anything. */
  max: number;
}

/** One `listen` entry. Services that name the same address share the listener, and all have the same bounds here. */
export interface BindingSettings {
  /** As its address begins: `heddle`, `http`, or a protocol that a plugin adds. */
  protocol: string;
  host: string;
  port: number;
  /** Open connections of this listener; 0: only the process's bound. */
  maxConnections: number;
  frameBytes: number;
  writeBufferBytes: number;
  /** Longest run of a request that came in here, ms; 0: none. */
  timeoutMs: number;
  /** From accept to the first whole frame or request head, ms; 0: none. */
  connectTimeoutMs: number;
  /** From the first to the last byte of one frame or request, ms; 0: none. */
  readTimeoutMs: number;
  /** How long a peer may take nothing of what waits for it, ms; 0: none. */
  writeTimeoutMs: number;
  /** Connection with nothing in flight and nothing read, ms; 0: none. */
  idleTimeoutMs: number;
  traffic: ListenerTraffic;
}

/** Connections of one client of one thread: its balancer may look at all of them for one call. */
export const clientConnectionsMax = 256;

/** `clients.NAME` of heddle.yaml: how this process calls a service that runs elsewhere. */
export interface ClientSettings {
  /** The service's name, as in its contract. */
  name: string;
  /** Empty where `naming` gives them. */
  addresses: { host: string; port: number }[];
  /** `consul://shop-stock`: scheme, which names a plugin's naming, and the text behind it. Undefined: `addresses` has them. */
  naming?: { scheme: string; text: string };
  balance: 'round-robin' | 'least-loaded';
  /** Longest call, ms; 0: none but the caller's own deadline. */
  timeoutMs: number;
  /** Longest attempt of a call, ms; 0: none. */
  attemptTimeoutMs: number;
  /** Attempts of one call, the first included. */
  maxAttempts: number;
  /** Retries per hundred calls, per thread. */
  retryBudgetPercent: number;
  /** Failures in a row after which an address takes no calls; 0: never. */
  ejectAfter: number;
  /** For how long at first, ms. */
  ejectForMs: number;
  connectTimeoutMs: number;
  /** Names of filters around calls of it, outermost first, inside of those of the process. */
  filters: string[];
  /** Calls at once over all connections of one thread; over it RESOURCE_EXHAUSTED. */
  maxInFlight: number;
  /** Connections to each address, per IO thread that owns some. */
  connections: number;
  frameBytes: number;
  writeBufferBytes: number;
  /** The name of the compressor of requests, and of replies as far as the peer wants; undefined: none. */
  compression?: string;
  /** Requests of at least this size are compressed, bytes; undefined: none, but compressed replies are taken. */
  compressAboveBytes?: number;
  /** Which thread owns the sockets: an IO thread, or each calling thread itself. */
  via: 'io' | 'caller';
}

/** One plugin to install. */
export interface PluginSettings {
  /** Absolute file URL of the module that default-exports `definePlugin(…)`. */
  moduleUrl: string;
  options: PluginOptions;
}

/** What a plugin is told by the config, as it was written there. */
export type PluginOptions = { [name: string]: OptionValue };
/** What the options of a plugin are made of: whatever JSON can say. */
export type OptionValue = string | number | boolean | null | OptionValue[] | { [name: string]: OptionValue };

/** `limits` of heddle.yaml: bounds of the whole process. */
export interface LimitSettings {
  /** Open connections in the process. */
  connections: number;
  connectionsPerIp: number;
  /** Requests accepted and not yet answered, in the whole process. */
  requests: number;
  /** Of them, those of one connection, from the time on when half of them are there; undefined: an eighth, at least 64; 0: any number. */
  requestsPerConnection?: number;
  /** CIDR blocks; an empty allow list allows all; deny wins. */
  allow: string[];
  deny: string[];
}

/** `log` of heddle.yaml. */
export interface LogSettings {
  level: LogLevel;
  /** Level per component name, e.g. { acceptor: 'debug' }. */
  levels: Record<string, LogLevel>;
  /** Undefined: standard output. */
  file?: string;
  /** Size of a file at which the next one is begun, bytes; 0: never by size. */
  rotateBytes: number;
  /** ms after which the next file is begun; 0: never by time. */
  rotateEveryMs: number;
  /** Old files kept. */
  keepFiles: number;
  /** The plugin that adds the destination, as the log thread's first. Undefined: the thread makes the same by itself. */
  sinkModuleUrl?: string;
}

/** From the most that is written to nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** The least serious lines that are written; `silent`: none. */
export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(word: string | undefined): word is LogLevel {
  return (logLevels as readonly (string | undefined)[]).includes(word);
}
