// ServiceLoads: how long the requests of each service wait for a thread and run on it, and what its limit comes to. A row
// for each thread number, written by its owner alone and going on from owner to owner, so a sum over all rows never falls;
// row 0 is main's, which writes the limits. A reader takes the difference of two looks. Nothing is held by the dead: what a
// thread ran when it died has no end.

import { threadNumberMax } from './layout.ts';

/*
 * Cells of one service in one row: 64 bytes of float64. A row begins at a multiple of 128 bytes: each is written by another
 * thread, at every request.
 */
const cellsPerService = 8;
const takenCell = 0;
const waitCell = 1;
const endedCell = 2;
const runCell = 3;
const refusedCell = 4;
/** In the place of a column 0: some thread has owned the row. It stays: what was counted there goes on counting. */
const usedCell = 0;
/** In row 0. */
const limitCell = 0;

/** Of one service over all threads, since the process began. */
export interface LoadSums {
  /** Requests that were taken out of the queue, and how long these had waited in it, ms. */
  taken: number;
  waitMs: number;
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
    this.#cells[thread * this.#rowCells + usedCell] = 1;
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

  /** The threads that have ever counted or refused anything here; nobody else has a row that says something. */
  rows(): number[] {
    const rows: number[] = [];
    for (let thread = 1; thread <= threadNumberMax; thread++) {
      if (this.#cells[thread * this.#rowCells + usedCell] === 1) rows.push(thread);
    }
    return rows;
  }

  /** `rows`: for many services one after another. */
  sums(column: number, rows: readonly number[] = this.rows()): LoadSums {
    const sums = { taken: 0, waitMs: 0, ended: 0, runMs: 0, refused: 0 };
    const cells = this.#cells;
    for (const thread of rows) {
      const at = thread * this.#rowCells + column * cellsPerService;
      sums.taken += cells[at + takenCell]!;
      sums.waitMs += cells[at + waitCell]!;
      sums.ended += cells[at + endedCell]!;
      sums.runMs += cells[at + runCell]!;
      sums.refused += cells[at + refusedCell]!;
    }
    return sums;
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
