// Finalizers: what `fiber.defer` registers. They run one after the other when the fiber has ended, last registered first,
// whatever the earlier ones did; one registered by a finalizer runs next.

import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { TimerTarget } from '../timer-wheel.ts';
import { finalizerGraceMs, finalizersMax } from './bounds.ts';
import type { FiberHost } from './host.ts';
import { isPromiseLike } from './promise-like.ts';

export type Finalizer = () => void | PromiseLike<void>;

/** The fiber that ends. */
export interface FinalizerOwner {
  readonly name: string;
  readonly host: FiberHost;
  readonly log: Logger;
  nowMs(): number;
  enter(): void;
  invoke<Result>(run: () => Result): Result;
  /** The grace is over: waits of finalizers throw `error` from now on. */
  endGrace(error: HeddleError): void;
  /** All have run; `failure` is the first one's that threw. */
  finalized(failure: HeddleError | undefined): void;
}

export class Finalizers implements TimerTarget {
  readonly #owner: FinalizerOwner;
  readonly #stack: Finalizer[] = [];
  #failure: HeddleError | undefined;
  #graceEndMs = Number.POSITIVE_INFINITY;
  /** The grace's entry in the wheel, made when a finalizer is the first to wait. */
  #timer: number | undefined;

  constructor(owner: FinalizerOwner) {
    this.#owner = owner;
  }

  /** When the finalizers have to be over, absolute ms; Infinity before they run. */
  get graceEndMs(): number {
    return this.#graceEndMs;
  }

  push(finalizer: Finalizer): void {
    if (this.#stack.length >= finalizersMax) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `fiber ${this.#owner.name} has ${finalizersMax} finalizers, its bound; do the work in smaller fibers`,
        { retry: 'no' },
      );
    }
    this.#stack.push(finalizer);
  }

  /** Runs them all, then tells the owner. Once. */
  run(): void {
    this.#graceEndMs = this.#owner.nowMs() + finalizerGraceMs;
    this.#runNext();
  }

  onTimer(): void {
    this.#timer = undefined;
    this.#owner.endGrace(
      new HeddleError(
        'DEADLINE_EXCEEDED',
        `the finalizers of fiber ${this.#owner.name} have waited ${finalizerGraceMs} ms, their bound; release things without waiting`,
      ),
    );
  }

  #runNext(): void {
    for (let finalizer = this.#stack.pop(); finalizer !== undefined; finalizer = this.#stack.pop()) {
      try {
        this.#owner.enter();
        const result: unknown = this.#owner.invoke(finalizer);
        if (!isPromiseLike(result)) continue;
        this.#await(result);
        return;
      } catch (reason) {
        this.#failed(reason);
      }
    }
    if (this.#timer !== undefined) this.#owner.host.timers.remove(this.#timer);
    this.#owner.finalized(this.#failure);
  }

  #await(result: PromiseLike<unknown>): void {
    // One grace for all of them: the first to wait starts it, and once it is over it stays over.
    if (this.#timer === undefined && this.#owner.nowMs() < this.#graceEndMs) {
      this.#timer = this.#owner.host.timers.add(this.#graceEndMs, this, 0);
    }
    Promise.resolve(result).then(
      () => this.#runNext(),
      (reason: unknown) => {
        this.#failed(reason);
        this.#runNext();
      },
    );
  }

  #failed(reason: unknown): void {
    const { name, log } = this.#owner;
    log.error({ err: reason }, `a finalizer of fiber ${name} failed`);
    this.#failure ??= HeddleError.from(reason, `a finalizer of fiber ${name} failed; the cause is in the server log`);
  }
}
