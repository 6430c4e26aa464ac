// AskerBounds: which bound, if any, one more request is over: of the process, of its service, of its class. Asked by the
// asker before each put, on its thread. Nothing here takes a permit: what counts are the rows of Inflight, so a thread that
// dies holds none, and two askers at the same instant overshoot a bound by at most one request each.
//
// A call of a fiber (depth > 0) belongs to a request that was let in at the door: it is not shed for its class, nor by the
// adaptive limit or the share of its service, since what has been done for that request would be lost. It counts in all.

import type { CallHead } from '../call.ts';
import { processFull, serviceFull } from './asker-refusals.ts';
import type { Board } from './board.ts';
import { ClassesSeen, classShare } from './class-shares.ts';
import { allRequests, type Inflight } from './inflight.ts';
import type { Links } from './link.ts';
import type { PoolQueue } from './pool-queue.ts';
import type { Refusal } from './refusal.ts';
import type { RouteBounds } from './route-bounds.ts';

/**
 * So far the class high may go over an adaptive limit, which falls at once while what others have put stays: as tRPC-Cpp lets
 * its highest go to the double. The limit finds its way with them counted in.
 */
const highOverLimit = 1.5;

/** What a route says of bounds. */
export interface BoundedRoute {
  pool: PoolQueue;
  /** The service's column of Inflight; 0: none. */
  column: number;
  /** Requests of the service at once, in the whole process; 0: no bound. */
  maxConcurrency: number;
  /** `movies.Search`, for refusals. */
  service: string;
  /** Its other bounds; undefined: it has none. */
  bounds?: RouteBounds | undefined;
  /** Of a canary: the column of Inflight in which its calls count besides, and how many there may be at once; 0: any number. */
  share?: { column: number; max: number } | undefined;
}

export interface AskerBoundsOptions {
  /** This thread's number. */
  me: number;
  board: Board;
  links: Links;
  inflight: Inflight;
  /** Requests from sockets at once, in the whole process. */
  maxRequests: number;
  /** Of them, how many one connection may have while the process has half of what it may have; 0: any number. */
  maxPerConnection?: number;
}

export class AskerBounds {
  /** These two may change at any time. */
  maxRequests: number;
  maxPerConnection: number;
  readonly #links: Links;
  readonly #inflight: Inflight;
  readonly #classes: ClassesSeen;

  constructor({ me, board, links, inflight, maxRequests, maxPerConnection = 0 }: AskerBoundsOptions) {
    this.maxRequests = maxRequests;
    this.maxPerConnection = maxPerConnection;
    this.#links = links;
    this.#inflight = inflight;
    this.#classes = new ClassesSeen(board, me);
  }

  /** Undefined: the request may come in. */
  over(
    route: BoundedRoute,
    fromSocket: boolean,
    head: Pick<CallHead, 'priority' | 'depth'>,
    nowMs: number,
  ): Refusal | undefined {
    const { list } = this.#links;
    const priority = head.depth > 0 ? 0 : head.priority;
    if (fromSocket) {
      this.#classes.see(priority, nowMs);
      const filled = this.#filled(this.#inflight.total(allRequests, list), this.maxRequests, priority, nowMs);
      if (filled !== undefined) return processFull('', this.maxRequests, filled);
    }
    const { column, maxConcurrency, bounds } = route;
    if (maxConcurrency === 0 && bounds === undefined) return undefined;
    // The sum over all threads is what costs: only for who needs it.
    const inFlight = maxConcurrency > 0 || bounds?.isAdaptive === true ? this.#inflight.total(column, list) : 0;
    if (maxConcurrency > 0) {
      const filled = this.#filled(inFlight, maxConcurrency, priority, nowMs);
      if (filled !== undefined) return serviceFull(route.service, maxConcurrency, filled);
    }
    return bounds && this.#overOwn(route, bounds, inFlight, head, nowMs);
  }

  /** Whether a canary has as many calls under way as it may. */
  isShareFull({ share }: BoundedRoute): boolean {
    if (share === undefined || share.max === 0) return false;
    return this.#inflight.total(share.column, this.#links.list) >= share.max;
  }

  /** Whether a connection with so many requests under way must leave what is left to others. */
  overConnection(inFlight: number): boolean {
    const { maxPerConnection } = this;
    if (maxPerConnection === 0 || inFlight < maxPerConnection) return false;
    return this.#inflight.total(allRequests, this.#links.list) * 2 >= this.maxRequests;
  }

  /**
   * The rate comes last: what another bound refuses takes no token. What then finds no memory or no room in the queue has
   * taken one.
   */
  #overOwn(
    { pool }: BoundedRoute,
    bounds: RouteBounds,
    inFlight: number,
    { priority, depth }: Pick<CallHead, 'priority' | 'depth'>,
    nowMs: number,
  ): Refusal | undefined {
    if (depth === 0) {
      const { limit } = bounds;
      const bound = priority === 0 ? Math.ceil(limit * highOverLimit) : limit;
      const filled = limit === 0 ? undefined : this.#filled(inFlight, bound, priority, nowMs);
      if (filled !== undefined) return bounds.overloaded(bound, filled, priority === 0);
      const share = bounds.overShare(pool, priority);
      if (share !== undefined) return share;
    }
    return bounds.overRate(nowMs);
  }

  /** Undefined: there is room for the class. Else the class that has filled its part of the bound; 0: all is full. */
  #filled(inFlight: number, bound: number, priority: number, nowMs: number): number | undefined {
    if (inFlight >= bound) return 0;
    if (inFlight < classShare(bound, priority)) return undefined;
    return this.#classes.higherComes(priority, this.#links.list, nowMs) ? priority : undefined;
  }
}
