// StatsLook (main thread): what a server did between two looks, read from shared memory.

import type { Clock } from '../../runtime/clock.ts';
import { latencyBetween, latencyQuantileMs } from '../../runtime/shared/latency.ts';
import { board as boardWord } from '../../runtime/shared/layout.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { Acceptor } from '../accept/acceptor.ts';

/** What a server did between two looks. */
export interface ServerStats {
  requestsPerSecond: number;
  failedPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  fibers: number;
  threads: number;
  connections: number;
  restarts: number;
}

/** The parts of a server that are looked at. */
interface Looked {
  readonly supervisor: Supervisor;
  readonly ioPool: ThreadPool;
  readonly cpuPools: readonly ThreadPool[];
  readonly acceptor: Acceptor;
}

interface Look {
  atMs: number;
  answered: number;
  failed: number;
  latency: Uint32Array;
}

export class StatsLook {
  readonly #server: Looked;
  readonly #clock: Clock;
  #before: Look;

  constructor(server: Looked, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.#before = this.#read();
  }

  /** What happened since the last call. */
  next(): ServerStats {
    const before = this.#before;
    const now = this.#read();
    this.#before = now;
    const { supervisor, ioPool, cpuPools, acceptor } = this.#server;
    const seconds = Math.max(1, now.atMs - before.atMs) / 1000;
    const latency = latencyBetween(before.latency, now.latency);
    const pools = [ioPool, ...cpuPools];
    return {
      requestsPerSecond: ((now.answered - before.answered) >>> 0) / seconds,
      failedPerSecond: ((now.failed - before.failed) >>> 0) / seconds,
      p50Ms: latencyQuantileMs(latency, 0.5),
      p99Ms: latencyQuantileMs(latency, 0.99),
      fibers: supervisor.board.sum(boardWord.fibers),
      threads: pools.reduce((sum, pool) => sum + pool.size, 0),
      connections: acceptor.ledger.size,
      restarts: pools.reduce((sum, pool) => sum + pool.restarts, 0),
    };
  }

  #read(): Look {
    const { supervisor } = this.#server;
    return {
      atMs: this.#clock.nowMs(),
      answered: supervisor.count(boardWord.answered),
      failed: supervisor.count(boardWord.failed),
      latency: supervisor.latency.read(),
    };
  }
}
