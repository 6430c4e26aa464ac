// The typed messages between main and the threads of the process. They start, connect, settle and stop threads; no
// request ever goes this way.

import type { MessagePort } from 'node:worker_threads';
import type { JobNews, JobRun } from './jobs.ts';
import type { KeptCode } from './kept-code.ts';
import type { LiveSettings } from './live-settings.ts';
import type { LoadedMessage } from './loaded-files.ts';
import type { LinkMemory } from './shared/link.ts';
import type { ThreadMetricMemory } from './shared/metric-memory.ts';
import type { PoolDown } from './shared/pool-queue.ts';
import type { ServiceBounds } from './shared/route-bounds.ts';
import type { LostSlot } from './shared/run-queue.ts';

/** What a thread is born with. Plain data and shared memory: goes by structured clone. */
export interface ThreadInit {
  /** 1..255, unique among the living and the not yet settled. */
  number: number;
  /** For logs: `io-1`, `ranking-2`. */
  name: string;
  board: SharedArrayBuffer;
  inflight: SharedArrayBuffer;
  latency: SharedArrayBuffer;
  /** CounterTable of `threadCounters`. */
  counters: SharedArrayBuffer;
  /** Of the metrics of its handlers; undefined: they go nowhere. */
  metrics?: ThreadMetricMemory | undefined;
  pools: PoolMemory[];
  /** Names of the pools that this thread takes from. */
  takes: string[];
  /** This number's request table and arena, which it takes over from the owner before. */
  table: SharedArrayBuffer;
  arena: SharedArrayBuffer;
  maxRequests: number;
  /** How long an idle thread may poll before it parks, ms; 0 where threads outnumber cores. */
  spinMs: number;
  /** Of one that takes the place of another: the code that its generation has loaded. Undefined: it loads what is there. */
  kept?: KeptCode | undefined;
  /** What it has compiled goes into Node's compile cache before it serves. One thread of a pool does it for all. */
  keepsCompiled?: boolean | undefined;
}

export interface PoolMemory {
  /** Of the queue: a pool has one for its even generations and one for its odd ones. */
  name: string;
  /** The pool's name, where that is another. */
  pool?: string;
  memory: SharedArrayBuffer;
  capacity: number;
  /** An IO thread's queue of outgoing calls. */
  calls: boolean;
}

/**
 * Where calls go from now on: main makes a new one when code or settings change, and a thread uses it as a whole from one
 * instant on. Rows are never taken out or numbered anew, since requests that wait name them.
 */
export interface RoutingTable {
  /** Counts up from 0. */
  turn: number;
  methods: MethodRow[];
  /** The queue of each pool that new work goes into; `canary`: of the generation that gets a share, where there is one. */
  queues: { pool: string; queue: string; canary?: string | undefined }[];
}

/** A share of a method's calls that tries the next generation first. */
export interface Canary {
  queue: string;
  /** Above 0, up to 100. */
  percent: number;
  /** What the askers count of both sides, by row; undefined: nothing. */
  counts?: SharedArrayBuffer | undefined;
  row: number;
  /** Of Inflight: what it has of the service under way. */
  column: number;
  /** Its share of the service's `maxConcurrency`: beyond it calls go to the code in use. 0: no bound. */
  maxConcurrency: number;
}

/** One row of the process's method table; `index` is what slots carry. */
export interface MethodRow {
  index: number;
  service: string;
  method: string;
  pool: string;
  /** The queue of the pool's generation that serves it. */
  queue: string;
  canary?: Canary | undefined;
  /** No code in force has it any more: it is not found. What waits of it in a queue is still run. */
  gone?: boolean | undefined;
  reads: boolean;
  /** Nobody waits for its answer, whatever the caller's head says. */
  oneWay: boolean;
  /** A request to try, as JSON text; undefined: the contract has none. */
  example?: string | undefined;
  /** The smallest of the pool's, service's and method's timeouts, ms; 0: none. */
  timeoutMs: number;
  /** Column of the service in Inflight. */
  column: number;
  maxConcurrency: number;
  /** The service's other bounds; undefined: it has none. */
  bounds?: ServiceBounds | undefined;
  /** Its requests start however little of their time is left; undefined: not when its runs lately take longer. */
  startLate?: boolean | undefined;
  /** Replies of at least this size are compressed for those who take that, bytes; 0 or undefined: none. */
  compressAboveBytes?: number | undefined;
}

export type ToThread =
  | { type: 'link'; memory: LinkMemory; bell: MessagePort | undefined; side: MessagePort | undefined }
  /**
   * All links are there: take and put from now on. `counts` and `clientCounts`: memory of this thread's MethodCounters, by
   * method and by client of the config.
   */
  | {
      type: 'go';
      table: RoutingTable;
      counts: SharedArrayBuffer;
      clientCounts: SharedArrayBuffer;
      quarantined: QuarantinedBody[];
      live: LiveSettings;
    }
  /** The settings that may change while the process runs: all of them, the unchanged ones too. */
  | { type: 'live'; live: LiveSettings }
  /** Route by this table from now on, then say `turned`. */
  | { type: 'table'; table: RoutingTable }
  /** A thread is being ended: answer what it runs for you. */
  | { type: 'condemned'; number: number }
  /** A thread has stopped: settle, then say so. */
  | { type: 'died'; number: number; lost: LostSlot[] }
  | { type: 'pool'; name: string; down: PoolDown | false }
  /** Requests that are refused from now on: all of them, those of earlier messages included. */
  | { type: 'quarantine'; bodies: QuarantinedBody[] }
  /** Nothing: it makes a turn, by which main sees that the thread's event loop goes round. */
  | { type: 'ping' }
  /** Where the admin asks this thread about itself. */
  | { type: 'admin'; port: MessagePort }
  /** For the thread's strategies; what it says is theirs to know. */
  | { type: 'strategies'; message: unknown }
  /** To an IO thread: put this run of a job into its pool's queue, and tell how it ends. */
  | { type: 'job'; run: JobRun }
  /** Take nothing new, finish what runs, then say `retired`. */
  | { type: 'retire' }
  /** Finish what runs. IO threads tell their peers; CPU threads go on until `stop`. */
  | { type: 'drain' }
  /** End now. */
  | { type: 'stop' };

/** A request that has ended threads. */
export interface QuarantinedBody {
  method: number;
  /** `bodyHash` of its body. */
  body: number;
  /** On the process's clock, ms. */
  untilMs: number;
  kills: number;
}

export type ToMain =
  /** The first message, before any module of a user's loads: worker_threads' own id, so that main finds the Worker. */
  | { type: 'born'; threadId: number }
  | {
      type: 'ready';
      /** What its modules serve; empty for threads that load none. */
      methods: { service: string; method: string; reads: boolean; oneWay: boolean; example?: string | undefined }[];
    }
  | { type: 'failed'; code: string; message: string }
  /** Before `ready` or `failed`, and when more is loaded later. */
  | LoadedMessage
  | { type: 'linked'; peer: number }
  | { type: 'settled'; number: number }
  /** It puts nothing by an older table any more. */
  | { type: 'turned'; turn: number }
  /** An IO thread has no connection and nothing under way any more. */
  | { type: 'drained' }
  /** It was told to retire: from here on it takes nothing. `untilMs`: the last deadline of what it runs; 0: it has none. */
  | { type: 'leaving'; untilMs: number }
  /** Nothing runs here any more and nothing will. */
  | { type: 'retired' }
  /** Of a run of a job. */
  | { type: 'job'; news: JobNews }
  /** Of the thread's strategies, for main's side of them. */
  | { type: 'strategies'; message: unknown }
  /** Connections that have arrived and that have closed since the last such message, by the numbers main gave them. */
  | { type: 'connections'; opened: number[]; closed: number[] };
