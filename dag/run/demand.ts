// Demand: which nodes of a run are wanted and which may begin: demand and release, joins, the order in which endings are
// told on. The half of a run that knows no work; Run is the other. The rules are those of semantics.md.
//
// Ready counts, as raster has them: each node waits with the number of dependencies that have not ended, and an ending
// goes to those that wait for it, so nothing is searched.

import type { HeddleError } from '../../runtime/errors.ts';
import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import { type LevelPlan, planOf } from '../graph/level-plan.ts';
import { RunState } from '../graph/run-state.ts';
import { failedBefore } from './failures.ts';

export abstract class Demand {
  readonly graph: Graph;
  readonly state: RunState;
  /** By node, once one has failed. */
  errors: (HeddleError | undefined)[] | undefined = undefined;
  protected readonly plan: LevelPlan | undefined;
  /** Read once for all that happens at one instant. */
  protected nowMs: number;
  /** Endings in their order; those up to `#handled` have been told to whom they concern. */
  protected readonly ended: number[] = [];
  #handled = 0;
  /** Nodes for which something has become possible. */
  protected readonly touched: number[];
  /** The output's needs are demanded already. */
  readonly #isStarted: boolean;
  #draining = false;
  /** Of nodes that failed by their joins: where that began. */
  #roots: Map<number, number> | undefined = undefined;

  constructor(graph: Graph, level: number, nowMs: number) {
    const start = graph.startAt(level);
    this.graph = graph;
    this.plan = planOf(graph.levels, level);
    this.nowMs = nowMs;
    this.state = start === undefined ? RunState.blank(graph.nodes.length) : start.state.copy();
    this.touched = start === undefined ? [] : start.touched.slice();
    this.#isStarted = start !== undefined;
  }

  protected abstract get isRunning(): boolean;
  /** Its join is satisfied. */
  protected abstract start(node: GraphNode): void;
  /** The node that it adopts has ended. */
  protected abstract adoptionEnded(index: number, adopted: number): void;
  /** Demands `by` and waits for it. */
  protected abstract adopt(index: number, by: number, via: number): void;
  /** Cancels what it has under way. */
  protected abstract cancelWork(index: number): void;
  protected abstract end(index: number, how: 'done' | 'failed' | 'skipped'): void;
  protected abstract failed(index: number, error: HeddleError): void;
  /** The run can't go on. */
  abstract broken(reason: unknown): void;
  protected abstract mark(index: number, how: string): void;

  /** The node whose own failure a node failed by; itself when it was its own. */
  protected rootOf(index: number): number {
    return this.#roots?.get(index) ?? index;
  }

  /** Demands what the output needs: goes through the graph once for each level, not for each run. */
  protected demandOutput(level: number): void {
    if (this.#isStarted) return;
    for (const index of this.graph.outputNeeds) this.demand(index);
    this.graph.setStartAt(level, { state: this.state.copyWithoutTimes(), touched: this.touched.slice() });
  }

  /** Tells endings on until there is none left. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      this.#actOnTouched();
      while (this.isRunning && this.#handled < this.ended.length) {
        this.#handle(this.ended[this.#handled++]!);
        this.#actOnTouched();
      }
    } catch (reason) {
      // The stack ended, or a mistake of Heddle's: whoever waits must hear of it.
      this.broken(reason);
    } finally {
      this.#draining = false;
    }
  }

  protected demand(index: number): void {
    const { state } = this;
    state.addDemand(index);
    if (!state.is(index, 'idle') && !state.is(index, 'cancelled')) return;
    const node = this.graph.nodes[index]!;
    const plan = this.plan;
    state.enter(index, this.nowMs);
    if (plan !== undefined && plan.replacedBy[index] !== 0) {
      state.giveUp(index);
      this.adopt(index, plan.replacement[index]!, byLevel);
      return;
    }
    if (plan !== undefined && plan.skippedBy[index] !== 0) {
      this.touched.push(index);
      return;
    }
    const { dependencies, hard } = node;
    for (const dependency of dependencies) this.demand(dependency);
    let pendingHard = hard.length;
    let pendingSoft = node.soft.length;
    // One whose end has not been told on will tell it; the others are heard of in the order in which they were.
    const heard: number[] =
      this.#handled === 0 ? none : dependencies.filter((dependency) => state.isHandled(dependency));
    if (heard.length > 1) heard.sort((one, other) => state.compareHandled(one, other));
    for (const dependency of heard) {
      if (hard.includes(dependency)) {
        pendingHard--;
        state.countHard(index, dependency);
      } else {
        pendingSoft--;
      }
      state.setAfter(index, dependency);
    }
    state.setPending(index, pendingHard, pendingSoft);
    if (this.#verdict(node) !== 'waits') this.touched.push(index);
  }

  /** Whoever demanded it needs it no more. */
  protected release(index: number): void {
    const { state } = this;
    if (state.dropDemand(index) > 0) return;
    const waits = state.is(index, 'waiting');
    if (!waits && !state.is(index, 'running')) return;
    this.#cancel(index);
    // One that the level skips has demanded nothing.
    if (!waits || this.isSkipped(index)) return;
    for (const dependency of this.graph.nodes[index]!.dependencies) this.release(dependency);
  }

  /** Ends it without telling anybody. */
  #cancel(index: number): void {
    const { state } = this;
    const adopted = state.adopted(index);
    const began = state.is(index, 'running');
    state.end(index, 'cancelled', this.nowMs);
    if (!began) return;
    if (adopted >= 0) {
      state.adopt(index, -1);
      this.release(adopted);
      return;
    }
    this.cancelWork(index);
  }

  protected cancelAll(): void {
    const { length } = this.graph.nodes;
    for (let index = 0; index < length; index++) {
      if (this.state.is(index, 'waiting')) this.state.end(index, 'cancelled', this.nowMs);
      else if (this.state.is(index, 'running')) this.#cancel(index);
    }
  }

  #handle(index: number): void {
    const { state, graph } = this;
    const node = graph.nodes[index]!;
    state.setHandled(index, this.#handled);
    const { consumers, consumesHard } = node;
    for (let at = 0; at < consumers.length; at++) {
      const consumer = consumers[at]!;
      if (!state.is(consumer, 'waiting')) continue;
      if (consumesHard[at] === true) state.hardEnded(consumer, index);
      else state.softEnded(consumer);
      state.setAfter(consumer, index);
      if (this.#verdict(graph.nodes[consumer]!) !== 'waits') this.touched.push(consumer);
    }
    for (const adopter of graph.adopters[index]!) {
      if (state.is(adopter, 'running') && state.adopted(adopter) === index) this.touched.push(adopter);
    }
  }

  /** What the join says. */
  #verdict(node: GraphNode): 'waits' | 'runs' | 'fails' | 'skips' {
    const { state } = this;
    const { index, join, needed } = node;
    const pendingHard = state.pendingHard(index);
    if (isAll(node)) {
      const bad = join === 'all' ? state.firstBad(index) : state.firstFailed(index);
      if (bad >= 0) return state.is(bad, 'failed') ? 'fails' : 'skips';
      return pendingHard === 0 && state.pendingSoft(index) === 0 ? 'runs' : 'waits';
    }
    const done = state.hardDone(index);
    if (done >= needed) return state.pendingSoft(index) === 0 ? 'runs' : 'waits';
    if (done + pendingHard >= needed) return 'waits';
    return state.lastFailed(index) >= 0 ? 'fails' : 'skips';
  }

  /** In the order of the file, whatever the order in which they were touched. */
  #actOnTouched(): void {
    const touched = this.touched;
    while (touched.length > 0 && this.isRunning) {
      let first = 0;
      for (let at = 1; at < touched.length; at++) if (touched[at]! < touched[first]!) first = at;
      const index = touched[first]!;
      const last = touched.pop()!;
      if (first < touched.length) touched[first] = last;
      this.#act(index);
    }
  }

  #act(index: number): void {
    const { state } = this;
    const node = this.graph.nodes[index]!;
    if (state.is(index, 'running')) {
      const adopted = state.adopted(index);
      if (adopted >= 0 && state.isHandled(adopted)) this.adoptionEnded(index, adopted);
      return;
    }
    if (!state.is(index, 'waiting')) return;
    if (this.isSkipped(index)) {
      this.mark(index, `level ${this.plan!.skippedBy[index]} skipped`);
      this.end(index, 'skipped');
      return;
    }
    const verdict = this.#verdict(node);
    if (verdict === 'waits') return;
    if (verdict === 'runs') {
      this.start(node);
      return;
    }
    const releases = node.dependencies.filter((dependency) => !state.isHandled(dependency));
    if (verdict === 'fails') {
      const cause = isAll(node) ? state.firstFailed(index) : state.lastFailed(index);
      const root = this.rootOf(cause);
      this.#roots ??= new Map();
      this.#roots.set(index, root);
      this.failed(index, failedBefore(node, this.graph.nodes[root]!, this.errors![root]!));
    } else {
      this.end(index, 'skipped');
    }
    for (const dependency of releases) this.release(dependency);
  }

  protected isSkipped(index: number): boolean {
    return this.plan !== undefined && this.plan.skippedBy[index] !== 0;
  }
}

/** Never written. */
const none: number[] = [];

/** It runs only when all it needs has ended. */
export function isAll({ join }: GraphNode): boolean {
  return join === 'all' || join === 'none_failed';
}

/** What a node adopts another for, where it is not a fallback. */
export const byLight = -1;
export const byLevel = -2;
