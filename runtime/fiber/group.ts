// Group: several children started together, of which `needed` must return: all, any, race, group and parallel are this
// with other numbers. It contains its members' failures: they reach whoever awaits the group, not the parent fiber.

import { HeddleError } from '../errors.ts';
import type { FiberExit } from './context.ts';
import type { MemberObserver } from './lifecycle.ts';
import { Wait, type Waiter } from './wait.ts';

export interface GroupOptions<Value> {
  /** For the fiber's state: `all of 3`. */
  on: string;
  /** How many there are; at least 1. */
  members: number;
  /** So many must return; then the rest are cancelled. 1 to `members`. */
  needed: number;
  /** One failure more than this, and the rest are cancelled and the group fails with it. */
  failuresAllowed: number;
  /** Members under way at once. */
  inFlightMax: number;
  /** Starts one as a child; the group hears of its end, perhaps before this returns. */
  start(index: number, group: MemberObserver): Member;
  /** What the group gives: from all results, and the index of the last one that was needed. */
  pick(results: unknown[], lastIndex: number): Value;
}

export interface Member {
  cancel(reason?: HeddleError): void;
}

/** Why a member was cancelled. One object for all, since an error per fan-out would cost more than the fan-out. */
const noLongerNeeded = new HeddleError('CANCELLED', 'cancelled because its group was decided without it');

/**
 * The wait of a fiber for its members. However it is decided, it ends only when every member that was started has
 * ended; a cancelled caller, too, gets its error no sooner.
 */
export class Group<Value> extends Wait<Value> implements MemberObserver {
  readonly #options: GroupOptions<Value>;
  readonly #results: unknown[];
  readonly #members: Member[] = [];
  #started = 0;
  #running = 0;
  #returned = 0;
  #failed = 0;
  #lastIndex = -1;
  /** No more are started, and what still runs no longer counts. */
  #decided = false;
  #starting = false;
  #error: HeddleError | undefined;

  constructor(waiter: Waiter, options: GroupOptions<Value>) {
    super(waiter, options.on);
    this.#options = options;
    this.#results = new Array<unknown>(options.members).fill(undefined);
  }

  memberEnded(index: number, exit: FiberExit<unknown>): void {
    this.#running--;
    if (!this.#decided) {
      if (exit.how === 'returned') this.#memberReturned(index, exit.value);
      else this.#memberFailed(exit.error);
    }
    this.#proceed();
  }

  /** The caller is to stop. Its members, its children, are told by the fiber itself. */
  override interrupt(error: HeddleError): void {
    this.#error = error;
    this.#decided = true;
    this.#proceed();
  }

  protected enroll(): void {
    this.#proceed();
  }

  /** Never called: an interruption ends a group only through its members. */
  protected withdraw(): void {}

  #memberReturned(index: number, value: unknown): void {
    this.#results[index] = value;
    this.#returned++;
    if (this.#returned < this.#options.needed) return;
    this.#lastIndex = index;
    this.#decide();
  }

  #memberFailed(error: HeddleError): void {
    this.#failed++;
    if (this.#failed <= this.#options.failuresAllowed) return;
    this.#error = error;
    this.#decide();
  }

  #decide(): void {
    this.#decided = true;
    for (const member of this.#members) member.cancel(noLongerNeeded);
  }

  /** Starts what may start, and ends the group when nothing runs any more. */
  #proceed(): void {
    // A member that ends while it starts comes by here again; the loop that started it goes on.
    if (this.#starting) return;
    this.#starting = true;
    const { members, inFlightMax } = this.#options;
    while (!this.#decided && this.#started < members && this.#running < inFlightMax) this.#startNext();
    this.#starting = false;
    if (this.#running > 0) return;
    if (this.#error !== undefined) this.fail(this.#error);
    else this.grant(this.#options.pick(this.#results, this.#lastIndex));
  }

  #startNext(): void {
    const index = this.#started++;
    this.#running++;
    try {
      this.#members.push(this.#options.start(index, this));
    } catch (reason) {
      // Not started (too many children, or this fiber was stopped by a member's own doing).
      this.#running--;
      this.#error = HeddleError.from(reason);
      this.#decide();
      return;
    }
    // The member may have decided the group before it could be pushed, and others still run: nothing to cancel in it.
    if (this.#decided) for (const member of this.#members) member.cancel(noLongerNeeded);
  }
}
