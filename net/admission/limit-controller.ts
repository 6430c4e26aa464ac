// LimitController (main thread): looks at what the threads have counted of each service, tells its AdaptiveLimit, and
// writes the new limit where the askers read it. All that it reads are single writers' words and all that it writes are its
// own, so the death of any thread leaves nothing to mend; while main hangs the limits stay as they are.

import type { Inflight } from '../../runtime/shared/inflight.ts';
import type { LoadSums, ServiceLoads } from '../../runtime/shared/service-loads.ts';
import { AdaptiveLimit, type AdaptiveLimitOptions, type LoadWindow } from './adaptive-limit.ts';

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
  /** What happened since the look before. */
  look: Look;
}

type Look = Omit<LoadWindow, 'shareUsed'>;

export class LimitController {
  readonly #loads: ServiceLoads;
  readonly #inflight: Inflight;
  #services: Controlled[] = [];
  /** Services that share a pool, where one of them has a limit: nobody looks at others. */
  #pools: Controlled[][] = [];

  constructor(loads: ServiceLoads, inflight: Inflight) {
    this.#loads = loads;
    this.#inflight = inflight;
  }

  /** Whether any service has an adaptive limit. */
  get isNeeded(): boolean {
    return this.#pools.length > 0;
  }

  /** These from now on. What a limit has learnt stays; one that is new begins at its start. Limits are in force at once. */
  use(services: readonly ControlledService[]): void {
    const known = new Map(this.#services.map((one) => [one.column, one]));
    const rows = this.#loads.rows();
    const pools = new Map<string, Controlled[]>();
    this.#services = services.map((service) => {
      const { column, pool, adaptive } = service;
      const old = known.get(column)?.limit;
      const limit = adaptive && (old === undefined ? new AdaptiveLimit(adaptive) : old.with(adaptive));
      this.#loads.setLimit(column, limit?.limit ?? 0);
      const before = this.#loads.sums(column, rows);
      const controlled = { ...service, limit, before, look: this.#lookAt(column, rows, before, before, 0) };
      const sharing = pools.get(pool);
      if (sharing === undefined) pools.set(pool, [controlled]);
      else sharing.push(controlled);
      return controlled;
    });
    this.#pools = [...pools.values()].filter((sharing) => sharing.some(({ limit }) => limit !== undefined));
  }

  /** `elapsedMs`: since the last look. */
  look(elapsedMs: number): void {
    const rows = this.#loads.rows();
    for (const sharing of this.#pools) this.#lookAtPool(sharing, rows, elapsedMs);
  }

  #lookAtPool(sharing: readonly Controlled[], rows: readonly number[], elapsedMs: number): void {
    let totalMs = 0;
    let weights = 0;
    for (const service of sharing) {
      const { column, before, weight } = service;
      const now = this.#loads.sums(column, rows);
      service.before = now;
      service.look = this.#lookAt(column, rows, before, now, elapsedMs);
      const { waitMs } = service.look;
      totalMs += waitMs;
      if (waitMs > 0) weights += weight;
    }
    for (const { column, limit, look, weight } of sharing) {
      if (limit === undefined) continue;
      // What it had in the queue, next to what its weight gives it among those that had anything there. Handlers that run
      // are left out: those that wait for something take their thread from nobody, however many they are.
      const shareUsed = totalMs === 0 ? 0 : (look.waitMs / totalMs) * (weights / weight);
      this.#loads.setLimit(column, limit.update({ ...look, shareUsed }));
    }
  }

  #lookAt(column: number, rows: readonly number[], before: LoadSums, now: LoadSums, elapsedMs: number): Look {
    return {
      elapsedMs,
      taken: now.taken - before.taken,
      waitMs: now.waitMs - before.waitMs,
      ended: now.ended - before.ended,
      runMs: now.runMs - before.runMs,
      refused: now.refused - before.refused,
      inFlight: this.#inflight.sum(column, rows),
    };
  }
}
