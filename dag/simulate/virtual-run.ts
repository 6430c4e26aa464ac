// VirtualRun: a run on a virtual clock. What its nodes do is said by a behaviour instead of being done, so a run of
// seconds takes microseconds, and the same behaviour gives the same run. For tests in strategy files, the simulator,
// replays, and the executor's own tests.

import type { Random } from '../../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import { itemsLimit } from '../file/schema.ts';
import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import type { Parameters } from '../graph/scope.ts';
import { placeOf, type RunHost } from '../run/host.ts';
import { Run } from '../run/run.ts';
import { EventQueue } from './event-queue.ts';

/** What one attempt at a node's work does. */
export interface AttemptBehaviour {
  /** Infinity: it never ends by itself. */
  readonly delayMs: number;
  readonly value?: unknown;
  /** It fails with this. */
  readonly error?: HeddleError | { readonly code: ErrorCode; readonly message: string };
}

/** `attempt` counts from 0 for each node, or for each `item` of a foreach (-1: none). */
export type Behaviour = (node: GraphNode, input: unknown, attempt: number, item: number) => AttemptBehaviour;

export interface VirtualRunOptions {
  behaviour: Behaviour;
  /** 0. Level of degradation. */
  level?: number;
  /** Absolute on the virtual clock; default Infinity. */
  deadlineMs?: number;
  random?: Random;
  parameters?: Parameters | undefined;
  /** Shared by several runs at once; default: one of its own, from 0. */
  events?: EventQueue;
  /** Told when the run has its result or its failure. */
  onSettled?: ((run: VirtualRun) => void) | undefined;
}

interface Attempt {
  readonly behaviour: AttemptBehaviour;
  readonly timer: number;
}

export class VirtualRun implements RunHost, TimerTarget {
  readonly core: Run;
  readonly timers: EventQueue;
  readonly random: Random;
  readonly #behaviour: Behaviour;
  /** By token, of those under way. */
  readonly #attempts = new Map<number, Attempt>();
  /** Attempts begun, by node and item. */
  readonly #counts = new Map<number, number>();
  readonly #onSettled: ((run: VirtualRun) => void) | undefined;

  constructor(graph: Graph, request: unknown, options: VirtualRunOptions) {
    this.timers = options.events ?? new EventQueue();
    this.random = options.random ?? alwaysWhole;
    this.#behaviour = options.behaviour;
    this.#onSettled = options.onSettled;
    this.core = new Run(graph, this, request, {
      nowMs: this.timers.nowMs,
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      level: options.level ?? 0,
      parameters: options.parameters,
    });
  }

  /** Runs to its end. */
  run(): Run {
    this.core.begin();
    while (this.core.outcome.how === 'running' && this.timers.step());
    if (this.core.outcome.how !== 'running') return this.core;
    throw new HeddleError('INTERNAL', `${this.core.graph.name} waits for something that never happens`);
  }

  nowMs(): number {
    return this.timers.nowMs;
  }

  startAttempt(token: number, node: GraphNode, input: unknown, deadlineMs: number, item: number): void {
    const key = node.index * (itemsLimit + 1) + item + 1;
    const attempt = this.#counts.get(key) ?? 0;
    this.#counts.set(key, attempt + 1);
    const behaviour = this.#behaviour(node, input, attempt, item);
    const dueMs = this.timers.nowMs + behaviour.delayMs;
    const late = dueMs > deadlineMs;
    if (Math.min(dueMs, deadlineMs) === Number.POSITIVE_INFINITY) return;
    const timer = this.timers.add(late ? deadlineMs : dueMs, this, token, placeOf(node, item));
    this.#attempts.set(token, { behaviour: late ? { delayMs: 0, error: outOfTime(node) } : behaviour, timer });
  }

  cancelAttempt(token: number): void {
    const attempt = this.#attempts.get(token);
    if (attempt !== undefined) this.timers.remove(attempt.timer);
    this.#attempts.delete(token);
  }

  settled(): void {
    this.#onSettled?.(this);
  }

  onTimer(token: number): void {
    const { behaviour } = this.#attempts.get(token)!;
    this.#attempts.delete(token);
    const { error } = behaviour;
    if (error === undefined) this.core.attemptDone(token, behaviour.value);
    else
      this.core.attemptFailed(token, error instanceof HeddleError ? error : new HeddleError(error.code, error.message));
  }
}

/** Pauses are whole: nothing is left to chance. */
const alwaysWhole: Random = () => 1;

function outOfTime({ name }: GraphNode): HeddleError {
  return new HeddleError('DEADLINE_EXCEEDED', `${name} ran out of time`);
}
