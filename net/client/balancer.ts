// Balancer: which connection takes the next call. Called by the channel for each call, with the connections that are
// up; so a dead address costs nothing and its share is spread evenly over the others.

/** What a balancer sees of a connection. */
export interface Balanced {
  /** Calls that wait for its replies. */
  readonly inFlight: number;
  /** False while its write buffer is full. */
  readonly hasRoom: boolean;
  /** How little its address is to be trusted, see `doubts` in outliers.ts. */
  readonly doubt: number;
}

export interface Balancer {
  /** Picks a connection with room and no more than `doubtMax`, or undefined when there is none. */
  pick<Connection extends Balanced>(ready: readonly Connection[], doubtMax: number): Connection | undefined;
}

export const balancerNames = ['round-robin', 'least-loaded'] as const;
export type BalancerName = (typeof balancerNames)[number];

export function makeBalancer(name: BalancerName): Balancer {
  return name === 'least-loaded' ? new LeastLoaded() : new RoundRobin();
}

/** Each in turn, whatever its load: even over equal servers. */
class RoundRobin implements Balancer {
  #next = 0;

  pick<Connection extends Balanced>(ready: readonly Connection[], doubtMax: number): Connection | undefined {
    const count = ready.length;
    for (let step = 0; step < count; step++) {
      // Reduced each time: the list shrinks and grows between calls.
      const index = (this.#next + step) % count;
      const connection = ready[index]!;
      if (!connection.hasRoom || connection.doubt > doubtMax) continue;
      this.#next = index + 1;
      return connection;
    }
    return undefined;
  }
}

/** The one with the fewest calls in flight: for servers or requests of unequal weight. Ties go in turn. */
class LeastLoaded implements Balancer {
  #next = 0;

  pick<Connection extends Balanced>(ready: readonly Connection[], doubtMax: number): Connection | undefined {
    const count = ready.length;
    let best: Connection | undefined;
    let bestIndex = 0;
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count;
      const connection = ready[index]!;
      if (best !== undefined && connection.inFlight >= best.inFlight) continue;
      if (!connection.hasRoom || connection.doubt > doubtMax) continue;
      best = connection;
      bestIndex = index;
      if (connection.inFlight === 0) break;
    }
    if (best !== undefined) this.#next = bestIndex + 1;
    return best;
  }
}
