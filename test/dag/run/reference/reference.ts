// evaluateReference: what a run must come to, by dag/semantics.md and nothing else: a simulation that is slow and plain.
// After every step it asks the whole graph again who is demanded and who can go on; nothing is counted or remembered
// that can be derived. The executor is held to it by a property test. It shares no code with dag/.

import type { Data, NodeDefinition } from '../../../../dag/definition.ts';
import type { ErrorCode } from '../../../../runtime/errors.ts';
import { evaluateTemplate, evaluateText, type Names, valueOrFailed } from './expression.ts';
import { ReferenceWork } from './reference-work.ts';
import { type Change, changeOf, decideJoin, type Ending, nodeNamed, tailsMs } from './rules.ts';
import { NodeSurroundings } from './surroundings.ts';
import type { ReferenceAttempt, ReferenceNode, ReferenceOutcome, World } from './world.ts';

/** Steps of one run; beyond it the evaluator itself is wrong. */
const stepsMax = 100_000;

type State =
  /** Nobody demands it, or nobody does any more. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'working'; readonly work: ReferenceWork }
  | Adopting
  | { readonly kind: 'ended'; readonly ending: Ending };

interface Adopting {
  readonly kind: 'adopting';
  readonly adopted: string;
  /** `light y`: the mark if it gives its value. */
  readonly mark: string;
  /** Of its work, where the adopted one is a fallback. */
  readonly failure: ErrorCode | undefined;
  /** Index of the fallback that follows. */
  readonly next: number;
}

/** How the run that a world describes must go. Plain data; the same world gives the same. */
export function evaluateReference(world: World): ReferenceOutcome {
  return new Evaluation(world).run();
}

class Evaluation {
  readonly #world: World;
  readonly #untilMs: number;
  readonly #tails: ReadonlyMap<string, number>;
  #nowMs: number;
  readonly #states = new Map<string, State>();
  /** Endings that were handled, in that order. */
  readonly #heard = new Map<string, Ending>();
  /** Endings that were not handled yet. */
  readonly #unheard: string[] = [];
  readonly #demandedMs = new Map<string, number>();
  readonly #startMs = new Map<string, number>();
  readonly #endMs = new Map<string, number>();
  readonly #attempts = new Map<string, ReferenceAttempt[]>();
  readonly #tokens = new Map<string, number>();
  readonly #path: string[] = [];
  readonly #marks: string[] = [];

  constructor(world: World) {
    const { budget, nodes } = world.definition;
    this.#world = world;
    this.#nowMs = world.startMs;
    this.#untilMs = Math.min(world.deadlineMs, world.startMs + budget.totalMs) - budget.reserveMs;
    this.#tails = tailsMs(world.definition);
    for (const { name } of nodes) {
      this.#states.set(name, { kind: 'idle' });
      this.#attempts.set(name, []);
    }
  }

  run(): ReferenceOutcome {
    for (let steps = 0; steps < stepsMax; steps++) {
      const settled = this.#settled();
      this.#followDemand(settled !== undefined);
      if (settled !== undefined) return this.#outcome(settled);
      const first = this.#world.definition.nodes.find(({ name }) => this.#canGoOn(name));
      if (first !== undefined) this.#goOn(first);
      else if (this.#unheard.length > 0) this.#hear(this.#unheard.shift()!);
      else this.#moveClock();
    }
    throw new Error(`${this.#world.definition.name} does not end: the evaluator is wrong`);
  }

  // Demand.

  /** Whom a node demands, as things stand. */
  #demandsOf(name: string): readonly string[] {
    const state = this.#state(name);
    if (state.kind === 'ended' || state.kind === 'working') return [];
    if (state.kind === 'adopting') return [state.adopted];
    const change = this.#change(name);
    if (change.kind === 'skip') return [];
    if (change.kind === 'replace') return [change.by];
    const node = this.#node(name);
    return [...node.hard, ...node.soft];
  }

  #demanded(): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (name: string): void => {
      if (found.has(name)) return;
      found.add(name);
      for (const other of this.#demandsOf(name)) visit(other);
    };
    for (const name of this.#world.definition.outputNeeds) visit(name);
    return found;
  }

  /** Wakes whom somebody demands by now and cancels whom nobody does; after the run's end nobody is demanded. */
  #followDemand(settled: boolean): void {
    const demanded = settled ? new Set<string>() : this.#demanded();
    for (const [name, state] of this.#states) {
      if (demanded.has(name) && state.kind === 'idle') {
        this.#demandedMs.set(name, this.#nowMs);
        this.#startMs.delete(name);
        this.#endMs.delete(name);
        this.#states.set(name, this.#firstState(name));
      } else if (!demanded.has(name) && state.kind !== 'idle' && state.kind !== 'ended') {
        if (state.kind === 'working') state.work.cancel();
        this.#endMs.set(name, this.#nowMs);
        this.#states.set(name, { kind: 'idle' });
      }
    }
  }

  #firstState(name: string): State {
    const change = this.#change(name);
    if (change.kind !== 'replace') return { kind: 'waiting' };
    const mark = `level ${change.level} node ${change.by}`;
    return { kind: 'adopting', adopted: change.by, mark, failure: undefined, next: 0 };
  }

  // Steps.

  #canGoOn(name: string): boolean {
    const state = this.#state(name);
    if (state.kind === 'adopting') return this.#heard.has(state.adopted);
    if (state.kind !== 'waiting') return false;
    return this.#change(name).kind === 'skip' || decideJoin(this.#node(name), this.#heard) !== 'wait';
  }

  #goOn(node: NodeDefinition): void {
    const state = this.#state(node.name);
    if (state.kind === 'adopting') {
      this.#conclude(node, state);
      return;
    }
    const change = this.#change(node.name);
    if (change.kind === 'skip') {
      this.#end(node, { end: 'skipped' }, `level ${change.level} skipped`);
      return;
    }
    const decision = decideJoin(node, this.#heard);
    if (decision === 'run') this.#begin(node);
    else if (decision !== 'wait') this.#end(node, decision);
  }

  /** The adopted one has ended. */
  #conclude(node: NodeDefinition, { adopted, mark, failure, next }: Adopting): void {
    const ending = this.#heard.get(adopted)!;
    if (ending.end === 'done') this.#end(node, ending, mark);
    else this.#fail(node, failure ?? (ending.end === 'failed' ? ending.code : 'UNAVAILABLE'), next);
  }

  #adopt(node: NodeDefinition, adopted: string, mark: string, failure?: ErrorCode, next = 0): void {
    const adopting: Adopting = { kind: 'adopting', adopted, mark, failure, next };
    this.#states.set(node.name, adopting);
    if (this.#heard.has(adopted)) this.#conclude(node, adopting);
  }

  /** Steps 1 to 7; no cache holds a fresh value. */
  #begin(node: NodeDefinition): void {
    const { name, when, light, estimateMs, cache, work } = node;
    this.#startMs.set(name, this.#nowMs);
    const goesOn = when === undefined || valueOrFailed(() => evaluateText(when, this.#names()));
    if (goesOn === undefined) {
      this.#fail(node, 'INTERNAL');
      return;
    }
    if (goesOn !== true) {
      this.#end(node, { end: 'skipped' });
      return;
    }
    if (cache !== undefined && valueOrFailed(() => evaluateText(cache.key, this.#names())) === undefined) {
      this.#fail(node, 'INTERNAL');
      return;
    }
    const latestEndMs = this.#untilMs - this.#tails.get(name)!;
    if (light !== undefined && estimateMs !== undefined && latestEndMs - this.#nowMs < estimateMs) {
      this.#adopt(node, light, `light ${light}`);
      return;
    }
    if (this.#world.openBreakers.includes(name)) {
      this.#fail(node, 'UNAVAILABLE');
      return;
    }
    if (work.kind === 'value') {
      const value = valueOrFailed(() => evaluateTemplate(work.value, this.#names()));
      if (value === undefined) this.#fail(node, 'INTERNAL');
      else this.#end(node, { end: 'done', value });
      return;
    }
    const deadlineMs = Math.min(this.#nowMs + (node.timeoutMs ?? Infinity), latestEndMs);
    if (deadlineMs <= this.#nowMs) this.#fail(node, 'DEADLINE_EXCEEDED');
    else this.#work(node, deadlineMs);
  }

  /** Step 7. */
  #work(node: NodeDefinition, deadlineMs: number): void {
    const { name, foreach } = node;
    const change = this.#change(name);
    if (change.kind === 'input') this.#marks.push(`${name}: level ${change.level} input`);
    const list = foreach === undefined ? [null] : valueOrFailed(() => evaluateText(foreach.in, this.#names()));
    if (!Array.isArray(list)) {
      this.#fail(node, 'INTERNAL');
      return;
    }
    if (foreach !== undefined && list.length > foreach.maxItems) {
      this.#fail(node, 'RESOURCE_EXHAUSTED');
      return;
    }
    const around = { nowMs: () => this.#nowMs, names: () => this.#names(), tokens: this.#tokens };
    const log = this.#attempts.get(name)!;
    const surroundings = new NodeSurroundings(this.#world, node, change, list, { ...around, log });
    const work = new ReferenceWork(node, list.length, deadlineMs, surroundings);
    this.#states.set(name, { kind: 'working', work });
    this.#takeWorkEnd(node, work);
  }

  #takeWorkEnd(node: NodeDefinition, { end }: ReferenceWork): void {
    if (end === undefined) return;
    if (end.kind === 'bad') this.#fail(node, end.code);
    else {
      const mark = end.lost === 0 ? undefined : `${end.lost} of ${end.of} lost`;
      this.#end(node, { end: 'done', value: end.value }, mark);
    }
  }

  /** The work failed, or its fallbacks before `next` did. */
  #fail(node: NodeDefinition, code: ErrorCode, next = 0): void {
    const fallback = node.fallback[next];
    if (fallback === undefined) this.#end(node, { end: 'failed', code });
    else if (fallback.kind === 'node') {
      this.#adopt(node, fallback.node, `node ${fallback.node}`, code, next + 1);
    } else {
      const value =
        fallback.kind === 'value'
          ? valueOrFailed(() => evaluateTemplate(fallback.value, this.#names()))
          : this.#stale(node);
      if (value === undefined) this.#fail(node, code, next + 1);
      else this.#end(node, { end: 'done', value }, fallback.kind);
    }
  }

  #stale(node: NodeDefinition): Data | undefined {
    const { cache, name } = node;
    if (cache === undefined) return undefined;
    const key = valueOrFailed(() => evaluateText(cache.key, this.#names()));
    return key === undefined ? undefined : this.#world.staleValues[name];
  }

  #end(node: NodeDefinition, ending: Ending, mark?: string): void {
    this.#states.set(node.name, { kind: 'ended', ending });
    this.#endMs.set(node.name, this.#nowMs);
    this.#unheard.push(node.name);
    if (ending.end === 'done') this.#path.push(node.name);
    if (mark !== undefined) this.#marks.push(`${node.name}: ${mark}`);
  }

  #hear(name: string): void {
    const state = this.#state(name);
    if (state.kind === 'ended') this.#heard.set(name, state.ending);
  }

  /** Lets happen what is due next; of what is due at once, the first in the file. */
  #moveClock(): void {
    const dues = this.#world.definition.nodes.flatMap((node) => {
      const state = this.#state(node.name);
      const due = state.kind === 'working' ? state.work.nextDue() : undefined;
      return due === undefined ? [] : [{ node, due }];
    });
    const atMs = Math.min(...dues.map(({ due }) => due.atMs));
    const first = dues.find(({ due }) => due.atMs === atMs);
    if (first === undefined || atMs === Infinity) throw new Error(`${this.#world.definition.name} is stuck`);
    this.#nowMs = atMs;
    first.due.happen();
    const state = this.#state(first.node.name);
    if (state.kind === 'working') this.#takeWorkEnd(first.node, state.work);
  }

  // The end.

  /** The node that decided the end; null: all that the output needs is done. */
  #settled(): { node: string; code: ErrorCode } | null | undefined {
    const endings = this.#world.definition.outputNeeds.map((node) => ({ node, state: this.#state(node) }));
    for (const { node, state } of endings) {
      if (state.kind !== 'ended' || state.ending.end === 'done') continue;
      return { node, code: state.ending.end === 'failed' ? state.ending.code : 'FAILED_PRECONDITION' };
    }
    return endings.every(({ state }) => state.kind === 'ended') ? null : undefined;
  }

  #outcome(settled: { node: string; code: ErrorCode } | null): ReferenceOutcome {
    const nodes = this.#world.definition.nodes.map(({ name }) => [name, this.#nodeOutcome(name)] as const);
    const values = [...this.#names()].filter(([name]) => name !== 'request');
    const rest = {
      endMs: this.#nowMs,
      nodes: Object.fromEntries(nodes),
      values: Object.fromEntries(values),
      path: this.#path,
      marks: this.#marks,
    };
    if (settled !== null) return { failure: settled, ...rest };
    const result = valueOrFailed(() => evaluateTemplate(this.#world.definition.output, this.#names()));
    if (result === undefined) return { failure: { code: 'INTERNAL', node: undefined }, ...rest };
    return { result, ...rest };
  }

  #nodeOutcome(name: string): ReferenceNode {
    const state = this.#state(name);
    const cancelled = this.#demandedMs.has(name) ? 'cancelled' : undefined;
    return {
      end: state.kind === 'ended' ? state.ending.end : cancelled,
      code: state.kind === 'ended' && state.ending.end === 'failed' ? state.ending.code : undefined,
      demandedMs: this.#demandedMs.get(name),
      startMs: this.#startMs.get(name),
      endMs: this.#endMs.get(name),
      attempts: this.#attempts.get(name)!,
    };
  }

  // What nodes see.

  /** The request and the nodes that are done. */
  #names(): Names {
    const names = new Map<string, Data>([['request', this.#world.request]]);
    for (const [name, state] of this.#states) {
      if (state.kind === 'ended' && state.ending.end === 'done') names.set(name, state.ending.value);
    }
    return names;
  }

  #node(name: string): NodeDefinition {
    return nodeNamed(this.#world.definition, name);
  }

  #state(name: string): State {
    return this.#states.get(name) ?? { kind: 'idle' };
  }

  #change(name: string): Change {
    return changeOf(this.#world.definition, this.#world.level, name);
  }
}
