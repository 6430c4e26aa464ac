// The JSON that the admin answers with, path by path. Read by `heddle top`, `heddle admin`, the console, and anybody's
// scripts: fields are added, never renamed. Times are ms, sizes bytes, unless a name says otherwise; numbers that only
// grow count from the start of the process.

import type { DropReason, MetricKind } from '../runtime/shared/metric-cells.ts';
import type { RefusalReason } from '../runtime/shared/refusal.ts';
import type { ConnectionRow, FiberRow } from '../runtime/thread-report.ts';

/** GET /version */
export interface VersionAnswer {
  heddle: string;
  node: string;
  pid: number;
  /** ISO 8601. */
  startedAt: string;
  uptimeMs: number;
  state: 'starting' | 'serving' | 'draining';
  cpus: number;
  /** Why the process before this one ended, when a guardian has started it again. */
  previous?: unknown;
}

/** GET /threads */
export interface ThreadsAnswer {
  threads: ThreadRow[];
}

export interface ThreadRow {
  /** `io-1`, `ranking-2`, `main`, `admin`. */
  name: string;
  /** 1..255; 0: it takes part in no queue. */
  number: number;
  /** Empty: of none. */
  pool: string;
  /** `going` takes requests; main is `silent` when it has told nothing for 3 s. */
  state: string;
  ageMs: number;
  /** Waits for work. */
  parked: boolean;
  fibers: number;
  nested: number;
  /** Requests that it asked others for and that are not answered yet. */
  asked: number;
  connections: number;
  /** User code on its stack now. */
  running?: RunningRow;
  /** Heap and ArrayBuffers at the last look, where the pool has a limit. */
  memoryBytes?: number;
}

export interface RunningRow {
  /** `movies.Search/search`. */
  method: string;
  fiber: number;
  fingerprint: string;
  forMs: number;
}

/** GET /pools */
export interface PoolsAnswer {
  pools: PoolRow[];
}

export interface PoolRow {
  name: string;
  /** How many it should have; how many take requests now. */
  threads: number;
  going: number;
  down: boolean;
  /** Share of its calls that new code gets first; missing: there is no canary. */
  canaryPercent?: number;
  /** Waiting requests by lane, and the bound of one lane. */
  queued: { high: number; normal: number; low: number; nested: number };
  queueLength: number;
  /** Of all its threads together; and the bound of that. */
  fibers: number;
  maxFibers: number;
  /** By cause, and all else of `poolCounters`. */
  counts: Record<string, number>;
}

/** GET /services */
export interface ServicesAnswer {
  services: ServiceRow[];
}

export interface ServiceRow {
  name: string;
  pool: string;
  addresses: string[];
  /** Requests under way. */
  inFlight: number;
  maxConcurrency: number;
  /** Requests at once that its adaptive limit allows now; missing: it has none. */
  adaptiveLimit?: number;
  /** Requests that were refused before any queue, by reason; missing: none was. */
  refused?: Partial<Record<RefusalReason | 'limiter', number>>;
  methods: MethodReport[];
}

export interface MethodReport {
  name: string;
  /** `movies.Search/search`'s index in the method table. */
  index: number;
  /** Answers by code name (`OK`, `UNAVAILABLE`, …), zero ones left out. */
  fromSockets: Record<string, number>;
  fromFibers: Record<string, number>;
  latencyMeanMs: number;
  latencyP50Ms: number;
  latencyP99Ms: number;
}

/** GET /connections */
export interface ConnectionsAnswer {
  open: number;
  perThread: { thread: string; connections: number; rows: ConnectionRow[]; more: number; silent: boolean }[];
}

/** GET /fibers */
export interface FibersAnswer {
  threads: FiberThread[];
}

export interface FiberThread {
  thread: string;
  number: number;
  /** False: it did not answer within 100 ms; `running` says what stands on its stack. */
  answered: boolean;
  running?: RunningRow;
  fibers: FiberRow[];
  /** Fibers left out. */
  more: number;
}

/** GET /quarantine */
export interface QuarantineAnswer {
  refused: QuarantineRow[];
}

export interface QuarantineRow {
  method: string;
  fingerprint: string;
  kills: number;
  /** ISO 8601. */
  until: string;
}

/** POST /quarantine/lift */
export interface LiftAnswer extends QuarantineAnswer {
  /** What was refused until then, and is not any more. */
  lifted: QuarantineRow[];
}

/** GET /metrics/values */
export interface MetricValuesAnswer {
  /** Series that handlers have made, and can make. */
  series: number;
  seriesMax: number;
  /** Values that went nowhere, by reason. */
  dropped: Record<DropReason, number>;
  values: MetricValueRow[];
}

/** One series. */
export interface MetricValueRow {
  kind: MetricKind;
  /** Of counters without the ending `_total`. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Of counters and gauges. */
  value?: number;
  /** Of histograms; what follows the sum is there once something was observed. */
  count?: number;
  sum?: number;
  min?: number;
  max?: number;
  average?: number;
  p50?: number;
  p90?: number;
  p99?: number;
  p999?: number;
}

/** GET and POST /loglevel */
export interface LogLevelAnswer {
  level: string;
  levels: Record<string, string>;
}

/** Any answer of 400 and above. */
export interface AdminErrorAnswer {
  error: string;
  /** Where main hangs: what its profile shows. */
  main?: { hottest: { function: string; at: string; share: number } | undefined; profile: unknown };
}

/** GET /profile?summary */
export interface ProfileSummary {
  thread: string;
  ms: number;
  /** The hottest first; shares of the time in which the thread was busy, 0..1. */
  lines: { function: string; at: string; share: number }[];
}
