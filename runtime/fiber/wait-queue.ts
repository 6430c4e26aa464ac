// WaitQueue: the fibers that wait for one primitive, first come, first served. A chain through the waits, so joining,
// leaving and being cancelled in the middle are O(1).

import { HeddleError } from '../errors.ts';
import { waitersMax as waitersMaxDefault } from './bounds.ts';
import { Wait, type Waiter } from './wait.ts';

/** What every primitive takes. */
export interface PrimitiveOptions {
  /** For states and errors: `mutex stock`. Default: none. */
  name?: string;
  /** Fibers that may wait at once; over it RESOURCE_EXHAUSTED. Default 10,000. */
  waitersMax?: number;
}

/** `mutex stock`, or `mutex` for one without a name. */
export function titleOf(kind: string, options: PrimitiveOptions | undefined): string {
  return options?.name === undefined ? kind : `${kind} ${options.name}`;
}

/**
 * A wait in a queue. `Ask` is what it asks for or brings (permits, a value to send). Only the queue ends it, or an
 * interruption, and then it leaves the queue by itself.
 */
export class QueuedWait<Value, Ask> extends Wait<Value> {
  readonly ask: Ask;
  readonly #queue: WaitQueue<Value, Ask>;
  ahead: QueuedWait<Value, Ask> | undefined = undefined;
  behind: QueuedWait<Value, Ask> | undefined = undefined;

  constructor(waiter: Waiter, queue: WaitQueue<Value, Ask>, ask: Ask) {
    super(waiter);
    this.ask = ask;
    this.#queue = queue;
  }

  get on(): string {
    return this.#queue.title;
  }

  protected enroll(): void {
    this.#queue.push(this);
  }

  protected withdraw(): void {
    this.#queue.withdraw(this);
  }
}

export class WaitQueue<Value, Ask = undefined> {
  /** Whose queue it is, for states and errors. */
  readonly title: string;
  readonly #waitersMax: number;
  readonly #onWithdrawn: (() => void) | undefined;
  #first: QueuedWait<Value, Ask> | undefined = undefined;
  #last: QueuedWait<Value, Ask> | undefined = undefined;
  #length = 0;

  /** `onWithdrawn`: somebody left the queue without being served, perhaps its first. */
  constructor(title: string, options?: PrimitiveOptions, onWithdrawn?: () => void) {
    this.title = title;
    this.#waitersMax = options?.waitersMax ?? waitersMaxDefault;
    if (!(this.#waitersMax >= 0)) {
      throw new HeddleError('INVALID_ARGUMENT', `${title}: waitersMax is ${this.#waitersMax}; give 0 or more`);
    }
    this.#onWithdrawn = onWithdrawn;
  }

  get length(): number {
    return this.#length;
  }

  /** The one to be served next. */
  get first(): QueuedWait<Value, Ask> | undefined {
    return this.#first;
  }

  /** Waits in line. The promise of the wait. */
  wait(waiter: Waiter, ask: Ask): Promise<Value> {
    return new QueuedWait(waiter, this, ask).begin();
  }

  /** Takes the first out of the line, to be granted or failed at once. */
  shift(): QueuedWait<Value, Ask> | undefined {
    const first = this.#first;
    if (first !== undefined) this.#unlink(first);
    return first;
  }

  /** For QueuedWait alone. Throws RESOURCE_EXHAUSTED when the line is full. */
  push(wait: QueuedWait<Value, Ask>): void {
    if (this.#length >= this.#waitersMax) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `${this.#length} fibers wait for ${this.title}, its bound (waitersMax); let fewer come, or hold it for less time`,
      );
    }
    wait.ahead = this.#last;
    if (this.#last === undefined) this.#first = wait;
    else this.#last.behind = wait;
    this.#last = wait;
    this.#length++;
  }

  /** For QueuedWait alone: it was interrupted. */
  withdraw(wait: QueuedWait<Value, Ask>): void {
    this.#unlink(wait);
    this.#onWithdrawn?.();
  }

  #unlink(wait: QueuedWait<Value, Ask>): void {
    if (wait.ahead === undefined) this.#first = wait.behind;
    else wait.ahead.behind = wait.behind;
    if (wait.behind === undefined) this.#last = wait.ahead;
    else wait.behind.ahead = wait.ahead;
    wait.ahead = undefined;
    wait.behind = undefined;
    this.#length--;
  }
}
