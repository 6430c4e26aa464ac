// RouteBounds: what bounds a service beside `maxConcurrency`, as one asker sees it: its rate, its adaptive limit, its share
// of its pool's queue. A route of a service with none of them has no RouteBounds, and costs nothing.

import { rateOver, serviceOverloaded, serviceOverloadedHigh, shareFull } from './asker-refusals.ts';
import type { PoolQueue } from './pool-queue.ts';
import { RateLimit } from './process-limits.ts';
import { QueueCensus } from './queue-census.ts';
import type { Refusal } from './refusal.ts';
import { type ServiceLoad, ServiceLoads } from './service-loads.ts';

/** The same as rows of the method table carry it: plain data and shared memory. */
export interface ServiceBounds {
  /** ServiceLoads of the process. */
  loads: SharedArrayBuffer;
  /** It has a controller, which writes its limit there. */
  isAdaptive: boolean;
  /** Some service of its pool has a controller, so what it waits and runs is counted. */
  isCounted: boolean;
  /** Requests that it may have in a lane of its pool's queue when that is half full; 0: any, it is alone in its pool. */
  reserve: number;
  /** Its methods, ascending. */
  methods: readonly number[];
  /** `cells`: of a RateLimit. */
  rate?: { perSecond: number; burst: number; cells: SharedArrayBuffer } | undefined;
}

export class RouteBounds {
  readonly loads: ServiceLoads;
  readonly isAdaptive: boolean;
  readonly reserve: number;
  readonly #methods: readonly number[];
  readonly #service: string;
  readonly #column: number;
  readonly #own: ServiceLoad;
  readonly #rate: RateLimit | undefined;
  readonly #rateOver: Refusal & { retryAfterMs: number };

  /** `me`: the number of the thread that asks. */
  constructor(bounds: ServiceBounds, service: string, column: number, me: number) {
    const { loads, isAdaptive, reserve, methods, rate } = bounds;
    this.loads = new ServiceLoads(loads);
    this.isAdaptive = isAdaptive;
    this.reserve = reserve;
    this.#methods = methods;
    this.#service = service;
    this.#column = column;
    this.#own = this.loads.of(me, column);
    this.#rate = rate && new RateLimit(rate.cells, 0, rate);
    // One of its own, since it says each time when to come again.
    this.#rateOver = { ...rateOver(service, rate?.perSecond) };
  }

  /** Requests at once that the controller allows now; 0: any number. */
  get limit(): number {
    return this.isAdaptive ? this.loads.limit(this.#column) : 0;
  }

  /**
   * The adaptive limit lets one more not in. `bound`: what is full; `filled`: as for `serviceOverloaded`; `isHigh`: of the
   * class whose bound is over the limit.
   */
  overloaded(bound: number, filled: number, isHigh: boolean): Refusal {
    this.#own.refuse();
    return isHigh ? serviceOverloadedHigh(this.#service, bound) : serviceOverloaded(this.#service, bound, filled);
  }

  /** Whether the service must leave the rest of the lane to the others of its pool. */
  overShare(pool: PoolQueue, lane: number): Refusal | undefined {
    const { queue } = pool;
    // The size is a hint: near the half, one more or less may come in.
    if (this.reserve === 0 || queue.size(lane) < queue.capacity >>> 1) return undefined;
    pool.census ??= new QueueCensus(queue);
    if (!pool.census.reaches(lane, this.#methods, this.reserve)) return undefined;
    return shareFull(this.#service, this.reserve);
  }

  /** Takes a token, if there is one. */
  overRate(nowMs: number): Refusal | undefined {
    const rate = this.#rate;
    if (rate === undefined || rate.take(nowMs)) return undefined;
    this.#rateOver.retryAfterMs = Math.max(1, Math.ceil(rate.waitMs));
    return this.#rateOver;
  }
}
