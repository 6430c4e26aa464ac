// The typed messages between main and the admin thread. What main tells is plain data and shared memory; what it is asked
// for is what only main can do. One message with facts is under way at most, so a stuck admin costs main nothing.

import type { MessagePort } from 'node:worker_threads';
import type { LogWorkerSide } from '../runtime/log/thread-logger.ts';
import type { PluginModule } from '../runtime/plugins/plan.ts';
import type { Settings } from '../runtime/settings.ts';
import type { StrategyQuestion } from '../runtime/strategies.ts';
import type { PoolMemory } from '../runtime/thread-control.ts';
import type { JobQuestion, JobRow } from './job-shapes.ts';
import type { LogLevelAnswer, QuarantineRow, VersionAnswer } from './shapes.ts';

/** What the admin thread is born with. */
export interface AdminThreadData {
  /** An IP address: names are resolved on main, since `dns.lookup` uses libuv's pool. */
  host: string;
  /** 0: any free one. */
  port: number;
  /** When the port is taken, any free one will do. */
  anyPort: boolean;
  /** How requests may name this host, beside `localhost` and IP addresses. */
  hostName: string;
  about: AboutProcess;
  settings: Settings;
  /** What the settings come to and why, for people; undefined: nobody has written it. */
  configText: string | undefined;
  /** Absolute path of the config that the process was started with; undefined: none. */
  configFile: string | undefined;
  memory: AdminMemory;
  plugins: readonly PluginModule[];
  log: LogWorkerSide;
}

export interface AboutProcess extends Pick<VersionAnswer, 'heddle' | 'startedAt' | 'previous'> {
  /** When it started, on the process's clock, ms. */
  startedMs: number;
}

/** All that the process counts. */
export interface AdminMemory {
  board: SharedArrayBuffer;
  inflight: SharedArrayBuffer;
  /** ServiceLoads. */
  loads: SharedArrayBuffer;
  /** CounterTable of `threadCounters`, a row for each thread number. */
  threadCounters: SharedArrayBuffer;
  /** CounterTable of `poolCounters`, with `poolRows` rows. */
  poolCounters: SharedArrayBuffer;
  poolRows: number;
  /** CounterTable of `acceptorCounters`, one row. */
  acceptorCounters: SharedArrayBuffer;
  queues: PoolMemory[];
  /** Directory of the series of handlers' metrics. */
  metricDirectory: SharedArrayBuffer;
}

/** What main knows and no shared memory holds. */
export interface AdminFacts {
  state: VersionAnswer['state'];
  threads: ThreadFacts[];
  /** In the order of the rows of `poolCounters`. */
  pools: PoolFacts[];
  /** Connections that wait for an IO thread. */
  waiting: number;
  quarantine: QuarantineRow[];
  jobs: JobRow[];
  logLevels: LogLevelAnswer;
}

export interface ThreadFacts {
  number: number;
  name: string;
  pool: string;
  state: string;
  /** On the process's clock, ms. */
  bornMs: number;
}

export interface PoolFacts {
  name: string;
  /** How many it should have; how many take requests. */
  threads: number;
  going: number;
  down: boolean;
  /** Of all its threads together. */
  maxFibers: number;
  /** Share of its calls that new code gets first; missing: there is no canary. */
  canaryPercent?: number;
}

/** What changes all the time and only main can see. */
export interface ThreadSample {
  number: number;
  /** Time that the thread's event loop was busy and that it waited, ms since its birth. */
  activeMs: number;
  idleMs: number;
  /** Heap and ArrayBuffers, where the pool has a limit. */
  memoryBytes?: number | undefined;
}

/** What the process serves; known once all modules have loaded. */
export interface Served {
  /** In no promised order. */
  methods: { index: number; service: string; method: string }[];
  services: ServedService[];
}

export interface ServedService {
  name: string;
  pool: string;
  /** Of Inflight. */
  column: number;
  maxConcurrency: number;
  /** `heddle://127.0.0.1:7000`. */
  addresses: string[];
}

export type ToAdmin =
  /** What has changed; answered by `seen`. */
  | { type: 'facts'; facts: AdminFacts | undefined; samples: ThreadSample[] | undefined }
  | { type: 'served'; served: Served }
  /** In force from now on. */
  | { type: 'settings'; settings: Settings }
  /** Memory of the MethodCounters of whoever has this thread number. */
  | { type: 'counters'; number: number; memory: ThreadCounterMemory }
  /** Where the thread of this number is asked about itself. */
  | { type: 'thread'; number: number; port: MessagePort }
  /** What was asked for is being done. */
  | { type: 'begun'; id: number }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'refusal'; id: number; code: string; message: string }
  /** End. */
  | { type: 'stop' };

export type FromAdmin =
  | { type: 'listening'; port: number }
  /** It can't listen, or a plugin can't be installed. */
  | { type: 'failed'; code: string; message: string }
  | { type: 'seen' }
  /** Not to be done after `untilMs` (on the process's clock): whoever asked was told that it was not. */
  | { type: 'ask'; id: number; act: MainAct; untilMs: number };

/** What only main can do. */
export type MainAct =
  | { do: 'drain' }
  /** Without `component`: the level of all that have none of their own. Without `level`: the component has none from now on. */
  | { do: 'log-level'; level: string | undefined; component: string | undefined }
  /** Without `fingerprint`: all. */
  | { do: 'lift'; fingerprint: string | undefined }
  | { do: 'profile'; thread: string; durationMs: number }
  | { do: 'job'; question: JobQuestion }
  | { do: 'strategies'; question: StrategyQuestion }
  | { do: 'reload'; wish: ReloadWish; waitMs: number }
  /** Of the latest, or of one by its number. */
  | { do: 'reload-state'; id: number | undefined }
  | { do: 'canary'; goOn: boolean };

/** What a reload shall do beside what has changed. */
export interface ReloadWish {
  /** Pools to roll in any case. */
  pools?: 'all' | readonly string[] | undefined;
  /** Share of the calls that new code gets first, percent; 0: all at once. Default: as the config says. */
  canaryPercent?: number | undefined;
  /** Changes nothing if anything of it needs a restart. */
  strict?: boolean | undefined;
}

/** MethodCounters of one thread number: of its requests, by method, and of its calls to other processes, by client. */
export interface ThreadCounterMemory {
  methods: SharedArrayBuffer;
  clients: SharedArrayBuffer;
  /** Cells of its handlers' metrics. */
  metrics: SharedArrayBuffer;
}
