// Inflight: how many requests of each service are under way, over all threads. A row for each asking thread, written by
// it alone, and a column for each service: a thread that dies leaves nothing behind that a row of zeros does not mend.
// Two askers may pass a bound at the same instant, so a bound can be overshot by at most one request per asker.

import { load, store } from './atomics.ts';
import { threadNumberMax } from './layout.ts';
import type { Link } from './link.ts';

/** Column 0: requests that came from sockets, of all services. Service `index` has column index + 1. */
export const allRequests = 0;

export class Inflight {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #columns: number;

  static allocate(services: number): SharedArrayBuffer {
    // Rows begin 128 bytes apart, since each is written by another thread at every request.
    const columns = (services + 1 + 31) & ~31;
    return new SharedArrayBuffer((threadNumberMax + 1) * columns * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#columns = this.#words.length / (threadNumberMax + 1);
  }

  /**
   * Owner of the row only. A plain write: who adds up for a bound sees it soon enough; who asks whether all is quiet has seen
   * the owner's gauge of fibers fall (Board.setGauge), which is stored after it.
   */
  change(thread: number, column: number, by: number): void {
    this.#words[thread * this.#columns + column]! += by;
  }

  get(thread: number, column: number): number {
    return load(this.#words, thread * this.#columns + column);
  }

  /** Over the threads of these links. */
  total(column: number, links: readonly Link[]): number {
    let total = 0;
    for (const link of links) total += load(this.#words, link.peer * this.#columns + column);
    return total;
  }

  /** Over all threads, or those whose rows are named. */
  sum(column: number, rows: readonly number[] = allRows): number {
    let sum = 0;
    for (const thread of rows) sum += load(this.#words, thread * this.#columns + column);
    return sum;
  }

  /** Whether no thread has any request under way. */
  get isEmpty(): boolean {
    for (let at = 0; at < this.#words.length; at++) if (load(this.#words, at) !== 0) return false;
    return true;
  }

  /** Supervisor, when a thread has died. */
  clear(thread: number): void {
    for (let column = 0; column < this.#columns; column++) store(this.#words, thread * this.#columns + column, 0);
  }
}

const allRows = Array.from({ length: threadNumberMax }, (_, at) => at + 1);
