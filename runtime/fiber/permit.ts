// Permit: what a primitive gives to the fiber that got in: a lock held, some units of a semaphore. Given back by
// `using`, by `release()`, or at the latest when the root fiber ends: one forgotten lock must not stop a service.

import type { HeldPermit, Waiter } from './wait.ts';

/** The primitive behind a permit. */
export interface PermitIssuer {
  readonly title: string;
  takeBack(units: number): void;
}

export class Permit implements Disposable, HeldPermit {
  nextHeld: HeldPermit | undefined = undefined;
  previousHeld: HeldPermit | undefined = undefined;
  readonly #issuer: PermitIssuer;
  readonly #units: number;
  /** The root fiber on whose list it is; undefined: taken without a fiber. */
  readonly #root: Waiter | undefined;
  #held = false;

  /** Held from the start. */
  constructor(issuer: PermitIssuer, units: number, root: Waiter | undefined) {
    this.#issuer = issuer;
    this.#units = units;
    this.#root = root;
    this.#hold();
  }

  get held(): boolean {
    return this.#held;
  }

  /** Gives it back; the next in line has it before this returns. Again: no effect. */
  release(): void {
    if (!this.#held) return;
    this.#letGo();
    this.#issuer.takeBack(this.#units);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** For HeldPermit's list alone. */
  reclaim(): string {
    this.release();
    return this.#issuer.title;
  }

  /** For primitives alone: `other` was granted in place of this one, which goes on to stand for it. */
  takeOver(other: Permit): void {
    other.#letGo();
    this.#hold();
  }

  #hold(): void {
    this.#held = true;
    const root = this.#root;
    if (root === undefined) return;
    this.nextHeld = root.newestHeld;
    if (root.newestHeld !== undefined) root.newestHeld.previousHeld = this;
    root.newestHeld = this;
  }

  #letGo(): void {
    this.#held = false;
    const root = this.#root;
    if (root === undefined) return;
    if (this.previousHeld === undefined) root.newestHeld = this.nextHeld;
    else this.previousHeld.nextHeld = this.nextHeld;
    if (this.nextHeld !== undefined) this.nextHeld.previousHeld = this.previousHeld;
    this.nextHeld = undefined;
    this.previousHeld = undefined;
  }
}
