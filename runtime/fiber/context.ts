// FiberContext: what user code sees of the fiber that it runs in, and Executor, what a fiber runs. An Executor gets the
// context, never the Fiber behind it: so fibers know executors and not the other way round.

import type { CodecName, Priority } from '../call.ts';
import type { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { FiberMetrics } from '../metrics/metrics.ts';

/** The unit of work: a request's handler, an offloaded function, a graph node, a periodic job. */
export interface Executor<Input, Output> {
  /** For logs and metrics: `movies.Search/search`. */
  readonly name: string;
  run(input: Input, fiber: FiberContext): Output | PromiseLike<Output>;
}

/** A function as a child fiber's body. */
export type FiberFunction<Output> = (fiber: FiberContext) => Output | PromiseLike<Output>;

/** What functions give, one by one: `[string, number]` for `[FiberFunction<string>, FiberFunction<number>]`. */
export type OutputsOf<Runs extends readonly FiberFunction<unknown>[]> = {
  -readonly [Index in keyof Runs]: Awaited<ReturnType<Runs[Index]>>;
};

/** How a fiber ended. */
export type FiberExit<Output> =
  | { how: 'returned'; value: Output; atMs: number }
  | { how: 'failed'; error: HeddleError; atMs: number }
  | { how: 'cancelled'; error: HeddleError; atMs: number };

/** Where a fiber stands, and since when (ms on the process's clock). */
export type FiberState<Output = unknown> =
  | { is: 'runnable'; sinceMs: number }
  | { is: 'running'; sinceMs: number }
  /** `on` names what it waits for: `sleep`, `call movies.Rank/score`, `join ranker`, `mutex` … */
  | { is: 'blocked'; on: string; sinceMs: number }
  | { is: 'exited'; exit: FiberExit<Output>; sinceMs: number };

/** Of one child fiber, or of each that `all`, `any`, `race` or `group` starts. */
export interface SpawnOptions {
  /** For logs and errors. Default: the function's name, or `child`. */
  name?: string;
  /** At most this long, ms; the parent's deadline still holds. */
  timeoutMs?: number;
}

/** A child fiber as its parent sees it. */
export interface ChildFiber<Output> {
  readonly id: number;
  readonly name: string;
  readonly state: FiberState<Output>;
  /**
   * Its value, or its failure thrown. May be called any number of times; the fiber is joined anyway when the parent
   * ends. `waiter` is the fiber that waits, when that is not the parent: a sibling that joins names itself.
   */
  join(waiter?: FiberContext): Promise<Output>;
  /** Asks it to stop: code CANCELLED. Idempotent. */
  cancel(reason?: string): void;
}

/** W3C trace context, as the fiber inherited it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span of whoever called; in a sampled request with a tracer, the request's own. */
  readonly parentSpanId: string;
  readonly flags: number;
}

/** A typed key for a fiber-local value. Made once, at the top of a module, by `fiberLocal(description, initial)`. */
export interface FiberLocal<Value> {
  readonly description: string;
  readonly initial: Value | undefined;
}

/** Options of `fiber.call` and `fiber.send`. */
export interface CallOptions {
  /** At most this long, ms; the fiber's own deadline still holds. */
  timeoutMs?: number;
  priority?: Priority;
  /** Text pairs for the callee; see `runtime/metadata.ts` for keys and bounds. */
  metadata?: Record<string, string>;
  /** Running it twice is harmless. Default: what the contract says of the method (`reads: true`). */
  idempotent?: boolean;
  signal?: AbortSignal;
  /** How the bodies travel: `json`, `avro`, or one that a plugin adds. Default: the first that the contract names. */
  codec?: CodecName;
}

/** Options of `fiber.offload` and `fiber.parallel`. */
export interface OffloadOptions extends Omit<CallOptions, 'codec'> {
  /** Name of the pool to run on. Default: this fiber's own pool. */
  pool?: string;
}

/**
 * A function that other threads can run: made by `task(import.meta.url, 'exportName', function)` and exported under
 * that name from its module, so that the other thread can import it. Input and output are structured-cloned.
 */
export interface Task<Input, Output> {
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly run: (input: Input, fiber: FiberContext) => Output | PromiseLike<Output>;
}

/** A method of a contract, as calls name it. Made by `service()` in net/service/contract.ts. */
export interface MethodRef<Request, Response> {
  readonly service: string;
  readonly method: string;
  /** Types only; never set. */
  readonly types?: { request: Request; response: Response };
}

/** A strategy, as runs name it. Made by `strategy()`; its name alone does too, without types. */
export interface StrategyRef<Request, Response> {
  readonly name: string;
  /** Types only; never set. */
  readonly types?: { request: Request; response: Response };
}

/** Options of `fiber.run`. */
export interface RunOptions {
  /** At most this long, ms; the fiber's own deadline and the strategy's budget still hold. */
  timeoutMs?: number;
}

/** What user code sees of its fiber. All times are ms. */
export interface FiberContext {
  readonly id: number;
  readonly name: string;
  readonly parent: FiberContext | undefined;
  /** Absolute, on the process's clock; Infinity: none. Only ever shrinks. */
  readonly deadlineMs: number;
  readonly priority: Priority;
  readonly trace: TraceContext | undefined;
  /** Text pairs that came with the request. A child sees its parent's. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Text pairs that go back with the reply. */
  readonly replyMetadata: Map<string, string>;
  readonly log: Logger;
  /** The pool's name, or `io`. */
  readonly pool: string;
  /** Counts, gauges and observed values of the process: `fiber.metrics.count('orders', 1, { kind: 'book' })`. */
  readonly metrics: FiberMetrics;

  /** Milliseconds left, never below 0; Infinity without a deadline. */
  remainingMs(): number;
  /** True once it was asked to stop (client gone, caller's cancel, deadline, failed sibling, drain). */
  readonly cancelled: boolean;
  /**
   * Throws CANCELLED or DEADLINE_EXCEEDED once the fiber is to stop, UNAVAILABLE once `stop.timeout` cuts it off. For
   * CPU-bound loops: about 10 ns.
   */
  check(): void;
  /** Made on first use; aborts when the fiber is to stop, with the HeddleError as reason. Prefer `check` and `onCancel`. */
  readonly signal: AbortSignal;
  /** Runs `callback` once if the fiber is asked to stop (at once if it already was); the returned function takes it back. */
  onCancel(callback: (reason: HeddleError) => void): () => void;
  /** Runs when the fiber has ended and its children too, last registered first, also after a failure or cancel. */
  defer(finalizer: () => void | PromiseLike<void>): void;

  /**
   * Starts a child, running it up to its first await. This fiber does not end before it. Its failure cancels its
   * siblings and fails this fiber, even if `join` is awaited in a `try`; to recover from failures use `all`, `any`,
   * `race` or `group`, which contain them. Throws what stops this fiber, and RESOURCE_EXHAUSTED over 10,000 children.
   */
  spawn<Output>(run: FiberFunction<Output>, options?: SpawnOptions): ChildFiber<Output>;
  /** All values in order; the first failure cancels the rest and is thrown once they have ended. */
  all<const Runs extends readonly FiberFunction<unknown>[]>(
    runs: Runs,
    options?: SpawnOptions,
  ): Promise<OutputsOf<Runs>>;
  /** The first value; the others are cancelled. Throws the last failure when all fail. */
  any<Output>(runs: readonly FiberFunction<Output>[], options?: SpawnOptions): Promise<Output>;
  /** The first to end, value or failure; the others are cancelled. */
  race<Output>(runs: readonly FiberFunction<Output>[], options?: SpawnOptions): Promise<Output>;
  /**
   * raster's Group: wakes when `count` of the runs have returned, with results by index (undefined: not in); the rest
   * are cancelled. Throws when so many have failed that `count` can't be reached.
   */
  group<Output>(
    count: number,
    runs: readonly FiberFunction<Output>[],
    options?: SpawnOptions,
  ): Promise<(Output | undefined)[]>;
  /** Throws as `check` does when the fiber is asked to stop meanwhile. */
  sleep(delayMs: number): Promise<void>;
  /** Lets the thread's event loop and other fibers go first. */
  yield(): Promise<void>;

  /** Calls a method, in this process or another; deadline, trace, priority and cancellation go along. */
  call<Request, Response>(
    method: MethodRef<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response>;
  /** Sends without waiting for an answer; resolves when it was handed on. */
  send<Request>(method: MethodRef<Request, unknown>, request: Request, options?: CallOptions): Promise<void>;
  /**
   * Runs a strategy: a graph declared in YAML or by `strategy()`; its nodes are fibers of this request. Throws NOT_FOUND
   * for a name that no strategy has, and what the strategy fails with.
   */
  run<Request, Response>(
    strategy: StrategyRef<Request, Response> | string,
    request: Request,
    options?: RunOptions,
  ): Promise<Response>;
  /** Runs one task on a pool. */
  offload<Input, Output>(task: Task<Input, Output>, input: Input, options?: OffloadOptions): Promise<Output>;
  /** Runs one task on many inputs, on as many threads as the pool has free; values in order; fails as `all` does. */
  parallel<Input, Output>(
    task: Task<Input, Output>,
    inputs: readonly Input[],
    options?: OffloadOptions,
  ): Promise<Output[]>;

  /**
   * Counts one at a degrader of heddle.yaml and says whether that was beyond its limit, in the whole process: then do less.
   * Throws FAILED_PRECONDITION for a name that heddle.yaml never had.
   */
  degraded(degrader: string): boolean;
  /**
   * True for the share of the asks that a sampler of heddle.yaml says. With a `key` (a user, a session) the answer is the
   * same for the same key. Throws FAILED_PRECONDITION for a name that heddle.yaml never had.
   */
  sampled(sampler: string, key?: string): boolean;

  /** The value of a fiber-local: its own, else the nearest ancestor's, else the initial one. */
  local<Value>(key: FiberLocal<Value>): Value | undefined;
  setLocal<Value>(key: FiberLocal<Value>, value: Value): void;
}
