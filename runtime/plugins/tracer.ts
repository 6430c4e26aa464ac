// Tracers: where spans go, and the extension point by which a plugin adds one. While one is installed, sampled requests and
// their calls make spans (net/tracing/), which are handed to it in batches.

import type { ErrorCode } from '../errors.ts';
import { HeddleError } from '../errors.ts';
import type { Registry } from './registry.ts';

/** What a tracer may be told, and what it is when it says nothing. */
export const tracerBounds = {
  percent: { min: 0, max: 100, default: 0 },
  maxSpans: { min: 1, max: 10_000, default: 512 },
  everyMs: { min: 10, max: 600_000, default: 5_000 },
} as const;

/** How long one export may take, ms: a collector that is slower than this is as good as gone. */
export const exportTimeoutMs = 10_000;

/** One piece of a trace: a request that a thread took, a call that a fiber made, or a run of a job. Plain data. */
export interface Span {
  /** 32 hex digits (W3C). */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** 16 hex digits: the span in which this one lies; undefined: the trace begins here. */
  parentSpanId: string | undefined;
  /** The method, `movies.Rank/score`; or `job refresh-index`. */
  name: string;
  /** `internal`: a run of a job. */
  kind: 'server' | 'client' | 'internal';
  /** ms since 1970, with a fraction. Exact within a thread; between threads of a machine to about 1 ms. */
  startMs: number;
  durationMs: number;
  code: 'OK' | ErrorCode;
  /**
   * By OpenTelemetry's names where it has one: `error.type` (of a failure), `thread.name`, and except of jobs
   * `rpc.system.name` (heddle), `rpc.method`, `rpc.response.status_code`; besides `heddle.pool`, of servers
   * `heddle.attempt`, of one-way calls `heddle.one_way`.
   */
  attributes: Record<string, string | number | boolean>;
}

/** What a plugin adds. */
export interface TracerDefinition {
  /** For the log: lower-case letters, digits, . + and -, at most 64. Unique on the thread. */
  name: string;
  /**
   * The share of requests from outside that bring no trace and begin a sampled one here, and of runs of jobs; 0 to 100,
   * fractions too. Of several tracers the largest holds. Default: 0, only traces that callers have sampled (W3C flag 01).
   */
  percent?: number;
  /** Spans of one batch, 1 to 10,000. As many wait at most while a batch is exported; more are dropped. Default: 512. */
  maxSpans?: number;
  /** How long a span waits at most until its batch is exported, ms, 10 to 600,000. Default: 5,000. */
  everyMs?: number;
  /**
   * Takes a batch, which is its own. Called on the thread that made the spans, one at a time; a promise is awaited, for
   * 10 s, then `signal` is aborted and the next batch may come. A throw loses the batch, and the log says so.
   */
  export(spans: readonly Span[], signal: AbortSignal): unknown;
}

/** What plugins have on IO and CPU threads. */
export interface TracerPoint {
  /** Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. */
  tracer(definition: TracerDefinition): void;
}

export function tracerPoint(plugin: string, tracers: Registry<TracerDefinition>): TracerPoint {
  return {
    tracer: (definition) => {
      const { name } = definition;
      const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `tracer ${JSON.stringify(name)}: ${what}`);
      if (typeof definition.export !== 'function') throw wrong('it has no export(spans)');
      for (const key of ['percent', 'maxSpans', 'everyMs'] as const) {
        const value = definition[key] ?? tracerBounds[key].default;
        const { min, max } = tracerBounds[key];
        if (!(typeof value === 'number' && value >= min && value <= max)) {
          throw wrong(`its ${key} must be ${min} to ${max}, not ${JSON.stringify(value)}`);
        }
        if (key === 'maxSpans' && !Number.isInteger(value)) throw wrong(`its maxSpans must be whole, not ${value}`);
      }
      tracers.add(plugin, definition);
    },
  };
}
