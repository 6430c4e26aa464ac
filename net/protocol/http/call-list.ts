// CallList: the calls in flight of one connection, linked through the exchanges themselves.

import type { Exchange } from './exchange.ts';

export class CallList {
  #first: Exchange | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(exchange: Exchange): void {
    exchange.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = exchange;
    this.#first = exchange;
    this.#size++;
  }

  remove(exchange: Exchange): void {
    if (exchange.next !== undefined) exchange.next.previous = exchange.previous;
    if (exchange.previous !== undefined) exchange.previous.next = exchange.next;
    else this.#first = exchange.next;
    exchange.next = undefined;
    exchange.previous = undefined;
    this.#size--;
  }

  /** Takes one out, the newest first; undefined when there is none. */
  pop(): Exchange | undefined {
    const exchange = this.#first;
    if (exchange !== undefined) this.remove(exchange);
    return exchange;
  }
}
