// FiberRun: a run carried out by fibers: each attempt is a child of the fiber that asked, so deadlines, cancellation and
// what is on the stack are those of any other fiber. The fiber that asked waits for it, as for a call.

import type { Random } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import type { EndedMember, HostedFiber, MemberBody, TurnTarget } from '../../runtime/fiber/host.ts';
import { Wait } from '../../runtime/fiber/wait.ts';
import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import type { RunHost, RunTimers } from './host.ts';
import { Run } from './run.ts';

/** What a node's work is on this thread, by index of the node: its function, its call, its task. */
export type NodeBody = (input: unknown, fiber: FiberContext, run: FiberRun) => unknown;

/** Who starts runs, on one thread. */
export interface Runner {
  /** A run has ended, or nobody wants it any more; whoever asked hears of it next. Must not throw. */
  runEnded(run: FiberRun): void;
  /** A node's function threw something that is no HeddleError; `error.cause` is that. Must not throw. */
  nodeThrew(run: FiberRun, node: string, error: HeddleError): void;
  /** Nodes, by full name, did not stop when they were told to, and are waited for no more. Must not throw. */
  nodesAbandoned(run: FiberRun, nodes: readonly string[]): void;
  /** A `strategy` node, whose fiber this is: a run of the same version. */
  runNested(fiber: FiberContext, strategy: string, request: unknown): Promise<unknown>;
}

export interface FiberRunOptions {
  bodies: readonly NodeBody[];
  random: Random;
  runner: Runner;
  level: number;
  /** Absolute ms. */
  deadlineMs: number;
}

export class FiberRun extends Wait<unknown> implements RunHost, MemberBody, TurnTarget {
  readonly fiber: HostedFiber;
  readonly graph: Graph;
  readonly timers: RunTimers;
  readonly random: Random;
  readonly options: FiberRunOptions;
  readonly core: Run;
  /** Runs that wait for this one. */
  readonly depth: number;
  /** By token, of attempts under way whose bodies have not ended at once. */
  #fibers: (HostedFiber | undefined)[] | undefined = undefined;
  /** What the attempt that is being started works on; its body takes it before anything else runs. */
  #node: GraphNode | undefined = undefined;
  #input: unknown = undefined;
  /** Told to stop, and maybe not ended. */
  #lingering: HostedFiber[] | undefined = undefined;

  constructor(fiber: HostedFiber, graph: Graph, request: unknown, options: FiberRunOptions) {
    super(fiber);
    const nowMs = fiber.host.clock.nowMs();
    this.fiber = fiber;
    this.graph = graph;
    this.timers = fiber.host.timers;
    this.random = options.random;
    this.options = options;
    this.depth = depthOf(fiber);
    this.core = new Run(graph, this, request, { nowMs, deadlineMs: options.deadlineMs, level: options.level });
  }

  get on(): string {
    return `strategy ${this.graph.name}`;
  }

  nowMs(): number {
    return this.fiber.host.clock.nowMs();
  }

  startAttempt(token: number, node: GraphNode, input: unknown, deadlineMs: number): void {
    this.#node = node;
    this.#input = input;
    try {
      const child = this.fiber.spawnMember(this, token, node.fullName, deadlineMs);
      // Past its deadline it was never run, and took nothing.
      this.#input = undefined;
      if (child.exit !== undefined) return;
      this.#fibers ??= new Array<HostedFiber | undefined>(this.graph.nodes.length);
      this.#fibers[token] = child;
    } catch (reason) {
      this.core.attemptFailed(token, HeddleError.from(reason));
    }
  }

  cancelAttempt(token: number): void {
    const fiber = this.#fibers?.[token];
    this.#letGo(token);
    fiber?.cancel(noLongerNeeded);
  }

  settled(): void {
    const { outcome } = this.core;
    this.options.runner.runEnded(this);
    this.#lookAfterLingering();
    if (outcome.how === 'done') this.grant(outcome.value);
    else if (outcome.how === 'failed') this.fail(outcome.error);
  }

  /** For bodies of `strategy` nodes. */
  runNested(fiber: FiberContext, strategy: string, request: unknown): Promise<unknown> {
    return this.options.runner.runNested(fiber, strategy, request);
  }

  // MemberBody

  runMember(_token: number, fiber: FiberContext): unknown {
    const { index } = this.#node!;
    const input = this.#input;
    this.#input = undefined;
    return this.options.bodies[index]!(input, fiber, this);
  }

  memberStopping(token: number, reason: HeddleError): void {
    // A fiber that does not obey its deadline must not hold up the graph.
    this.#letGo(token);
    this.core.attemptFailed(token, reason);
  }

  memberEnded(token: number, member: EndedMember): void {
    const exit = member.exit!;
    // A node that fails may be made good, and then nobody else tells of what it threw.
    if (exit.how === 'failed' && isThrown(exit.error)) {
      const name = this.#fibers?.[token]?.name ?? this.#node?.fullName ?? this.graph.name;
      this.options.runner.nodeThrew(this, name, exit.error);
    }
    this.#forget(token);
    if (exit.how === 'returned') this.core.attemptDone(token, exit.value, exit.atMs);
    else this.core.attemptFailed(token, exit.error, exit.atMs);
  }

  *runsAbove(): Iterable<Run> {
    for (let fiber: HostedFiber | undefined = this.fiber; fiber !== undefined; fiber = fiber.parent) {
      if (fiber.body instanceof FiberRun) yield fiber.body.core;
    }
  }

  protected enroll(): void {
    if (this.depth > depthMax) throw tooDeep(this.graph.name);
    this.core.begin();
    // Members have begun; what runs next is the code that asked, up to where it waits.
    if (this.#node !== undefined) this.fiber.enter();
  }

  protected withdraw(): void {
    this.core.abort(this.fiber.interruption ?? noLongerNeeded);
    this.options.runner.runEnded(this);
    this.#lookAfterLingering();
  }

  /** TurnTarget: whoever obeys has ended by now; the others must not hold up whoever asked. */
  onTurn(): void {
    const abandoned: string[] = [];
    for (const fiber of this.#lingering ?? []) {
      if (fiber.exit === undefined && fiber.abandon()) abandoned.push(fiber.name);
    }
    this.#lingering = undefined;
    if (abandoned.length > 0) this.options.runner.nodesAbandoned(this, abandoned);
  }

  #lookAfterLingering(): void {
    if (this.#lingering !== undefined) this.fiber.host.nextTurn(this);
  }

  /** It was told to stop. */
  #letGo(token: number): void {
    const fiber = this.#fibers?.[token];
    if (fiber === undefined) return;
    this.#lingering ??= [];
    this.#lingering.push(fiber);
    this.#forget(token);
  }

  #forget(token: number): void {
    if (this.#fibers?.[token] !== undefined) this.#fibers[token] = undefined;
  }
}

function isThrown({ cause }: HeddleError): boolean {
  return cause !== undefined && !(cause instanceof HeddleError);
}

const noLongerNeeded = new HeddleError('CANCELLED', 'the strategy no longer needs it');

/** Strategies within one another, of one request: deeper than this it is a circle, or will end the stack. */
const depthMax = 64;

function depthOf(from: HostedFiber): number {
  for (let fiber: HostedFiber | undefined = from; fiber !== undefined; fiber = fiber.parent) {
    if (fiber.body instanceof FiberRun) return fiber.body.depth + 1;
  }
  return 0;
}

function tooDeep(strategy: string): HeddleError {
  return new HeddleError(
    'RESOURCE_EXHAUSTED',
    `${strategy} would run within ${depthMax} other runs of one request, the bound; do they run each other in a circle?`,
    { retry: 'no' },
  );
}
