// Wait: one thing that a fiber waits for; Waiter: the side of a fiber that waits. Every door at which a fiber can block
// (sleep, join, call, mutex …) is a subclass of Wait. A wait ends exactly once: by grant or fail of whoever it waits
// for, or by an interruption (cancel, deadline). Whichever comes first wins, so nothing granted is ever lost.
//
// An ended wait does not resume its fiber at once: it goes to the thread's ready list, and one microtask resumes one
// fiber. So each fiber's code runs between its own `enter` and the next one's, and the watchdog blames the right one.

import { HeddleError } from '../errors.ts';
import { waitsMax } from './bounds.ts';
import type { FiberContext } from './context.ts';
import { isPromiseLike } from './promise-like.ts';

/** A permit of a primitive that a fiber holds, as a link of the list in its root. */
export interface HeldPermit {
  nextHeld: HeldPermit | undefined;
  previousHeld: HeldPermit | undefined;
  /** The root has ended and the permit was not given back: gives it back and says what it was, for the log. */
  reclaim(): string;
}

/** What every wait throws once its fiber has ended. One object, since each fiber ends and few ever wait afterwards. */
export const fiberHasEnded = new HeddleError(
  'FAILED_PRECONDITION',
  'the fiber has ended, so nothing can wait, spawn or defer in it any more; finish such work before its function returns, or spawn it',
);

/** A wait as a link of its fiber's list and of the ready list, whatever it gives. */
export interface LinkedWait {
  readonly on: string;
  sinceMs: number;
  /** False when it has ended without counting against `waitsMax`: see `recount`. */
  readonly counts: boolean;
  older: LinkedWait | undefined;
  newer: LinkedWait | undefined;
  nextReady: LinkedWait | undefined;
  interrupt(error: HeddleError): void;
  resume(): void;
  /** True when `result` is the promise of this wait: then the fiber's body is over when the wait is, and hears so. */
  carriesBody(result: unknown): boolean;
  /** A body is over with this wait, which has resumed. */
  readonly isBody: boolean;
  endBody(): void;
}

/** The side of a fiber that waits. Primitives and calls see no more of it than this. */
export abstract class Waiter {
  /** What a wait throws now; undefined: it may wait. Not set while finalizers run. */
  interruption: HeddleError | undefined = undefined;
  /** Permits taken by this root's fibers and not given back, newest first. */
  newestHeld: HeldPermit | undefined = undefined;
  /** Waits under way, newest first. */
  protected newestWait: LinkedWait | undefined = undefined;
  #waits = 0;
  /** Waits that have ended but whose code has not resumed yet. */
  protected readyWaits = 0;
  /** The last of them to end. */
  protected newestReady: LinkedWait | undefined = undefined;

  abstract readonly root: Waiter;
  /** The process's clock, ms. */
  abstract nowMs(): number;
  /** User code of this fiber is about to run. */
  abstract enter(): void;
  /** For Wait alone: the fiber's body returned the promise of a wait, and that has ended and resumed. */
  abstract bodyReturned(value: unknown): void;
  /** As bodyReturned; the wait has failed. */
  abstract bodyThrew(reason: unknown): void;

  /** For Wait alone: links a wait that has begun. Throws RESOURCE_EXHAUSTED over `waitsMax`. */
  waitBegins(wait: LinkedWait): void {
    if (this.#waits >= waitsMax) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `one fiber waits for ${waitsMax} things at once, its bound, and now for ${wait.on}; await some of them first`,
        { retry: 'no' },
      );
    }
    this.#waits++;
    wait.older = this.newestWait;
    if (this.newestWait !== undefined) this.newestWait.newer = wait;
    this.newestWait = wait;
  }

  /** For Wait alone: unlinks a wait that has ended. */
  waitEnds(wait: LinkedWait): void {
    if (wait.newer === undefined) this.newestWait = wait.older;
    else wait.newer.older = wait.older;
    if (wait.older !== undefined) wait.older.newer = wait.newer;
    wait.older = undefined;
    wait.newer = undefined;
    if (wait.counts) this.#waits--;
    this.readyWaits++;
    this.newestReady = wait;
    wait.sinceMs = this.nowMs();
  }

  /** For a wait around another one alone: it counts no more (-1), since that does, or again (1), since that has ended. */
  recount(change: 1 | -1): void {
    this.#waits += change;
  }

  /** For the ready list alone: the code behind a wait is about to run. */
  waitResumes(): void {
    if (--this.readyWaits === 0) this.newestReady = undefined;
    this.enter();
  }

  /** Interrupts every wait under way. */
  protected interruptWaits(error: HeddleError): void {
    // Listed first: an interrupted wait unlinks itself, and what it frees may end the next one.
    const waits: LinkedWait[] = [];
    for (let wait = this.newestWait; wait !== undefined; wait = wait.older) waits.push(wait);
    for (const wait of waits) wait.interrupt(error);
  }
}

/** The waiting side of a context. Throws INVALID_ARGUMENT for anything that is not a fiber of this thread. */
export function waiterOf(fiber: FiberContext): Waiter {
  if (fiber instanceof Waiter) return fiber;
  throw new HeddleError('INVALID_ARGUMENT', 'expected the fiber that waits, as the handler was given it');
}

type Stage = 'made' | 'waiting' | 'granted' | 'failed';

/** One wait of one fiber. Made, begun once, then ended once. */
export abstract class Wait<Value> implements LinkedWait {
  readonly waiter: Waiter;
  /** When it began, and once it has ended, when that was; ms. */
  sinceMs = 0;
  /** Links of the waiter's list. */
  older: LinkedWait | undefined = undefined;
  newer: LinkedWait | undefined = undefined;
  /** Link of the ready list. */
  nextReady: LinkedWait | undefined = undefined;

  #stage: Stage = 'made';
  /** The fiber's body has returned the promise. */
  #isBody = false;
  #promise: Promise<Value> | undefined = undefined;
  #resolve: Resolve | undefined = undefined;
  #reject: Reject | undefined = undefined;
  /** The value, or the error, that it has ended with. */
  #result: unknown = undefined;

  constructor(waiter: Waiter) {
    this.waiter = waiter;
  }

  /** What is waited for: `sleep`, `mutex stock`, `call movies.Rank/score` … Made when somebody asks. */
  abstract get on(): string;

  /** False while a wait inside of this one counts for both. Whoever changes that tells the waiter: `recount`. */
  get counts(): boolean {
    return true;
  }

  /** Puts the wait where its ending will come from. May grant or fail at once; what it throws becomes the failure. */
  protected abstract enroll(): void;
  /** Takes it back from there: called once, and only when the wait is interrupted. */
  protected abstract withdraw(): void;

  /**
   * Begins to wait. The promise is the one to give to user code as it is: wrapping it would let other code run between
   * `enter` and the fiber's own. Its rejection never counts as unhandled, since user code may begin to look late.
   */
  begin(): Promise<Value> {
    const interruption = this.waiter.interruption;
    if (interruption !== undefined) return rejected(interruption);
    try {
      this.waiter.waitBegins(this);
    } catch (reason) {
      return rejected(HeddleError.from(reason));
    }
    const promise = new Promise<Value>(keepResolvers as Executor<Value>);
    this.#promise = promise;
    this.#resolve = keptResolve;
    this.#reject = keptReject;
    this.#stage = 'waiting';
    this.sinceMs = this.waiter.nowMs();
    try {
      this.enroll();
    } catch (reason) {
      this.fail(HeddleError.from(reason));
    }
    return promise;
  }

  /** Still waiting: what is granted now will arrive. */
  get waiting(): boolean {
    return this.#stage === 'waiting';
  }

  /** Ends the wait with a value. False: it was over already, and the giver keeps what it wanted to give. */
  grant(value: Value): boolean {
    if (this.#stage !== 'waiting') return false;
    this.#end('granted', value);
    return true;
  }

  /** Ends the wait with a failure. False: it was over already. */
  fail(error: HeddleError): boolean {
    if (this.#stage !== 'waiting') return false;
    this.#end('failed', error);
    return true;
  }

  /** The waiter is to stop. */
  interrupt(error: HeddleError): void {
    if (this.#stage !== 'waiting') return;
    // Over before it is withdrawn: what withdrawing frees may be offered to the next in line, never to this one.
    this.fail(error);
    this.withdraw();
  }

  /** For the ready list alone: lets the code behind the wait run. */
  resume(): void {
    this.waiter.waitResumes();
    if (this.#stage === 'granted') {
      this.#resolve!(this.#result);
      return;
    }
    this.#promise!.catch(ignore);
    this.#reject!(this.#result as HeddleError);
  }

  get isBody(): boolean {
    return this.#isBody;
  }

  /** For the lifecycle alone. Most bodies of combinators are one call: so none of them needs a promise and closures of its own. */
  carriesBody(result: unknown): boolean {
    if (result !== this.#promise) return false;
    this.#isBody = true;
    return true;
  }

  /** For the ready list alone: what user code had hung on the promise has run. */
  endBody(): void {
    if (this.#stage === 'failed') {
      this.waiter.bodyThrew(this.#result);
    } else if (!mayBePromiseLike(this.#result)) {
      this.waiter.bodyReturned(this.#result);
    } else {
      // What was granted is itself to be awaited, as the promise of this wait does.
      this.#promise!.then(
        (value) => this.waiter.bodyReturned(value),
        (reason: unknown) => this.waiter.bodyThrew(reason),
      );
    }
  }

  #end(stage: 'granted' | 'failed', result: unknown): void {
    this.#stage = stage;
    this.#result = result;
    this.waiter.waitEnds(this);
    makeReady(this);
  }
}

/** A promise rejected with `error` that never counts as unhandled. */
export function rejected(error: HeddleError): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

const ignore = (): void => {};

function mayBePromiseLike(value: unknown): boolean {
  try {
    return isPromiseLike(value);
  } catch {
    // Its `then` can't be read: the promise that was resolved with it says so.
    return true;
  }
}

type Executor<Value> = ConstructorParameters<typeof Promise<Value>>[0];
type Resolve = (value: unknown) => void;
type Reject = (error: HeddleError) => void;

// One executor for all promises: what it was given is taken from here at once, with no closure and no object around it.
let keptResolve: Resolve;
let keptReject: Reject;

function keepResolvers(resolve: Resolve, reject: Reject): void {
  keptResolve = resolve;
  keptReject = reject;
}

// The ready list of this thread: a chain through the waits themselves, so it needs no bound of its own.
let firstReady: LinkedWait | undefined;
let lastReady: LinkedWait | undefined;
/** Has resumed, and a body is over with it once what hangs on its promise has run. */
let resumedBody: LinkedWait | undefined;
let turnQueued = false;

function makeReady(wait: LinkedWait): void {
  if (lastReady === undefined) firstReady = wait;
  else lastReady.nextReady = wait;
  lastReady = wait;
  if (turnQueued) return;
  turnQueued = true;
  queueMicrotask(resumeFirst);
}

function resumeFirst(): void {
  try {
    endResumedBody();
    const wait = firstReady;
    if (wait === undefined) return;
    firstReady = wait.nextReady;
    if (firstReady === undefined) lastReady = undefined;
    wait.nextReady = undefined;
    // Resolving queues the fiber's own code as a microtask; the next fiber's turn is queued behind it.
    wait.resume();
    if (wait.isBody) resumedBody = wait;
  } finally {
    // Whatever was thrown is its own fiber's: the others go on.
    if (firstReady === undefined && resumedBody === undefined) turnQueued = false;
    else queueMicrotask(resumeFirst);
  }
}

function endResumedBody(): void {
  const body = resumedBody;
  if (body === undefined) return;
  resumedBody = undefined;
  try {
    body.endBody();
  } catch (reason) {
    // As what a promise's reaction throws.
    void Promise.reject(reason);
  }
}
