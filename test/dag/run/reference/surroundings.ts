// NodeSurroundings: what the work of one node sees of the run around it, for evaluateReference: inputs, what its attempts
// do, its budgets.

import type { Data, NodeDefinition, Template } from '../../../../dag/definition.ts';
import { evaluateTemplate, type Names } from './expression.ts';
import type { Surroundings } from './reference-work.ts';
import { type Change, withEntries } from './rules.ts';
import type { Behaviour, ReferenceAttempt, World } from './world.ts';

/** A budget begins with so many and holds no more. */
const tokensMax = 10;

/** The part of the run that goes on around it. */
export interface Around {
  readonly nowMs: () => number;
  readonly names: () => Names;
  /** By `retries node` and `hedges node`, of the whole run. */
  readonly tokens: Map<string, number>;
  readonly log: ReferenceAttempt[];
}

export class NodeSurroundings implements Surroundings {
  readonly log: ReferenceAttempt[];
  readonly #world: World;
  readonly #node: NodeDefinition;
  readonly #input: Template;
  readonly #list: readonly Data[];
  readonly #around: Around;

  /** `list`: the items of a foreach. */
  constructor(world: World, node: NodeDefinition, change: Change, list: readonly Data[], around: Around) {
    const own = node.input ?? { kind: 'map', entries: [] };
    this.log = around.log;
    this.#world = world;
    this.#node = node;
    this.#input = change.kind === 'input' ? withEntries(own, change.entries) : own;
    this.#list = list;
    this.#around = around;
  }

  get idempotent(): boolean {
    return this.#world.idempotent[this.#node.name] ?? false;
  }

  nowMs(): number {
    return this.#around.nowMs();
  }

  inputOf(item: number | undefined): Data {
    const names = new Map(this.#around.names());
    const { foreach } = this.#node;
    if (item !== undefined && foreach !== undefined) names.set(foreach.as, this.#list[item]!);
    return evaluateTemplate(this.#input, names);
  }

  nextBehaviour(item: number | undefined): Behaviour {
    const rows = this.#world.behaviours[this.#node.name] ?? [];
    const row = rows[item ?? 0] ?? rows.at(-1) ?? [];
    const before = this.log.filter((attempt) => attempt.item === item).length;
    return row[before] ?? row.at(-1) ?? { delayMs: 0 };
  }

  firstAttempt(): void {
    for (const budget of ['retries', 'hedges'] as const) {
      const more = this.#tokens(budget) + this.#world.definition.budget[budget];
      this.#around.tokens.set(`${budget} ${this.#node.name}`, Math.min(tokensMax, more));
    }
  }

  takeToken(budget: 'retries' | 'hedges'): boolean {
    const tokens = this.#tokens(budget);
    if (tokens < 1) return false;
    this.#around.tokens.set(`${budget} ${this.#node.name}`, tokens - 1);
    return true;
  }

  #tokens(budget: 'retries' | 'hedges'): number {
    return this.#around.tokens.get(`${budget} ${this.#node.name}`) ?? tokensMax;
  }
}
