// What a fiber needs of the thread it runs on (FiberHost) and of the work it was started for (FiberOrigin), and what
// those two see of it (HostedFiber). The scheduler implements the first two; fiber.ts the third.

import type { Clock } from '../clock.ts';
import type { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { FiberMetrics } from '../metrics/metrics.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type {
  CallOptions,
  FiberContext,
  FiberExit,
  FiberState,
  MethodRef,
  OffloadOptions,
  RunOptions,
  Task,
} from './context.ts';
import type { Waiter } from './wait.ts';

/** A thread, as its fibers see it. One per thread (or per pool of a thread). */
export interface FiberHost {
  readonly clock: Clock;
  /** The thread's wheel: deadlines and sleeps are entries of it. */
  readonly timers: TimerWheel;
  readonly log: Logger;
  /** The pool's name, or `io`. */
  readonly pool: string;
  readonly calls: FiberCalls;
  /** Undefined: this thread has no strategies. */
  readonly strategies?: FiberStrategies | undefined;
  /** Undefined: this thread knows no degraders and samplers. */
  readonly gates?: FiberGates | undefined;
  /** Undefined: what is counted here goes nowhere. */
  readonly metrics?: FiberMetrics | undefined;
  /** Calls `target.onTurn()` once, after the event loop has gone round. Behind `fiber.yield()`. */
  nextTurn(target: TurnTarget): void;
}

/** Degraders and samplers of heddle.yaml, implemented by runtime/gates. */
export interface FiberGates {
  degraded(name: string): boolean;
  sampled(name: string, key: string | undefined): boolean;
}

/** What a turn of the event loop calls. Must not throw. */
export interface TurnTarget {
  onTurn(): void;
}

/**
 * Outgoing calls, implemented by scheduler and net. Each returns the promise of a `Wait` begun for `fiber` (so that
 * cancel and state work), and takes what it needs of the fiber: `callDeadlineMs`, `origin` (trace, priority, depth).
 */
export interface FiberCalls {
  call<Request, Response>(
    fiber: HostedFiber,
    method: MethodRef<Request, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response>;
  send<Request>(
    fiber: HostedFiber,
    method: MethodRef<Request, unknown>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<void>;
  offload<Input, Output>(
    fiber: HostedFiber,
    task: Task<Input, Output>,
    input: Input,
    options: OffloadOptions | undefined,
  ): Promise<Output>;
}

/** Strategies, implemented by dag. Returns the promise of a `Wait` begun for `fiber`. */
export interface FiberStrategies {
  run(fiber: HostedFiber, strategy: string, request: unknown, options: RunOptions | undefined): Promise<unknown>;
}

/** A child that has ended, as whoever started it sees it. */
export interface EndedMember {
  readonly exit: FiberExit<unknown> | undefined;
  /** What it failed with or was cancelled for; undefined: it has returned `endValue`. */
  readonly endError: HeddleError | undefined;
  readonly endValue: unknown;
}

/** The body of children that are started many at a time: one object for all of them, so that none needs a closure. */
export interface MemberBody {
  /** Runs child `index`. */
  runMember(index: number, fiber: FiberContext): unknown;
  /** Child `index` was asked to stop; `memberEnded` follows when it obeys. Must not throw. */
  memberStopping(index: number, reason: HeddleError): void;
  memberEnded(index: number, member: EndedMember): void;
}

/**
 * The work a root fiber was started for: a request, a graph's run, a periodic job. The starter's own object, with
 * whatever else it needs to know; the root and all its children share it. Its fields must not change while they run.
 */
export interface FiberOrigin {
  /** For logs and errors: `movies.Search/search`. */
  readonly name: string;
  /** Absolute, ms on the process's clock; Infinity: none. */
  readonly deadlineMs: number;
  /** 0..2, see `priorities`. */
  readonly priority: number;
  /**
   * W3C trace id and parent span id as 6 unsigned 32-bit words, the origin's own copy; undefined: none. A tracer may set
   * both before user code runs: the parent of what the fibers call is then the request's own span.
   */
  traceWords: Uint32Array | undefined;
  traceFlags: number;
  /** Where metadata lies, in the form of `runtime/metadata.ts`, in private memory; decoded when user code asks. */
  readonly metadataSource: Buffer;
  readonly metadataStart: number;
  readonly metadataEnd: number;
  /** Calls of this process above this one; 0 for work from outside. */
  readonly depth: number;
  /** Run user code inside AsyncLocalStorage, so that `currentFiber()` works. */
  readonly asyncContext: boolean;

  /** User code of `fiber` (the root or a child) is about to run: start, hand-over, timer, completion, finalizer. */
  entering(fiber: HostedFiber, nowMs: number): void;
  /** False once nobody wants the result: asked by every `check()`, so one atomic load at most. */
  isWanted(): boolean;
  /** The root was asked to stop, by a cancel or its deadline; `ended` follows when it obeys. Must not throw. */
  stopping(root: HostedFiber): void;
  /** The root has ended, children and finalizers included; `root.exit` says how. Called once. Must not throw. */
  ended(root: HostedFiber): void;
}

/** A fiber as its host and origin see it. */
export interface HostedFiber extends FiberContext, Waiter {
  readonly host: FiberHost;
  readonly origin: FiberOrigin;
  readonly root: HostedFiber;
  readonly parent: HostedFiber | undefined;
  readonly state: FiberState;
  /** Filters may change it. */
  readonly metadata: Map<string, string>;
  /** Of a child that spawnMember has made: whose it is. */
  readonly body: MemberBody | undefined;
  /** How it ended; undefined while it runs. */
  readonly exit: FiberExit<unknown> | undefined;
  /** When a call made now has to be over, absolute ms: the deadline, or in a finalizer the end of its grace. */
  readonly callDeadlineMs: number;
  /** The pairs that user code set for the reply; undefined: it asked for none. */
  readonly replyMetadataIfAny: ReadonlyMap<string, string> | undefined;
  /**
   * Starts a child whose body is `body.runMember(index, child)`; its failure goes to `body`, not to this fiber. It may
   * have ended when this returns. `deadlineMs` is absolute. Whoever starts members calls
   * `enter` once, before this fiber's own code goes on. Throws as `spawn` does.
   */
  spawnMember(body: MemberBody, index: number, name: string, deadlineMs: number): HostedFiber;
  /** Asks the fiber and its children to stop: their waits throw the reason. The first reason counts; no effect at the end. */
  cancel(reason?: HeddleError | string): void;
  /** Ends a child of spawnMember that was asked to stop and does not; see Lifecycle. */
  abandon(): boolean;
}
