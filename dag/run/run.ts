// Run: one run of a graph: the steps of a node that runs, its fallbacks, the output. It is the rules of semantics.md and
// nothing else: no fiber, no clock of its own; the host carries out the work. On the thread of the request. A run has
// arrays by node index, no objects for plain nodes.

import { HeddleError } from '../../runtime/errors.ts';
import type { Evaluate } from '../expression/compile.ts';
import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import { firstNodeSlot, type Parameters, parametersSlot, requestSlot } from '../graph/scope.ts';
import { usualQuantile } from '../graph/tails.ts';
import type { CacheKey } from '../policy/cache.ts';
import { byLevel, byLight, Demand, isAll } from './demand.ts';
import { expressionFailed, noTimeLeft, outputSkipped, skippedStandIn, strategyFailed } from './failures.ts';
import type { RunHost } from './host.ts';
import { NodeWork, type WorkOwner } from './node-work.ts';
import type { Tries } from './tries.ts';

/** How a run stands. */
export type Outcome = { how: 'running' } | { how: 'done'; value: unknown } | { how: 'failed'; error: HeddleError };

const running: Outcome = { how: 'running' };

export class Run extends Demand implements WorkOwner {
  readonly host: RunHost;
  readonly startMs: number;
  /** The caller's, absolute; Infinity: none. */
  readonly deadlineMs: number;
  /** Nodes have until then. */
  readonly endMs: number;
  readonly level: number;
  readonly values: unknown[];
  outcome: Outcome = running;
  /** `node: how`, in the order in which it happened; undefined: none. */
  marks: string[] | undefined = undefined;
  /** By node, of those with policies. */
  works: (NodeWork | undefined)[] | undefined = undefined;
  /** The node that decided the output; -1: none did. */
  decidedBy = -1;
  #outputPending = 0;
  /** Tries by token, from `nodes.length` on; lower tokens are plain nodes' indexes. */
  #tries: (Tries | undefined)[] | undefined = undefined;

  /** `deadlineMs`: the caller's, absolute; Infinity: none. `parameters`: undefined in a graph without layers. */
  constructor(
    graph: Graph,
    host: RunHost,
    request: unknown,
    options: { nowMs: number; deadlineMs: number; level: number; parameters?: Parameters | undefined },
  ) {
    super(graph, options.level, options.nowMs);
    const { totalMs, reserveMs } = graph.definition.budget;
    this.host = host;
    this.startMs = options.nowMs;
    this.deadlineMs = options.deadlineMs;
    this.endMs = Math.min(options.deadlineMs, options.nowMs + totalMs) - reserveMs;
    this.level = options.level;
    this.values = graph.blankValues.slice();
    this.values[requestSlot] = request;
    this.values[parametersSlot] =
      options.parameters ?? (graph.experiments === undefined ? undefined : graph.experiments.assign(this.values));
  }

  /** Done nodes in the order of their ends. */
  get path(): readonly number[] {
    return this.ended.filter((index) => this.state.is(index, 'done'));
  }

  protected get isRunning(): boolean {
    return this.outcome === running;
  }

  begin(): void {
    const needs = this.graph.outputNeeds;
    this.#outputPending = needs.length;
    if (needs.length === 0) {
      this.#giveOutput();
      return;
    }
    this.demandOutput(this.level);
    this.drain();
  }

  /** `nowMs`: when that was, as the host has read it. */
  attemptDone(token: number, value: unknown, nowMs = this.host.nowMs()): void {
    if (this.outcome !== running) return;
    const { nodes } = this.graph;
    // What a function leaves out is null in expressions.
    const result = value === undefined ? null : value;
    this.nowMs = nowMs;
    if (token >= nodes.length) {
      try {
        this.#takeTries(token)?.done(token, result, this.nowMs);
      } catch (reason) {
        this.broken(reason);
      }
    } else if (this.state.endAttempt(token, 'ended', this.nowMs)) {
      nodes[token]!.latency!.record(this.nowMs - this.state.attemptStartMs(token), this.nowMs);
      this.#done(token, result);
    }
    this.drain();
  }

  attemptFailed(token: number, error: HeddleError, nowMs = this.host.nowMs()): void {
    if (this.outcome !== running) return;
    const { nodes } = this.graph;
    this.nowMs = nowMs;
    if (token >= nodes.length) {
      try {
        this.#takeTries(token)?.failed(token, error, this.nowMs);
      } catch (reason) {
        this.broken(reason);
      }
    } else if (this.state.endAttempt(token, 'ended', this.nowMs)) {
      this.#workFailed(token, error);
    }
    this.drain();
  }

  /** Each token is told of once. */
  #takeTries(token: number): Tries | undefined {
    const at = token - this.graph.nodes.length;
    const tries = this.#tries![at];
    this.#tries![at] = undefined;
    return tries;
  }

  /** Whoever asked does not want it any more: everything is cancelled, and `settled` is not called. */
  abort(error: HeddleError): void {
    if (this.outcome !== running) return;
    this.outcome = { how: 'failed', error };
    this.nowMs = this.host.nowMs();
    this.cancelAll();
  }

  // WorkOwner

  nextToken(tries: Tries): number {
    this.#tries ??= [];
    return this.graph.nodes.length + this.#tries.push(tries) - 1;
  }

  /** As the level wants it. Called once for a node that begins. */
  inputOf(node: GraphNode): Evaluate {
    const changed = this.plan?.input[node.index];
    if (changed === undefined) return node.input;
    this.mark(node.index, `level ${this.plan!.changedBy[node.index]} input`);
    return changed;
  }

  keyOf(node: GraphNode): CacheKey {
    return this.keyWith(node, node.cacheKey!(this.values));
  }

  /** The key of a node's value when its expression gives `value`. */
  keyWith(node: GraphNode, value: unknown): CacheKey {
    if (typeof value !== 'string' && typeof value !== 'number') throw badKey(value);
    if (node.keyParameters.length === 0 && !node.isKeyedByLevel) return value;
    // What its input depends on beside the author's key: JSON keeps the parts apart, whatever they are.
    const parameters = this.values[parametersSlot] as Parameters;
    const values = node.keyParameters.map((index) => parameters.at(index));
    return JSON.stringify([this.plan?.changedBy[node.index] ?? 0, values, value]);
  }

  isLedAbove({ index }: GraphNode, key: CacheKey): boolean {
    for (const run of this.host.runsAbove?.() ?? []) {
      if (run.graph === this.graph && run.works?.[index]?.leadsFor(key) === true) return true;
    }
    return false;
  }

  workDone(work: NodeWork, value: unknown): void {
    if (this.outcome !== running) return;
    const { index, latency } = work.node;
    this.nowMs = this.host.nowMs();
    if (!work.cached) latency!.record(this.nowMs - this.state.startMs(index), this.nowMs);
    if (work.lost > 0) this.mark(index, `${work.lost} of ${work.items!.length} lost`);
    this.#done(index, value);
  }

  workFailed(work: NodeWork, error: HeddleError): void {
    if (this.outcome !== running) return;
    this.nowMs = this.host.nowMs();
    this.#workFailed(work.node.index, error);
  }

  // Endings

  protected end(index: number, how: 'done' | 'failed' | 'skipped'): void {
    this.state.end(index, how, this.nowMs);
    this.ended.push(index);
    if (this.graph.isOutput[index] === true) this.#judgeOutput(index, how);
  }

  /** What it needs has ended: before any other node takes a step. */
  #judgeOutput(index: number, how: 'done' | 'failed' | 'skipped'): void {
    const { name, nodes } = this.graph;
    this.decidedBy = index;
    if (how === 'failed') this.#fail(this.#failureAt(index));
    else if (how === 'skipped') this.#fail(outputSkipped(name, nodes[index]!));
    else if (--this.#outputPending === 0) this.#giveOutput();
  }

  #failureAt(index: number): HeddleError {
    const { name, nodes } = this.graph;
    const root = this.rootOf(index);
    return strategyFailed(name, nodes[index]!, nodes[root]!, this.errors![root]!);
  }

  #done(index: number, value: unknown): void {
    this.values[firstNodeSlot + index] = value;
    this.end(index, 'done');
  }

  protected failed(index: number, error: HeddleError): void {
    this.#remember(index, error);
    this.end(index, 'failed');
  }

  #remember(index: number, error: HeddleError): void {
    this.errors ??= new Array<HeddleError | undefined>(this.graph.nodes.length).fill(undefined);
    this.errors[index] = error;
  }

  // Running

  protected cancelWork(index: number): void {
    const work = this.works?.[index];
    if (work !== undefined) work.cancel();
    else if (this.state.endAttempt(index, 'cancelled', this.nowMs)) this.host.cancelAttempt(index);
  }

  protected start(node: GraphNode): void {
    const { index } = node;
    const { state } = this;
    state.begin(index, this.nowMs);
    let error: HeddleError | undefined;
    let goes = true;
    if (node.when !== undefined) {
      try {
        goes = node.when(this.values) === true;
      } catch (reason) {
        error = expressionFailed(node.name, 'when', reason);
      }
    }
    if (!goes) this.end(index, 'skipped');
    else if (error !== undefined) this.#workFailed(index, error);
    else this.#work(node);
    // With `all` and `none_failed` all of them have ended.
    if (!isAll(node)) {
      for (const dependency of node.dependencies) this.release(dependency);
    }
  }

  #work(node: GraphNode): void {
    const { index } = node;
    const nowMs = this.nowMs;
    const latestMs = this.endMs - node.tailMs;
    const deadlineMs = Math.min(nowMs + node.timeoutMs, latestMs);
    let work: NodeWork | undefined;
    // A cancelled node that begins anew must not be taken for the attempt that was cancelled.
    if (!node.plain || !this.state.mayUseToken(index)) {
      work = new NodeWork(node, deadlineMs, this);
      this.works ??= new Array<NodeWork | undefined>(this.graph.nodes.length).fill(undefined);
      work.before = this.works[index];
      this.works[index] = work;
      if (work.endsByCache(nowMs)) return;
    }
    if (node.light >= 0) {
      const usualMs = node.usualMs(usualQuantile, nowMs);
      if (usualMs !== undefined && latestMs - nowMs < usualMs) {
        this.adopt(index, node.light, byLight);
        return;
      }
    }
    if (node.isValue) {
      this.#evaluate(node);
      return;
    }
    if (work !== undefined) work.begin(nowMs);
    else this.#startPlain(node, deadlineMs);
    // What has begun may have run for long before it waited; the next node's time begins after that.
    this.nowMs = this.host.nowMs();
  }

  #evaluate(node: GraphNode): void {
    let value: unknown;
    try {
      value = node.input(this.values);
    } catch (reason) {
      this.#workFailed(node.index, expressionFailed(node.name, 'the value', reason));
      return;
    }
    this.#done(node.index, value);
  }

  #startPlain(node: GraphNode, deadlineMs: number): void {
    const { index } = node;
    if (!(deadlineMs > this.nowMs)) {
      this.#workFailed(index, noTimeLeft(node, this.nowMs - deadlineMs));
      return;
    }
    let input: unknown;
    try {
      input = this.inputOf(node)(this.values);
    } catch (reason) {
      this.#workFailed(index, expressionFailed(node.name, 'the input', reason));
      return;
    }
    this.state.startAttempt(index, this.nowMs);
    this.host.startAttempt(index, node, input, deadlineMs, -1);
  }

  #workFailed(index: number, error: HeddleError): void {
    const node = this.graph.nodes[index]!;
    if (node.fallback.length === 0) {
      this.failed(index, error);
      return;
    }
    this.#remember(index, error);
    this.#fallBack(node, 0);
  }

  #fallBack(node: GraphNode, from: number): void {
    const { index } = node;
    for (let at = from; at < node.fallback.length; at++) {
      const fallback = node.fallback[at]!;
      if (fallback.kind === 'node') {
        this.adopt(index, fallback.node, at);
        return;
      }
      let value: unknown;
      if (fallback.kind === 'stale') {
        value = NodeWork.stale(node, this, this.nowMs);
      } else {
        try {
          value = fallback.evaluate(this.values);
        } catch {
          // The next one, or the failure that led here, which says more.
        }
      }
      if (value === undefined) continue;
      this.mark(index, fallback.kind);
      this.#done(index, value);
      return;
    }
    this.failed(index, this.errors![index]!);
  }

  /** `via`: byLight, byLevel, or which fallback. */
  protected adopt(index: number, by: number, via: number): void {
    const { state } = this;
    state.adopt(index, by);
    state.setVia(index, via);
    const isNew = state.is(by, 'idle') || state.is(by, 'cancelled');
    this.demand(by);
    // All it needs had ended before anybody wanted it: what it waited for is what its adopter waited for.
    if (isNew && state.pendingHard(by) + state.pendingSoft(by) === 0) state.setAfter(by, state.after(index));
    if (state.isHandled(by)) this.touched.push(index);
  }

  protected adoptionEnded(index: number, by: number): void {
    const { state } = this;
    const node = this.graph.nodes[index]!;
    const standIn = this.graph.nodes[by]!;
    const via = state.via(index);
    state.adopt(index, -1);
    state.setAfter(index, by);
    if (state.is(by, 'done')) {
      const how = via === byLight ? 'light' : via === byLevel ? `level ${this.plan!.replacedBy[index]} node` : 'node';
      this.mark(index, `${how} ${standIn.name}`);
      this.#done(index, this.values[firstNodeSlot + by]);
    } else if (via >= 0) {
      this.#fallBack(node, via + 1);
    } else {
      this.#workFailed(index, state.is(by, 'failed') ? this.errors![by]! : skippedStandIn(standIn));
    }
  }

  protected mark(index: number, how: string): void {
    this.state.setMarked(index);
    this.marks ??= [];
    this.marks.push(`${this.graph.nodes[index]!.name}: ${how}`);
  }

  #giveOutput(): void {
    let value: unknown;
    try {
      value = this.graph.output(this.values);
    } catch (reason) {
      this.#fail(expressionFailed(this.graph.name, 'the output', reason));
      return;
    }
    if (this.errors !== undefined) this.#markLost();
    this.#settle({ how: 'done', value });
  }

  /** Nodes that failed and that the run did without. */
  #markLost(): void {
    for (const { index } of this.graph.nodes) if (this.state.is(index, 'failed')) this.mark(index, 'failed');
  }

  /** Also for works, where nothing else would hear of it. */
  broken(reason: unknown): void {
    if (this.outcome !== running) return;
    const text = reason instanceof Error ? reason.message : String(reason);
    this.#fail(new HeddleError('INTERNAL', `${this.graph.name} can't go on: ${text}`, { retry: 'no', cause: reason }));
  }

  #fail(error: HeddleError): void {
    this.#settle({ how: 'failed', error });
  }

  #settle(outcome: Outcome): void {
    this.outcome = outcome;
    this.cancelAll();
    this.graph.learn(this.nowMs);
    this.host.settled();
  }
}

function badKey(value: unknown): HeddleError {
  return new HeddleError('INTERNAL', `a key is a text or a number, this is ${value === null ? 'null' : typeof value}`);
}
