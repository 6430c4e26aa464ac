// AnswerQueue: the requests of one http connection that are not answered on the wire yet, in the order in which they came.
// Answers that are ready before their turn are stored here.

import type { Exchange } from './exchange.ts';

export class AnswerQueue {
  #first: Exchange | undefined;
  #last: Exchange | undefined;
  #size = 0;
  #storedBytes = 0;

  /** Whose answer may go out. */
  get first(): Exchange | undefined {
    return this.#first;
  }

  get last(): Exchange | undefined {
    return this.#last;
  }

  get size(): number {
    return this.#size;
  }

  /** Of answers that wait for those before them. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  push(exchange: Exchange): void {
    if (this.#last === undefined) this.#first = exchange;
    else this.#last.next = exchange;
    this.#last = exchange;
    this.#size++;
  }

  store(exchange: Exchange, answer: Buffer): void {
    exchange.stored = answer;
    this.#storedBytes += answer.length;
  }

  /** The first one is answered. Returns the next. */
  shift(): Exchange | undefined {
    const answered = this.#first;
    if (answered === undefined) return undefined;
    if (answered.stored !== undefined) this.#storedBytes -= answered.stored.length;
    this.#first = answered.next;
    if (this.#first === undefined) this.#last = undefined;
    answered.next = undefined;
    this.#size--;
    return this.#first;
  }

  clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#size = 0;
    this.#storedBytes = 0;
  }
}
