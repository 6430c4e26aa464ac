// ServiceLoads: how long the requests of each service wait for a thread and run on it, and what its limit comes to. A row
// for each thread number, written by its owner alone and going on from owner to owner, so a sum over all rows never falls;
// row 0 is main's, which writes the limits. A reader takes the difference of two looks.
//
// What runs is what has started and not ended. A thread that dies leaves what it ran started: the supervisor, when nobody
// writes the row any more, takes that back (`settle`). So nothing is held by the dead.

import { threadNumberMax } from './layout.ts';
import type { Link } from './link.ts';

/*
 * Cells of one service in one row: 64 bytes of float64. A row begins at a multiple of 128 bytes: each is written by another
 * thread, at every request.
 */
const cellsPerService = 8;
const takenCell = 0;
const waitCell = 1;
const startedCell = 2;
const endedCell = 3;
const runCell = 4;
const refusedCell = 5;
/** In row 0. */
const limitCell = 0;

/** Of one service over all threads, since the process began. */
export interface LoadSums {
  /** Requests that were taken out of the queue, and how long these had waited in it, ms. */
  taken: number;
  waitMs: number;
  /** Requests whose fibers began, without those whose thread died. */
  started: number;
  /** Requests whose fibers ended, and how long these had run, ms. */
  ended: number;
  runMs: number;
  /** Requests that its adaptive limit refused. */
  refused: number;
}

export class ServiceLoads {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;
  readonly #rowCells: number;

  /** A column for each service, from 1; as in Inflight. */
  static allocate(services: number): SharedArrayBuffer {
    const columns = (services + 2) & ~1;
    return new SharedArrayBuffer((threadNumberMax + 1) * columns * cellsPerService * 8);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
    this.#rowCells = this.#cells.length / (threadNumberMax + 1);
  }

  /** For the owner of the row. */
  of(thread: number, column: number): ServiceLoad {
    return new ServiceLoad(this.#cells, thread * this.#rowCells + column * cellsPerService);
  }

  /** Requests of a service at once that its controller allows now; 0: it has none. */
  limit(column: number): number {
    return this.#cells[column * cellsPerService + limitCell]!;
  }

  /** Main alone. */
  setLimit(column: number, limit: number): void {
    this.#cells[column * cellsPerService + limitCell] = limit;
  }

  /** Requests of a service that the threads of these links run. */
  running(column: number, links: readonly Link[]): number {
    let running = 0;
    for (const { peer } of links) {
      const at = peer * this.#rowCells + column * cellsPerService;
      running += this.#cells[at + startedCell]! - this.#cells[at + endedCell]!;
    }
    return running;
  }

  sums(column: number): LoadSums {
    const sums = { taken: 0, waitMs: 0, started: 0, ended: 0, runMs: 0, refused: 0 };
    const cells = this.#cells;
    for (let thread = 1; thread <= threadNumberMax; thread++) {
      const at = thread * this.#rowCells + column * cellsPerService;
      sums.taken += cells[at + takenCell]!;
      sums.waitMs += cells[at + waitCell]!;
      sums.started += cells[at + startedCell]!;
      sums.ended += cells[at + endedCell]!;
      sums.runMs += cells[at + runCell]!;
      sums.refused += cells[at + refusedCell]!;
    }
    return sums;
  }

  /** Supervisor, when a thread has stopped: it runs nothing. What it ran has no end, which would say how long it took. */
  settle(thread: number): void {
    const row = thread * this.#rowCells;
    for (let at = row; at < row + this.#rowCells; at += cellsPerService) {
      this.#cells[at + startedCell] = this.#cells[at + endedCell]!;
    }
  }
}

/** One service in the row of one thread, which alone may write it. */
export class ServiceLoad {
  readonly #cells: Float64Array;
  readonly #at: number;

  constructor(cells: Float64Array, at: number) {
    this.#cells = cells;
    this.#at = at;
  }

  /** Out of the queue, after so long, ms; also when it is not run then. */
  take(waitMs: number): void {
    this.#cells[this.#at + takenCell]! += 1;
    this.#cells[this.#at + waitCell]! += waitMs;
  }

  /** Its fiber begins. */
  start(): void {
    this.#cells[this.#at + startedCell]! += 1;
  }

  /** Its fiber has ended. */
  end(runMs: number): void {
    this.#cells[this.#at + runCell]! += runMs;
    this.#cells[this.#at + endedCell]! += 1;
  }

  /** As an asker: the adaptive limit let one more not in. */
  refuse(): void {
    this.#cells[this.#at + refusedCell]! += 1;
  }
}
