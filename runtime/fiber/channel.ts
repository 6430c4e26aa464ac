// Channel: values from fibers to fibers of one thread, in order, with a bound. A full channel makes senders wait, an
// empty one receivers; capacity 0 hands each value over directly.

import { HeddleError } from '../errors.ts';
import type { FiberContext } from './context.ts';
import { rejected, waiterOf } from './wait.ts';
import { type PrimitiveOptions, titleOf, WaitQueue } from './wait-queue.ts';

/** A value, or the end of a closed channel; the shape of an iterator's result. */
export type Received<Value> = { done: false; value: Value } | { done: true; value: undefined };

const ended: Received<never> = Object.freeze({ done: true, value: undefined });

/**
 * Values from fibers to fibers of one thread, in order: `new Channel<Film>(100)`. A full one makes senders wait, an
 * empty one receivers; capacity 0 hands each value over directly. Throws INVALID_ARGUMENT for a wrong capacity.
 */
export class Channel<Value> {
  readonly capacity: number;
  /** Ring of the values that wait. */
  readonly #values: (Value | undefined)[] = [];
  #head = 0;
  #length = 0;
  #closed = false;
  readonly #senders: WaitQueue<void, Value>;
  readonly #receivers: WaitQueue<Received<Value>>;

  /** `capacity`: values that may wait in it; a whole number, 0 or more. */
  constructor(capacity: number, options?: PrimitiveOptions) {
    const title = titleOf('channel', options);
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new HeddleError('INVALID_ARGUMENT', `${title}: a capacity of ${capacity}; give a whole number, 0 or more`);
    }
    this.capacity = capacity;
    this.#senders = new WaitQueue(`send to ${title}`, options);
    this.#receivers = new WaitQueue(`receive from ${title}`, options);
  }

  /** Values that wait in it. */
  get length(): number {
    return this.#length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Senders that wait for room. */
  get sending(): number {
    return this.#senders.length;
  }

  /** Receivers that wait for a value. */
  get receiving(): number {
    return this.#receivers.length;
  }

  /**
   * Hands a value on, waiting while the channel is full. When it throws, the value was not handed on: what stops the
   * fiber, FAILED_PRECONDITION once the channel is closed, RESOURCE_EXHAUSTED when too many wait.
   */
  send(fiber: FiberContext, value: Value): Promise<void> {
    const waiter = waiterOf(fiber);
    if (waiter.interruption !== undefined) return rejected(waiter.interruption);
    if (this.#closed) return rejected(this.#closedError());
    return this.trySend(value) ? Promise.resolve() : this.#senders.wait(waiter, value);
  }

  /** Hands a value on if there is room or a receiver; false otherwise, also when closed. */
  trySend(value: Value): boolean {
    if (this.#closed) return false;
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) return receiver.grant({ done: false, value });
    if (this.#length >= this.capacity) return false;
    this.#push(value);
    return true;
  }

  /**
   * The next value, waiting while there is none; `done: true` once the channel is closed and empty. Throws what stops
   * the fiber (then no value is lost), RESOURCE_EXHAUSTED when too many wait.
   */
  receive(fiber: FiberContext): Promise<Received<Value>> {
    const waiter = waiterOf(fiber);
    if (waiter.interruption !== undefined) return rejected(waiter.interruption);
    const received = this.tryReceive();
    return received === undefined ? this.#receivers.wait(waiter, undefined) : Promise.resolve(received);
  }

  /** The next value if there is one, `done: true` once closed and empty, undefined otherwise. */
  tryReceive(): Received<Value> | undefined {
    if (this.#length > 0) {
      const value = this.#shift();
      const sender = this.#senders.shift();
      if (sender !== undefined) {
        this.#push(sender.ask);
        sender.grant();
      }
      return { done: false, value };
    }
    // Nothing in between: straight from a sender, as with capacity 0.
    const sender = this.#senders.shift();
    if (sender !== undefined) {
      sender.grant();
      return { done: false, value: sender.ask };
    }
    return this.#closed ? ended : undefined;
  }

  /** No more is sent. Values in it are still received; senders that wait fail, receivers that wait see the end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (let wait = this.#receivers.shift(); wait !== undefined; wait = this.#receivers.shift()) wait.grant(ended);
    for (let wait = this.#senders.shift(); wait !== undefined; wait = this.#senders.shift()) {
      wait.fail(this.#closedError());
    }
  }

  /** `for await (const value of channel.values(fiber))`: until the channel is closed and empty. */
  async *values(fiber: FiberContext): AsyncGenerator<Value, void, undefined> {
    for (;;) {
      const received = await this.receive(fiber);
      if (received.done) return;
      yield received.value;
    }
  }

  #push(value: Value): void {
    this.#values[(this.#head + this.#length) % this.capacity] = value;
    this.#length++;
  }

  #shift(): Value {
    // Inside head and length lie values only.
    const value = this.#values[this.#head] as Value;
    this.#values[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#length--;
    return value;
  }

  #closedError(): HeddleError {
    const what = this.#senders.title;
    return new HeddleError('FAILED_PRECONDITION', `can't ${what}: it is closed; stop sending once it has been closed`);
  }
}
