// LimitController (main thread): looks at what the threads have counted of each service, tells its AdaptiveLimit, and
// writes the new limit where the askers read it. All that it reads are single writers' words and all that it writes are its
// own, so the death of any thread leaves nothing to mend; while main hangs the limits stay as they are.

import type { Inflight } from '../../runtime/shared/inflight.ts';
import type { LoadSums, ServiceLoads } from '../../runtime/shared/service-loads.ts';
import { AdaptiveLimit, type AdaptiveLimitOptions } from './adaptive-limit.ts';

/** A service, also one without an adaptive limit: it has a share of its pool all the same. */
export interface ControlledService {
  /** Of Inflight and ServiceLoads. */
  column: number;
  pool: string;
  weight: number;
  adaptive: AdaptiveLimitOptions | undefined;
}

interface Controlled extends ControlledService {
  limit: AdaptiveLimit | undefined;
  before: LoadSums;
}

export class LimitController {
  readonly #loads: ServiceLoads;
  readonly #inflight: Inflight;
  #services: Controlled[] = [];

  constructor(loads: ServiceLoads, inflight: Inflight) {
    this.#loads = loads;
    this.#inflight = inflight;
  }

  /** Whether any service has an adaptive limit. */
  get isNeeded(): boolean {
    return this.#services.some(({ limit }) => limit !== undefined);
  }

  /** These from now on. What a limit has learnt stays; one that is new begins at its start. Limits are in force at once. */
  use(services: readonly ControlledService[]): void {
    const known = new Map(this.#services.map((one) => [one.column, one]));
    this.#services = services.map((service) => {
      const { column, adaptive } = service;
      const old = known.get(column)?.limit;
      const limit = adaptive && (old === undefined ? new AdaptiveLimit(adaptive) : old.with(adaptive));
      this.#loads.setLimit(column, limit?.limit ?? 0);
      return { ...service, limit, before: this.#loads.sums(column) };
    });
  }

  /** `elapsedMs`: since the last look. */
  look(elapsedMs: number): void {
    const inFlight = new Map(this.#services.map(({ column }) => [column, this.#inflight.sum(column)]));
    for (const service of this.#services) {
      const { column, limit, before } = service;
      if (limit === undefined) continue;
      const now = this.#loads.sums(column);
      service.before = now;
      const shareUsed = this.#shareUsed(service, inFlight);
      const window = {
        elapsedMs,
        taken: now.taken - before.taken,
        waitMs: now.waitMs - before.waitMs,
        ended: now.ended - before.ended,
        runMs: now.runMs - before.runMs,
        refused: now.refused - before.refused,
        inFlight: inFlight.get(column)!,
        shareUsed,
      };
      this.#loads.setLimit(column, limit.update(window));
    }
  }

  /** What it has under way in its pool, next to what its weight gives it among those that have anything there. */
  #shareUsed({ column, pool, weight }: Controlled, inFlight: ReadonlyMap<number, number>): number {
    let total = 0;
    let weights = 0;
    for (const other of this.#services) {
      const own = other.pool === pool ? inFlight.get(other.column)! : 0;
      if (own === 0) continue;
      total += own;
      weights += other.weight;
    }
    return total === 0 ? 0 : (inFlight.get(column)! / total) * (weights / weight);
  }
}
