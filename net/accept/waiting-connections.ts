// WaitingConnections (main thread): accepted connections, still unread, for which there is no IO thread at the moment, since
// the only one died and its replacement is being made. The acceptor hands them out when a thread goes; what waits for
// too long, or beyond the bound, is refused. Nobody reads from them, so a peer that leaves meanwhile is found out by
// the thread that gets its connection.

import type { Clock } from '../../runtime/clock.ts';
import type { AcceptedConnection } from './accepted-connection.ts';

/** Connections that wait at once. */
export const waitingMax = 1_024;
/** How long one waits, ms: a thread is replaced in half a second; after several of those something is wrong. */
export const waitingMs = 5_000;

export interface WaitingConnection {
  readonly accepted: AcceptedConnection;
  readonly listener: number;
  /** Its number in the ledger. */
  readonly connection: number;
}

interface Place extends WaitingConnection {
  readonly untilMs: number;
}

export interface WaitingOptions {
  clock: Clock;
  /** It has waited for too long, and is whoever's this calls. */
  onExpired: (waiting: WaitingConnection) => void;
  /** Default: `waitingMax`. */
  max?: number;
}

export class WaitingConnections {
  readonly #options: WaitingOptions;
  readonly #max: number;
  /** Oldest first. */
  readonly #places = new Set<Place>();
  #timer: unknown;

  constructor(options: WaitingOptions) {
    this.#options = options;
    this.#max = options.max ?? waitingMax;
  }

  get size(): number {
    return this.#places.size;
  }

  /** False: all places are taken, and the connection is still the caller's. */
  add(waiting: WaitingConnection): boolean {
    if (this.#places.size >= this.#max) return false;
    this.#places.add({ ...waiting, untilMs: this.#options.clock.nowMs() + waitingMs });
    this.#arm();
    return true;
  }

  /** The one that has waited longest, no longer here; undefined: none. */
  take(): WaitingConnection | undefined {
    const [place] = this.#places;
    if (place === undefined) return undefined;
    this.#places.delete(place);
    if (this.#places.size === 0) this.#disarm();
    return place;
  }

  #arm(): void {
    const [oldest] = this.#places;
    if (oldest === undefined || this.#timer !== undefined) return;
    const delayMs = Math.max(1, oldest.untilMs - this.#options.clock.nowMs());
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#expire());
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.nowMs();
    for (;;) {
      const [oldest] = this.#places;
      if (oldest === undefined || oldest.untilMs > nowMs) break;
      this.#options.onExpired(this.take()!);
    }
    this.#arm();
  }
}
