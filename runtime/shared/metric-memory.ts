// MetricMemory (main thread): the shared memory of a process's metrics: one directory of series, and cells for each thread
// number, which go on from owner to owner. Made before all threads; nothing of it is touched until a handler has a value.

import { MetricCells } from './metric-cells.ts';
import { MetricDirectory } from './metric-directory.ts';

/** What a thread is given. */
export interface ThreadMetricMemory {
  directory: SharedArrayBuffer;
  cells: SharedArrayBuffer;
}

export class MetricMemory {
  readonly series: number;
  readonly directory: SharedArrayBuffer;
  readonly #cells = new Map<number, SharedArrayBuffer>();

  /** `series`: of the process at most. */
  constructor(series: number) {
    this.series = series;
    this.directory = MetricDirectory.memoryFor(series);
  }

  of(number: number): ThreadMetricMemory {
    let cells = this.#cells.get(number);
    if (cells === undefined) {
      cells = MetricCells.memoryFor(this.series);
      this.#cells.set(number, cells);
    }
    return { directory: this.directory, cells };
  }

  /** By number, of all that ever had an owner. */
  get cells(): ReadonlyMap<number, SharedArrayBuffer> {
    return this.#cells;
  }
}
