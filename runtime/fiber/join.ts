// Join: a fiber waits for another one's exit.

import { HeddleError } from '../errors.ts';
import { Wait, type Waiter } from './wait.ts';

/** A fiber that can be joined: keeps the joins that wait, and settles them when it exits. */
export interface Joinable {
  readonly name: string;
  addJoin(join: Wait<unknown>): void;
  removeJoin(join: Wait<unknown>): void;
}

export class Join extends Wait<unknown> {
  readonly #target: Joinable & Waiter;

  constructor(waiter: Waiter, target: Joinable & Waiter) {
    super(waiter);
    this.#target = target;
  }

  get on(): string {
    return `join ${this.#target.name}`;
  }

  protected enroll(): void {
    if (this.waiter === this.#target) {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `fiber ${this.#target.name} can't join itself; it would wait for ever`,
      );
    }
    this.#target.addJoin(this);
  }

  protected withdraw(): void {
    this.#target.removeJoin(this);
  }
}
