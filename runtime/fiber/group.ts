// Group: several children started together, of which `needed` must return: all, any, race, group and parallel are this
// with other numbers. It contains its members' failures: they reach whoever awaits the group, not the parent fiber.

import { HeddleError } from '../errors.ts';
import { parallelMax } from './bounds.ts';
import type { FiberContext, FiberFunction, OffloadOptions, SpawnOptions, Task } from './context.ts';
import type { EndedMember } from './host.ts';
import type { MemberObserver } from './lifecycle.ts';
import { Wait, type Waiter } from './wait.ts';

/** The fiber whose children the members are. */
export interface GroupParent extends Waiter {
  /** Starts a child; the group hears of its end, perhaps before this returns. `enter` follows once all have begun. */
  startMember(run: FiberFunction<unknown>, timeoutMs: number | undefined, group: MemberObserver, index: number): Member;
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
export abstract class Group<Value> extends Wait<Value> implements MemberObserver {
  readonly #members: number;
  readonly #needed: number;
  readonly #failuresAllowed: number;
  readonly #inFlightMax: number;
  readonly #results: unknown[];
  /** Those that have been started. */
  readonly #started: (Member | undefined)[];
  #next = 0;
  #running = 0;
  #returned = 0;
  #failed = 0;
  #lastIndex = -1;
  /** No more are started, and what still runs no longer counts. */
  #decided = false;
  #starting = false;
  #error: HeddleError | undefined = undefined;

  /**
   * `members`: how many there are, at least 1. `needed`: so many must return, then the rest are cancelled. One failure more
   * than `failuresAllowed`, and the rest are cancelled and the group fails with it. `inFlightMax`: under way at once.
   */
  constructor(waiter: Waiter, members: number, needed: number, failuresAllowed: number, inFlightMax: number) {
    super(waiter);
    this.#members = members;
    this.#needed = needed;
    this.#failuresAllowed = failuresAllowed;
    this.#inFlightMax = inFlightMax;
    this.#results = new Array<unknown>(members).fill(undefined);
    this.#started = new Array<Member | undefined>(members);
  }

  abstract memberName(index: number): string;
  /** Starts one as a child; the group hears of its end, perhaps before this returns. */
  protected abstract startMember(index: number): Member;
  /** What the group gives: from all results, and the index of the last one that was needed. */
  protected abstract pick(results: unknown[], lastIndex: number): Value;

  memberEnded(index: number, { endError, endValue }: EndedMember): void {
    this.#running--;
    if (!this.#decided) {
      if (endError === undefined) this.#memberReturned(index, endValue);
      else this.#memberFailed(endError);
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
    if (this.#returned < this.#needed) return;
    this.#lastIndex = index;
    this.#decide();
  }

  #memberFailed(error: HeddleError): void {
    this.#failed++;
    if (this.#failed <= this.#failuresAllowed) return;
    this.#error = error;
    this.#decide();
  }

  #decide(): void {
    this.#decided = true;
    // Who has ended is past being cancelled.
    if (this.#running > 0) this.#cancelStarted();
  }

  #cancelStarted(): void {
    for (let index = 0; index < this.#next; index++) this.#started[index]?.cancel(noLongerNeeded);
  }

  /** Starts what may start, and ends the group when nothing runs any more. */
  #proceed(): void {
    // A member that ends while it starts comes by here again; the loop that started it goes on.
    if (this.#starting) return;
    this.#starting = true;
    const before = this.#next;
    while (!this.#decided && this.#next < this.#members && this.#running < this.#inFlightMax) this.#startNext();
    this.#starting = false;
    // Whatever runs next is the code that asked for the group.
    if (this.#next > before) this.waiter.enter();
    if (this.#running > 0) return;
    if (this.#error !== undefined) this.fail(this.#error);
    else this.grant(this.pick(this.#results, this.#lastIndex));
  }

  #startNext(): void {
    const index = this.#next++;
    this.#running++;
    try {
      this.#started[index] = this.startMember(index);
    } catch (reason) {
      // Not started (too many children, or this fiber was stopped by a member's own doing).
      this.#running--;
      this.#error = HeddleError.from(reason);
      this.#decide();
      return;
    }
    // The member may have decided the group before it could be pushed, and others still run: nothing to cancel in it.
    if (this.#decided) this.#cancelStarted();
  }
}

/** Behind `all`, `any`, `race` and `group`. */
export class RunGroup<Value> extends Group<Value> {
  readonly #parent: GroupParent;
  readonly #kind: string;
  readonly #runs: readonly FiberFunction<unknown>[];
  readonly #options: SpawnOptions | undefined;
  /** It gives the last result that was needed, not all of them. */
  readonly #givesOne: boolean;

  constructor(
    parent: GroupParent,
    kind: string,
    runs: readonly FiberFunction<unknown>[],
    needed: number,
    failuresAllowed: number,
    givesOne: boolean,
    options: SpawnOptions | undefined,
  ) {
    super(parent, runs.length, needed, failuresAllowed, Number.POSITIVE_INFINITY);
    this.#parent = parent;
    this.#kind = kind;
    this.#runs = runs;
    this.#givesOne = givesOne;
    this.#options = options;
  }

  get hearsAnywhere(): boolean {
    return true;
  }

  get on(): string {
    return `${this.#kind} of ${this.#runs.length}`;
  }

  memberName(index: number): string {
    const name = this.#options?.name;
    const own = this.#runs[index]?.name ?? '';
    return name === undefined && own !== '' ? own : `${name ?? this.#kind}[${index}]`;
  }

  protected startMember(index: number): Member {
    return this.#parent.startMember(this.#runs[index]!, this.#options?.timeoutMs, this, index);
  }

  protected pick(results: unknown[], lastIndex: number): Value {
    return (this.#givesOne ? results[lastIndex] : results) as Value;
  }
}

/** Behind `parallel`: one task on many inputs. */
export class TaskGroup<Input, Output> extends Group<Output[]> {
  readonly #parent: GroupParent;
  readonly #task: Task<Input, Output>;
  readonly #inputs: readonly Input[];
  readonly #options: OffloadOptions | undefined;

  constructor(
    parent: GroupParent,
    task: Task<Input, Output>,
    inputs: readonly Input[],
    options: OffloadOptions | undefined,
  ) {
    super(parent, inputs.length, inputs.length, 0, parallelMax);
    this.#parent = parent;
    this.#task = task;
    this.#inputs = inputs;
    this.#options = options;
  }

  get on(): string {
    return `parallel ${this.#task.exportName} of ${this.#inputs.length}`;
  }

  memberName(index: number): string {
    return `${this.#task.exportName}[${index}]`;
  }

  protected startMember(index: number): Member {
    const run = (child: FiberContext) => child.offload(this.#task, this.#inputs[index] as Input, this.#options);
    return this.#parent.startMember(run, undefined, this, index);
  }

  protected pick(results: unknown[]): Output[] {
    return results as Output[];
  }
}
