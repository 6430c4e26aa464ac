// The method table: one row for each method of each service of the process, with the number by which queues name it. Made
// by main: when all modules have loaded, and anew when code or settings change. Then sent to every thread.

import { HeddleError } from '../../runtime/errors.ts';
import type { ServiceSettings, Settings } from '../../runtime/settings.ts';
import type { Canary, MethodRow } from '../../runtime/thread-control.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';

/** What a generation of a pool serves, and the queue that it takes from. */
export interface Serving {
  queue: string;
  /** What its modules serve. */
  served: readonly ServedRow[];
  /** The generation that gets a share of the calls. */
  canary?: ServedCanary | undefined;
}

export interface ServedCanary extends Pick<Canary, 'queue' | 'percent' | 'counts'> {
  served: readonly ServedRow[];
}

/** What there was before. */
export interface TableBefore {
  /** By service: its column of Inflight, from 1. */
  columns: ReadonlyMap<string, number>;
  rows: readonly MethodRow[];
  /** Rows at most. */
  rowsMax: number;
}

/**
 * Rows from 1; 0 is the task method of the scheduler. A method that was there before keeps its row, also when it is gone;
 * new ones come behind. `serving`: by pool. Throws RESOURCE_EXHAUSTED over `rowsMax`.
 */
export function methodTable(
  settings: Settings,
  serving: ReadonlyMap<string, Serving>,
  { columns, rows: before, rowsMax }: TableBefore = noTable(settings),
): MethodRow[] {
  const indexes = new Map(before.map(({ service, method, index }) => [keyOf(service, method), index]));
  const rows: MethodRow[] = before.map((row) => ({ ...row, gone: true, canary: undefined }));
  for (const service of settings.services) {
    const pool = serving.get(service.pool);
    const column = columns.get(service.name);
    if (pool === undefined || column === undefined) continue;
    for (const one of methodsOf(service.name, pool)) {
      const index = indexes.get(keyOf(service.name, one.row.method)) ?? rows.length + 1;
      rows[index - 1] = {
        index,
        service: service.name,
        method: one.row.method,
        pool: service.pool,
        queue: one.queue,
        canary: one.canary && {
          ...one.canary,
          row: index,
          column: columns.size + column,
          maxConcurrency: shareOf(service.maxConcurrency, one.canary.percent),
        },
        reads: one.row.reads,
        oneWay: one.row.oneWay,
        example: one.row.example,
        timeoutMs: smallestTimeoutMs(settings, service, one.row.method),
        column,
        maxConcurrency: service.maxConcurrency,
        startLate: service.startLate,
        compressAboveBytes: service.pool === 'io' ? 0 : service.compressAboveBytes,
      };
    }
  }
  if (rows.length <= rowsMax) return rows;
  throw new HeddleError(
    'RESOURCE_EXHAUSTED',
    `the new code has ${rows.length - before.length} methods that are new, and the running process has room for ${rowsMax - before.length}: restart it`,
    { retry: 'no' },
  );
}

/** Before the first one. */
export function noTable({ services }: Settings): TableBefore {
  const columns = new Map(services.map(({ name }, at) => [name, at + 1]));
  return { columns, rows: [], rowsMax: Number.POSITIVE_INFINITY };
}

interface RoutedMethod {
  row: ServedRow;
  queue: string;
  canary: Pick<Canary, 'queue' | 'percent' | 'counts'> | undefined;
}

/** Of what only one of the two generations serves there is no share: it is routed to that one. */
function* methodsOf(service: string, { queue, served, canary }: Serving): Iterable<RoutedMethod> {
  const own = served.filter((row) => row.service === service);
  const next = canary?.served.filter((row) => row.service === service) ?? [];
  const common = new Set(next.map(({ method }) => method));
  const share = canary && { queue: canary.queue, percent: canary.percent, counts: canary.counts };
  for (const row of own) yield { row, queue, canary: common.has(row.method) ? share : undefined };
  for (const { method } of own) common.delete(method);
  for (const row of next) if (common.has(row.method)) yield { row, queue: canary!.queue, canary: undefined };
}

/** At least one: it must be tried at all. */
function shareOf(maxConcurrency: number, percent: number): number {
  return maxConcurrency === 0 ? 0 : Math.max(1, Math.floor((maxConcurrency * percent) / 100));
}

function keyOf(service: string, method: string): string {
  return `${service}/${method}`;
}

/** Of the timeouts that are set (0 is not) the smallest wins; a binding's and a client's own come on top. */
function smallestTimeoutMs(settings: Settings, service: ServiceSettings, method: string): number {
  const pool = settings.pools.find(({ name }) => name === service.pool) ?? settings.io;
  const set = [pool.timeoutMs, service.timeoutMs, service.methodTimeoutsMs[method] ?? 0].filter((ms) => ms > 0);
  return set.length === 0 ? 0 : Math.min(...set);
}
