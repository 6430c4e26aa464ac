// The method table: one row for each method of each service of the process, with the number by which queues name it.
// Made once by main when all modules have loaded, frozen, and sent to every thread.

import type { ServiceSettings, Settings } from '../../runtime/settings.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';

/** Rows from 1; 0 is the task method of the scheduler. `served`: by pool name, what its threads' modules serve. */
export function methodTable(settings: Settings, served: ReadonlyMap<string, readonly ServedRow[]>): MethodRow[] {
  const rows: MethodRow[] = [];
  for (const [column, service] of settings.services.entries()) {
    for (const row of served.get(service.pool) ?? []) {
      if (row.service !== service.name) continue;
      rows.push({
        index: rows.length + 1,
        service: service.name,
        method: row.method,
        pool: service.pool,
        queue: service.pool,
        reads: row.reads,
        oneWay: row.oneWay,
        example: row.example,
        timeoutMs: smallestTimeoutMs(settings, service, row.method),
        column: column + 1,
        maxConcurrency: service.maxConcurrency,
        compressAboveBytes: service.pool === 'io' ? 0 : service.compressAboveBytes,
      });
    }
  }
  return rows;
}

/** Of the timeouts that are set (0 is not) the smallest wins; a binding's and a client's own come on top. */
function smallestTimeoutMs(settings: Settings, service: ServiceSettings, method: string): number {
  const pool = settings.pools.find(({ name }) => name === service.pool) ?? settings.io;
  const set = [pool.timeoutMs, service.timeoutMs, service.methodTimeoutsMs[method] ?? 0].filter((ms) => ms > 0);
  return set.length === 0 ? 0 : Math.min(...set);
}
