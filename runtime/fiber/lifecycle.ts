// Lifecycle: how a fiber begins, stops and ends; the structured half of Fiber, without what user code sees.
//
//   created ──start──> running ──body over──> joining ──no child left──> finalizing ──none left──> exited
//
// created     not begun. Left by start.
// running     the body runs or waits. Kept by its promise.
// joining     the body is over; kept by children. A failed body has cancelled them, a returned one waits for them.
// finalizing  finalizers run, last registered first. Nothing interrupts them but the end of their grace.
// exited      the outcome stands. The parent, or the origin of a root, has been told.
//
// A root without children, finalizers and deadline passes through all of it with no closure beyond its one `.then`.

import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { TimerTarget } from '../timer-wheel.ts';
import { abandonedMax, childrenMax, nestingMax } from './bounds.ts';
import type { FiberExit, FiberState } from './context.ts';
import { type Finalizer, type FinalizerOwner, Finalizers } from './finalizers.ts';
import type { EndedMember, FiberHost } from './host.ts';
import { isPromiseLike } from './promise-like.ts';
import { fiberHasEnded, type Wait, Waiter } from './wait.ts';

type Phase = 'created' | 'running' | 'joining' | 'finalizing' | 'exited';

/** Who hears of a child's end instead of its parent: a combinator, which contains failures. */
export interface MemberObserver {
  memberEnded(index: number, member: EndedMember): void;
  memberStopping?(index: number, reason: HeddleError): void;
  /**
   * True: no code of users runs when it hears of an end, so any async context will do. It need not be the member's.
   */
  readonly hearsAnywhere?: boolean;
  /** The name of a member that was given none: most are never asked for theirs. */
  memberName?(index: number): string;
}

/** Bodies of this thread that go on although their fibers have ended. */
let abandonedBodies = 0;

/** No entry of the wheel. */
const noEntry = -1;

export abstract class Lifecycle extends Waiter implements TimerTarget, FinalizerOwner, EndedMember {
  readonly host: FiberHost;
  readonly parent: Lifecycle | undefined;
  readonly deadlineMs: number;
  abstract readonly name: string;
  abstract readonly log: Logger;

  #phase: Phase = 'created';
  #sinceMs: number;
  /** The deadline's entry in the wheel. */
  #timer = noEntry;
  /** Why it was asked to stop. The first reason stands. */
  #stopReason: HeddleError | undefined = undefined;
  /** What it fails with, whatever its body returns. */
  #failure: HeddleError | undefined = undefined;
  /** It was asked to stop, and it or a child obeyed. */
  #obeyed = false;
  #value: unknown = undefined;
  /** Made when somebody asks: most children are looked at by their group alone. */
  #exit: FiberExit<unknown> | undefined = undefined;
  #finalizers: Finalizers | undefined = undefined;
  #joins: Wait<unknown>[] | undefined = undefined;

  #newestChild: Lifecycle | undefined = undefined;
  #childCount = 0;
  #older: Lifecycle | undefined = undefined;
  #newer: Lifecycle | undefined = undefined;
  readonly #level: number;
  #observer: MemberObserver | undefined = undefined;
  #memberIndex = 0;

  constructor(host: FiberHost, parent: Lifecycle | undefined, deadlineMs: number, nowMs: number) {
    super();
    this.host = host;
    this.parent = parent;
    this.deadlineMs = deadlineMs;
    this.#sinceMs = nowMs;
    this.#level = parent === undefined ? 0 : parent.#level + 1;
  }

  /** Tells the origin that user code of this fiber is about to run, and what the clock says. */
  protected abstract entering(nowMs: number): void;
  /** Runs user code as this fiber's, in its async context if it has one. */
  abstract invoke<Result>(run: (fiber: this) => Result): Result;
  /** The fiber was asked to stop: signal and callbacks. Must not throw. */
  protected abstract stopping(reason: HeddleError): void;
  /** A cancel or the deadline asks the fiber to stop. Must not throw. */
  protected abstract askedToStop(): void;
  /** A root has ended. */
  protected abstract rootEnded(): void;

  nowMs(): number {
    return this.host.clock.nowMs();
  }

  enter(): void {
    // A wait that nobody awaited may resume after the end; the origin may be in use for other work by then.
    if (this.#phase === 'exited') return;
    this.#sinceMs = this.nowMs();
    this.entering(this.#sinceMs);
  }

  get exit(): FiberExit<unknown> | undefined {
    if (this.#phase !== 'exited') return undefined;
    this.#exit ??= this.#outcome();
    return this.#exit;
  }

  get endError(): HeddleError | undefined {
    return this.#failure ?? (this.#obeyed ? this.#stopReason : undefined);
  }

  get endValue(): unknown {
    return this.#value;
  }

  get stopReason(): HeddleError | undefined {
    return this.#stopReason;
  }

  get callDeadlineMs(): number {
    return this.#phase === 'finalizing' ? this.#finalizers!.graceEndMs : this.deadlineMs;
  }

  get state(): FiberState {
    const sinceMs = this.#sinceMs;
    const exit = this.exit;
    if (exit !== undefined) return { is: 'exited', exit, sinceMs };
    if (this.#phase === 'created') return { is: 'runnable', sinceMs };
    if (this.newestReady !== undefined) return { is: 'runnable', sinceMs: this.newestReady.sinceMs };
    const wait = this.newestWait;
    if (wait !== undefined) return { is: 'blocked', on: wait.on, sinceMs: wait.sinceMs };
    if (this.#phase === 'joining') return { is: 'blocked', on: 'its children', sinceMs };
    return { is: 'running', sinceMs };
  }

  /** Runs `run` up to its first await. Once. */
  start(run: (fiber: this) => unknown): void {
    if (this.#phase !== 'created') {
      throw new HeddleError('FAILED_PRECONDITION', `fiber ${this.name} has been started; make one fiber per run`);
    }
    this.#phase = 'running';
    if (this.deadlineMs <= this.#sinceMs) this.#passDeadline();
    if (this.interruption !== undefined) {
      this.#obeyed = true;
      this.#bodyOver();
      return;
    }
    this.#runBody(run);
    this.#armDeadline();
  }

  /**
   * Asks the fiber and its children to stop: waits under way and to come throw the reason. The first reason stands; a
   * fiber whose body and children are over is past being stopped.
   */
  cancel(reason?: HeddleError | string): void {
    if (!this.stoppable) return;
    this.#stop(
      typeof reason === 'object'
        ? reason
        : new HeddleError('CANCELLED', `fiber ${this.name} was cancelled${reason === undefined ? '' : `: ${reason}`}`),
    );
  }

  /** Not yet asked to stop, and not past it. */
  protected get stoppable(): boolean {
    return this.#stopReason === undefined && this.#phase !== 'finalizing' && this.#phase !== 'exited';
  }

  /** Stops the fiber because its deadline has passed: by the wheel, or by a busy loop's `check` before the wheel can. */
  protected deadlinePassed(): void {
    if (this.stoppable) this.#passDeadline();
  }

  /**
   * Ends a child of spawnMember that was asked to stop and goes on all the same (it awaits what is not the fiber's), so
   * that nobody waits for it any more; what its body still does is nobody's. False: it has ended, was not asked to stop,
   * has finalizers or children that do not end either, which must not outlive it, or too many such bodies go on already.
   */
  abandon(): boolean {
    if (this.#phase !== 'running' || this.#stopReason === undefined || this.#finalizers !== undefined) return false;
    for (const child of this.children()) if (!child.abandon()) return false;
    if (abandonedBodies >= abandonedMax) return false;
    abandonedBodies++;
    this.#obeyed = true;
    this.#disarm();
    this.#end();
    return true;
  }

  defer(finalizer: Finalizer): void {
    if (this.#phase === 'exited') throw fiberHasEnded;
    this.#finalizers ??= new Finalizers(this);
    this.#finalizers.push(finalizer);
  }

  /** Adds a child that has not started. Throws when this fiber is to stop, is ending, or has too many. */
  protected adopt(child: Lifecycle, observer: MemberObserver | undefined, memberIndex: number): void {
    child.#observer = observer;
    child.#memberIndex = memberIndex;
    child.#older = this.#newestChild;
    if (this.#newestChild !== undefined) this.#newestChild.#newer = child;
    this.#newestChild = child;
    this.#childCount++;
  }

  protected get observer(): MemberObserver | undefined {
    return this.#observer;
  }

  protected get memberIndex(): number {
    return this.#memberIndex;
  }

  /** Throws what keeps this fiber from having one more child. */
  protected checkMaySpawn(): void {
    if (this.interruption !== undefined) throw this.interruption;
    if (this.#phase === 'finalizing') {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `fiber ${this.name} runs its finalizers, when its children have ended; await the work in the finalizer itself`,
      );
    }
    if (this.#childCount >= childrenMax) throw overBound(this.name, `${childrenMax} children`);
    if (this.#level + 1 >= nestingMax) throw overBound(this.name, `${nestingMax} fibers above one another`);
  }

  /** Those that have not ended, the newest first. */
  *children(): Iterable<Lifecycle> {
    for (let child = this.#newestChild; child !== undefined; child = child.#older) yield child;
  }

  /** For Join alone: it waits for this fiber's exit. */
  addJoin(join: Wait<unknown>): void {
    this.#joins ??= [];
    this.#joins.push(join);
  }

  /** For Join alone: it no longer waits. */
  removeJoin(join: Wait<unknown>): void {
    const index = this.#joins?.indexOf(join) ?? -1;
    if (index !== -1) this.#joins?.splice(index, 1);
  }

  onTimer(): void {
    this.#timer = noEntry;
    this.deadlinePassed();
  }

  #runBody(run: (fiber: this) => unknown): void {
    let result: unknown;
    let pending: boolean;
    try {
      this.entering(this.#sinceMs);
      result = this.invoke(run);
      pending = isPromiseLike(result);
    } catch (reason) {
      this.bodyThrew(reason);
      return;
    }
    if (!pending) {
      this.bodyReturned(result);
      return;
    }
    const mayEndAnywhere = this.#finalizers === undefined && this.#observer?.hearsAnywhere === true;
    if (mayEndAnywhere && this.newestWait?.carriesBody(result) === true) return;
    Promise.resolve(result).then(
      (value) => this.bodyReturned(value),
      (reason: unknown) => this.bodyThrew(reason),
    );
  }

  bodyReturned(value: unknown): void {
    if (this.#phase === 'exited') {
      abandonedBodies--;
      return;
    }
    this.#value = value;
    this.#bodyOver();
  }

  bodyThrew(reason: unknown): void {
    if (this.#phase === 'exited') {
      abandonedBodies--;
      return;
    }
    if (this.#stopReason !== undefined) {
      this.#obeyed = true;
      if (reason !== this.#stopReason && this.host.log.isLevelEnabled('debug')) {
        this.log.debug({ err: reason }, `fiber ${this.name} was asked to stop and threw something else`);
      }
    } else {
      this.#failWith(HeddleError.from(reason, `fiber ${this.name} failed; the cause is in the server log`), this.name);
    }
    this.#bodyOver();
  }

  #bodyOver(): void {
    if (this.#childCount === 0) {
      this.#finish();
      return;
    }
    this.#phase = 'joining';
    this.#sinceMs = this.nowMs();
  }

  #childEnded(child: Lifecycle): void {
    if (child.#newer === undefined) this.#newestChild = child.#older;
    else child.#newer.#older = child.#older;
    if (child.#older !== undefined) child.#older.#newer = child.#newer;
    child.#older = undefined;
    child.#newer = undefined;
    this.#childCount--;
    if (this.#stopReason !== undefined && child.endError !== undefined) this.#obeyed = true;
    if (child.#observer !== undefined) child.#observer.memberEnded(child.#memberIndex, child);
    // A stopping fiber has its reason already; and a child that was cancelled has not failed.
    else if (child.#failure !== undefined && this.#stopReason === undefined) this.#failWith(child.#failure, child.name);
    if (this.#phase === 'joining' && this.#childCount === 0) this.#finish();
  }

  /** The body or a child has failed: the rest is stopped, and the fiber fails once all of it has ended. */
  #failWith(error: HeddleError, failed: string): void {
    this.#failure = error;
    this.#stopWaits(error);
    if (this.#newestChild === undefined) return;
    this.askedToStop();
    this.#cancelChildren(new HeddleError('CANCELLED', `cancelled because fiber ${failed} failed`, { cause: error }));
  }

  #stop(reason: HeddleError): void {
    this.askedToStop();
    this.#stopWaits(reason);
    this.#cancelChildren(reason);
  }

  #stopWaits(reason: HeddleError): void {
    this.#stopReason = reason;
    this.interruption = reason;
    this.stopping(reason);
    this.#observer?.memberStopping?.(this.#memberIndex, reason);
    this.interruptWaits(reason);
  }

  #cancelChildren(reason: HeddleError): void {
    let child = this.#newestChild;
    while (child !== undefined) {
      const older: Lifecycle | undefined = child.#older;
      child.cancel(reason);
      child = older;
    }
  }

  #passDeadline(): void {
    const lateMs = Math.max(0, this.nowMs() - this.deadlineMs);
    const error = new HeddleError(
      'DEADLINE_EXCEEDED',
      `the deadline of fiber ${this.name} passed ${lateMs.toFixed(1)} ms ago; raise its timeout or give it less to do`,
    );
    // By its own deadline a fiber fails; cancelled is what others do to it.
    this.#failure ??= error;
    this.#stop(error);
  }

  #armDeadline(): void {
    if (this.#phase !== 'running' && this.#phase !== 'joining') return;
    // A deadline no earlier than the parent's comes down from the parent.
    if (this.deadlineMs === (this.parent === undefined ? Number.POSITIVE_INFINITY : this.parent.deadlineMs)) return;
    this.#timer = this.host.timers.add(this.deadlineMs, this, 0);
  }

  #disarm(): void {
    if (this.#timer === noEntry) return;
    this.host.timers.remove(this.#timer);
    this.#timer = noEntry;
  }

  /** Body and children are over. */
  #finish(): void {
    this.#disarm();
    if (this.#finalizers === undefined) {
      this.#end();
      return;
    }
    this.#phase = 'finalizing';
    this.interruption = undefined;
    this.#finalizers.run();
  }

  /** For Finalizers alone: the last has run. */
  finalized(failure: HeddleError | undefined): void {
    // Only a fiber that was succeeding fails by it: an earlier reason says more.
    if (!this.#obeyed) this.#failure ??= failure;
    this.#end();
  }

  /** For Finalizers alone: they have waited long enough. */
  endGrace(error: HeddleError): void {
    this.interruption = error;
    this.interruptWaits(error);
  }

  #end(): void {
    this.#phase = 'exited';
    this.#sinceMs = this.nowMs();
    this.interruption = fiberHasEnded;
    if (this.newestWait !== undefined) this.interruptWaits(fiberHasEnded);
    if (this.#joins !== undefined) for (const join of this.#joins) settleJoin(join, this);
    this.#joins = undefined;
    if (this.parent !== undefined) {
      this.parent.#childEnded(this);
      return;
    }
    while (this.newestHeld !== undefined) {
      const what = this.newestHeld.reclaim();
      this.log.warn({}, `fiber ${this.name} ended holding ${what}, which was given back; take it with \`using\``);
    }
    this.rootEnded();
  }

  #outcome(): FiberExit<unknown> {
    const atMs = this.#sinceMs;
    if (this.#failure !== undefined) return { how: 'failed', error: this.#failure, atMs };
    if (this.#obeyed) return { how: 'cancelled', error: this.#stopReason!, atMs };
    return { how: 'returned', value: this.#value, atMs };
  }
}

/** Gives a join the result of the fiber that it waits for. */
function settleJoin(join: Wait<unknown>, { endError, endValue }: EndedMember): void {
  if (endError === undefined) join.grant(endValue);
  else join.fail(endError);
}

function overBound(name: string, bound: string): HeddleError {
  return new HeddleError('RESOURCE_EXHAUSTED', `fiber ${name} has ${bound}, its bound; do the work in smaller parts`, {
    retry: 'no',
  });
}
