// RefusalLog (main thread): overload in words. MinuteLooks shows it what the threads have counted, and it says of each service
// that refused requests meanwhile how many, and why. Nothing is said while nothing is refused.

import { refusedByReason } from '../../admin/process-view.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MethodCounts } from '../../runtime/shared/method-counters.ts';
import type { ServiceLoads } from '../../runtime/shared/service-loads.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';

/** Services with a line of their own, those that refused most; the rest share one. */
const linesMax = 20;

type Reasons = ReturnType<typeof refusedByReason>;

interface Refused {
  service: string;
  count: number;
  /** Since the look before. */
  reasons: Reasons;
  /** Of the adaptive limit, now; 0: it has none. */
  limit: number;
}

export class RefusalLog {
  readonly #loads: Pick<ServiceLoads, 'limit'>;
  readonly #log: Logger;
  /** What each service had refused at the last look. */
  #before = new Map<string, Reasons>();

  constructor(loads: Pick<ServiceLoads, 'limit'>, log: Logger) {
    this.#loads = loads;
    this.#log = log;
  }

  /** `counts`: by method index. `seconds`: since the last look. */
  look(
    methods: readonly Pick<MethodRow, 'service' | 'index' | 'column'>[],
    counts: ReadonlyMap<number, MethodCounts>,
    seconds: number,
  ): void {
    const refused = this.#refused(methods, counts).sort((left, right) => right.count - left.count);
    const last = seconds === 60 ? 'minute' : `${seconds} s`;
    for (const { service, count, reasons, limit } of refused.slice(0, linesMax)) {
      const why = Object.entries(reasons)
        .sort(([, left], [, right]) => right - left)
        .map(([reason, one]) => `${one.toLocaleString('en')} ${reason}${limitText(reason, limit)}`);
      const what = `${service} refused ${requests(count)} in the last ${last}: ${why.join(', ')}`;
      this.#log.warn({ service, refused: count, reasons, ...(limit > 0 && { adaptiveLimit: limit }), seconds }, what);
    }
    const rest = refused.slice(linesMax);
    if (rest.length === 0) return;
    const count = rest.reduce((sum, one) => sum + one.count, 0);
    const what = `${rest.length} other services refused ${requests(count)} in the last ${last}`;
    this.#log.warn({ services: rest.length, refused: count, seconds }, what);
  }

  /** By service, those that refused something since the last look. */
  #refused(
    methods: readonly Pick<MethodRow, 'service' | 'index' | 'column'>[],
    counts: ReadonlyMap<number, MethodCounts>,
  ): Refused[] {
    const found: Refused[] = [];
    const now = new Map<string, Reasons>();
    for (const [service, rows] of Map.groupBy(methods, (row) => row.service)) {
      const reasons = refusedByReason(rows.map(({ index }) => counts.get(index)!));
      now.set(service, reasons);
      const since = difference(reasons, this.#before.get(service) ?? {});
      const count = Object.values(since).reduce((sum, one) => sum + one, 0);
      if (count > 0) found.push({ service, count, reasons: since, limit: this.#loads.limit(rows[0]!.column) });
    }
    this.#before = now;
    return found;
  }
}

function difference(now: Reasons, before: Reasons): Reasons {
  const since: Reasons = {};
  for (const [name, count] of Object.entries(now)) {
    const reason = name as keyof Reasons;
    const more = count - (before[reason] ?? 0);
    if (more > 0) since[reason] = more;
  }
  return since;
}

function limitText(reason: string, limit: number): string {
  return reason === 'adaptive' && limit > 0 ? ` (limit ${Math.floor(limit)} now)` : '';
}

function requests(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'request' : 'requests'}`;
}
