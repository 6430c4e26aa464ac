// Fiber: one run of an Executor on one thread, as its code sees it. Lifecycle is the structured half; here are the doors
// through which user code waits, starts children and calls. User code gets it typed as FiberContext.

import { type Priority, priorityNames } from '../call.ts';
import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { decodeMetadata } from '../metadata.ts';
import { type FiberMetrics, noMetrics } from '../metrics/metrics.ts';
import { parentSpanIdOf, traceIdOf } from '../trace.ts';
import { localsMax } from './bounds.ts';
import { CancelCallbacks } from './cancel-callbacks.ts';
import { CheckPace } from './check-pace.ts';
import type {
  CallOptions,
  ChildFiber,
  FiberContext,
  FiberFunction,
  FiberLocal,
  MethodRef,
  OffloadOptions,
  OutputsOf,
  RunOptions,
  SpawnOptions,
  StrategyRef,
  Task,
  TraceContext,
} from './context.ts';
import { runWithFiber } from './current-fiber.ts';
import { type GroupParent, RunGroup, TaskGroup } from './group.ts';
import type { FiberGates, FiberHost, FiberOrigin, HostedFiber, MemberBody } from './host.ts';
import { Join } from './join.ts';
import { Lifecycle, type MemberObserver } from './lifecycle.ts';
import { Sleep, Turn } from './sleep.ts';
import { fiberHasEnded, rejected, waiterOf } from './wait.ts';

/** Ids of this thread's fibers, from 1. */
let lastId = 0;

export class Fiber extends Lifecycle implements HostedFiber, GroupParent {
  declare readonly parent: Fiber | undefined;
  readonly id: number = ++lastId;
  /** Undefined: its group says, or of a root the origin. */
  readonly #name: string | undefined;
  readonly origin: FiberOrigin;
  readonly root: Fiber;
  /** What only some fibers come to need. */
  #rare: Rare | undefined = undefined;

  /** A root: `parent` undefined. `nowMs` is the caller's reading of the clock. Then `start`. */
  constructor(
    host: FiberHost,
    origin: FiberOrigin,
    nowMs: number,
    parent?: Fiber,
    name?: string,
    deadlineMs = origin.deadlineMs,
  ) {
    super(host, parent, deadlineMs, nowMs);
    this.#name = name;
    this.origin = origin;
    this.root = parent === undefined ? this : parent.root;
  }

  get name(): string {
    return this.#name ?? this.observer?.memberName?.(this.memberIndex) ?? this.origin.name;
  }

  get priority(): Priority {
    return priorityNames[this.origin.priority] ?? 'normal';
  }

  get pool(): string {
    return this.host.pool;
  }

  get metrics(): FiberMetrics {
    return this.host.metrics ?? noMetrics;
  }

  get log(): Logger {
    const rare = this.#rarely();
    rare.log ??= this.host.log.child(this.#logFields());
    return rare.log;
  }

  get trace(): TraceContext | undefined {
    const words = this.origin.traceWords;
    if (words === undefined) return undefined;
    return { traceId: traceIdOf(words), parentSpanId: parentSpanIdOf(words), flags: this.origin.traceFlags };
  }

  get metadata(): Map<string, string> {
    const rare = this.root.#rarely();
    const { metadataSource, metadataStart, metadataEnd } = this.origin;
    rare.metadata ??= decodeMetadata(metadataSource, metadataStart, metadataEnd);
    return rare.metadata;
  }

  get replyMetadata(): Map<string, string> {
    const rare = this.root.#rarely();
    rare.replyMetadata ??= new Map();
    return rare.replyMetadata;
  }

  get replyMetadataIfAny(): ReadonlyMap<string, string> | undefined {
    return this.root.#rare?.replyMetadata;
  }

  remainingMs(): number {
    return this.deadlineMs === Number.POSITIVE_INFINITY ? this.deadlineMs : Math.max(0, this.deadlineMs - this.nowMs());
  }

  get cancelled(): boolean {
    this.#look();
    return this.stopReason !== undefined;
  }

  check(): void {
    this.#look();
    if (this.interruption !== undefined) throw this.interruption;
  }

  get signal(): AbortSignal {
    const rare = this.#rarely();
    if (rare.controller === undefined) {
      rare.controller = new AbortController();
      if (this.stopReason !== undefined) rare.controller.abort(this.stopReason);
    }
    return rare.controller.signal;
  }

  onCancel(callback: (reason: HeddleError) => void): () => void {
    const rare = this.#rarely();
    rare.cancelCallbacks ??= new CancelCallbacks();
    return rare.cancelCallbacks.add(callback, this);
  }

  spawn<Output>(run: FiberFunction<Output>, options?: SpawnOptions): ChildFiber<Output> {
    const child = this.#spawn(run, options?.name ?? (run.name || 'child'), options?.timeoutMs, undefined, 0);
    // Whatever runs next is the code that called spawn.
    this.entering(this.nowMs());
    // What `run` returns is the child's value; a Fiber itself knows no type for it.
    return child as Pick<Fiber, 'id' | 'name' | 'cancel'> as ChildFiber<Output>;
  }

  /** The fiber's value, or its failure thrown. `waiter` is the fiber that waits; default: the parent. */
  join(waiter?: FiberContext): Promise<unknown> {
    const by = waiter === undefined ? (this.parent ?? this) : waiterOf(waiter);
    const exit = this.exit;
    if (exit === undefined || (by.interruption !== undefined && by.interruption !== fiberHasEnded)) {
      return new Join(by, this).begin();
    }
    return exit.how === 'returned' ? Promise.resolve(exit.value) : rejected(exit.error);
  }

  all<const Runs extends readonly FiberFunction<unknown>[]>(
    runs: Runs,
    options?: SpawnOptions,
  ): Promise<OutputsOf<Runs>> {
    return this.#group<OutputsOf<Runs>>('all', runs, runs.length, false, options);
  }

  any<Output>(runs: readonly FiberFunction<Output>[], options?: SpawnOptions): Promise<Output> {
    return this.#group<Output>('any', runs, 1, true, options);
  }

  race<Output>(runs: readonly FiberFunction<Output>[], options?: SpawnOptions): Promise<Output> {
    return this.#group<Output>('race', runs, 1, true, options, 0);
  }

  group<Output>(
    count: number,
    runs: readonly FiberFunction<Output>[],
    options?: SpawnOptions,
  ): Promise<(Output | undefined)[]> {
    return this.#group<(Output | undefined)[]>('group', runs, count, false, options);
  }

  sleep(delayMs: number): Promise<void> {
    if (!(delayMs >= 0)) return rejected(badTime('sleep', delayMs));
    return new Sleep(this, this.host.timers, this.nowMs() + delayMs).begin();
  }

  yield(): Promise<void> {
    return new Turn(this, this.host).begin();
  }

  call<Request, Response>(
    method: MethodRef<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response> {
    if (this.interruption !== undefined) return rejected(this.interruption);
    return this.host.calls.call(this, method, request, options);
  }

  send<Request>(method: MethodRef<Request, unknown>, request: Request, options?: CallOptions): Promise<void> {
    if (this.interruption !== undefined) return rejected(this.interruption);
    return this.host.calls.send(this, method, request, options);
  }

  run<Request, Response>(
    strategy: StrategyRef<Request, Response> | string,
    request: Request,
    options?: RunOptions,
  ): Promise<Response> {
    if (this.interruption !== undefined) return rejected(this.interruption);
    const name = typeof strategy === 'string' ? strategy : strategy.name;
    const { strategies } = this.host;
    if (strategies === undefined) return rejected(noStrategies(name, this.pool));
    // Its author says what it gives; nothing here can check it.
    return strategies.run(this, name, request, options) as Promise<Response>;
  }

  degraded(degrader: string): boolean {
    return gatesOf(this.host).degraded(degrader);
  }

  sampled(sampler: string, key?: string): boolean {
    return gatesOf(this.host).sampled(sampler, key);
  }

  spawnMember(body: MemberBody, index: number, name: string, deadlineMs: number): Fiber {
    this.checkMaySpawn();
    const nowMs = this.nowMs();
    const child = new Fiber(this.host, this.origin, nowMs, this, name, Math.min(deadlineMs, this.deadlineMs));
    this.adopt(child, body, index);
    child.start(runMember);
    return child;
  }

  offload<Input, Output>(task: Task<Input, Output>, input: Input, options?: OffloadOptions): Promise<Output> {
    if (this.interruption !== undefined) return rejected(this.interruption);
    return this.host.calls.offload(this, task, input, options);
  }

  parallel<Input, Output>(
    task: Task<Input, Output>,
    inputs: readonly Input[],
    options?: OffloadOptions,
  ): Promise<Output[]> {
    if (inputs.length === 0) return this.interruption === undefined ? Promise.resolve([]) : rejected(this.interruption);
    return new TaskGroup(this, task, inputs, options).begin();
  }

  local<Value>(key: FiberLocal<Value>): Value | undefined {
    for (let fiber: Fiber | undefined = this; fiber !== undefined; fiber = fiber.parent) {
      const own = fiber.#rare?.locals;
      // Only setLocal writes, under the same key, whose type is Value.
      if (own?.has(key) === true) return own.get(key) as Value;
    }
    return key.initial;
  }

  setLocal<Value>(key: FiberLocal<Value>, value: Value): void {
    const rare = this.#rarely();
    rare.locals ??= new Map();
    if (rare.locals.size >= localsMax && !rare.locals.has(key)) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `fiber ${this.name} has ${localsMax} locals, its bound; make keys once, by fiberLocal() at the top of a module`,
        { retry: 'no' },
      );
    }
    rare.locals.set(key, value);
  }

  protected entering(nowMs: number): void {
    this.origin.entering(this, nowMs);
  }

  invoke<Result>(run: (fiber: this) => Result): Result {
    return this.origin.asyncContext ? runWithFiber(this, run) : run(this);
  }

  protected stopping(reason: HeddleError): void {
    const rare = this.#rare;
    if (rare === undefined) return;
    rare.controller?.abort(reason);
    rare.cancelCallbacks?.run(reason, this);
  }

  protected askedToStop(): void {
    if (this.parent === undefined) this.origin.stopping(this);
  }

  protected rootEnded(): void {
    this.origin.ended(this);
  }

  /** For runMember alone. */
  get body(): MemberBody | undefined {
    return this.observer as MemberBody | undefined;
  }

  get index(): number {
    return this.memberIndex;
  }

  /** Notices what a busy loop keeps from being delivered: a result no longer wanted, a deadline passed. */
  #look(): void {
    if (this.stopReason !== undefined || this.exit !== undefined) return;
    if (!this.origin.isWanted()) {
      // Nobody waits either when the asker has noticed first that the deadline is over.
      if (this.root.deadlineMs <= this.nowMs()) this.root.deadlinePassed();
      else this.root.cancel('nobody waits for its result any more');
    } else if (this.deadlineMs !== Number.POSITIVE_INFINITY) {
      const rare = this.#rarely();
      rare.pace ??= new CheckPace();
      if (rare.pace.due() && rare.pace.look(this.nowMs()) >= this.deadlineMs) this.deadlinePassed();
    }
  }

  /** For groups alone. */
  startMember(run: FiberFunction<unknown>, timeoutMs: number | undefined, group: MemberObserver, index: number): Fiber {
    return this.#spawn(run, undefined, timeoutMs, group, index);
  }

  /** `name` undefined: the group gives it. Whoever calls this sees to it that `entering` follows. */
  #spawn(
    run: FiberFunction<unknown>,
    name: string | undefined,
    timeoutMs: number | undefined,
    group: MemberObserver | undefined,
    index: number,
  ): Fiber {
    this.checkMaySpawn();
    const nowMs = this.nowMs();
    let deadlineMs = this.deadlineMs;
    if (timeoutMs !== undefined) {
      if (Number.isNaN(timeoutMs)) {
        throw badTime(`timeoutMs of fiber ${name ?? group?.memberName?.(index) ?? 'child'}`, timeoutMs);
      }
      deadlineMs = Math.min(deadlineMs, nowMs + timeoutMs);
    }
    const child = new Fiber(this.host, this.origin, nowMs, this, name, deadlineMs);
    this.adopt(child, group, index);
    child.start(run);
    return child;
  }

  #group<Value>(
    kind: string,
    runs: readonly FiberFunction<unknown>[],
    needed: number,
    givesOne: boolean,
    options: SpawnOptions | undefined,
    failuresAllowed = runs.length - needed,
  ): Promise<Value> {
    const members = runs.length;
    if (members === 0 && needed === 0) {
      return this.interruption === undefined ? Promise.resolve([] as Value) : rejected(this.interruption);
    }
    if (!Number.isInteger(needed) || needed < 1 || needed > members) {
      return rejected(
        new HeddleError('INVALID_ARGUMENT', `${kind} wants ${needed} of ${members} functions; give it 1 to ${members}`),
      );
    }
    return new RunGroup<Value>(this, kind, runs, needed, failuresAllowed, givesOne, options).begin();
  }

  #rarely(): Rare {
    this.#rare ??= new Rare();
    return this.#rare;
  }

  #logFields(): object {
    const fields = { fiber: this.id, name: this.name };
    const words = this.origin.traceWords;
    return words === undefined ? fields : { ...fields, traceId: traceIdOf(words) };
  }
}

/** What only some fibers come to need; each field is made on first use. */
class Rare {
  log: Logger | undefined = undefined;
  metadata: Map<string, string> | undefined = undefined;
  replyMetadata: Map<string, string> | undefined = undefined;
  controller: AbortController | undefined = undefined;
  cancelCallbacks: CancelCallbacks | undefined = undefined;
  locals: Map<object, unknown> | undefined = undefined;
  pace: CheckPace | undefined = undefined;
}

const runMember = (fiber: Fiber): unknown => fiber.body!.runMember(fiber.index, fiber);

function gatesOf({ gates, pool }: FiberHost): FiberGates {
  if (gates !== undefined) return gates;
  throw new HeddleError('FAILED_PRECONDITION', `there are no degraders and samplers on this thread of pool ${pool}`);
}

function noStrategies(name: string, pool: string): HeddleError {
  return new HeddleError(
    'FAILED_PRECONDITION',
    `strategy ${name}: there are no strategies on this thread of pool ${pool}; list their files in heddle.yaml, strategies: [ "./strategies/*.yaml" ], and run them from the handlers of services`,
    { retry: 'no' },
  );
}

function badTime(what: string, ms: number): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `${what}: ${ms} is not a time in milliseconds, 0 or more`);
}
