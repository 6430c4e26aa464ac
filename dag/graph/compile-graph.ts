// compileGraph: a definition becomes a Graph: once per version and thread, never per request. The definition was checked
// before (dag/check), so what is wrong here is a mistake of Heddle's.

import { HeddleError } from '../../runtime/errors.ts';
import type { ExperimentData, LayerData, NodeDefinition, StrategyDefinition, Template } from '../definition.ts';
import { compileExperiments } from '../experiment/compile.ts';
import type { ExperimentDefinition, LayerDefinition } from '../experiment/definition.ts';
import type { Experiments } from '../experiment/experiments.ts';
import type { Evaluate } from '../expression/compile.ts';
import { parseExpression } from '../expression/parse-expression.ts';
import { references } from '../expression/references.ts';
import { GraphNode } from './graph-node.ts';
import { type LevelPlan, planLevels } from './level-plan.ts';
import type { RunState } from './run-state.ts';
import { Scope } from './scope.ts';
import { updateTails } from './tails.ts';
import { compileTemplate } from './template.ts';

type Values = readonly unknown[];

/** Runs of a graph after which the tails are worked out again. */
const tailsEvery = 256;
/** Or this time, whichever comes first, ms. */
const tailsEveryMs = 1000;

/** What demanding the output comes to, the same for all runs at a level. */
export interface RunStart {
  readonly state: RunState;
  /** Nodes that can go on at once. */
  readonly touched: readonly number[];
}

export class Graph {
  readonly definition: StrategyDefinition;
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly output: Evaluate;
  readonly outputNeeds: readonly number[];
  /** By node: the output needs it. */
  readonly isOutput: readonly boolean[];
  readonly experiments: Experiments<Values> | undefined;
  readonly levels: readonly (LevelPlan | undefined)[];
  /** By node: those that it may stand in for, rising. */
  readonly adopters: readonly (readonly number[])[];
  /** Runs begin with a copy of it. */
  readonly blankValues: readonly unknown[];
  /** By level, as the first run at it has worked them out. */
  readonly #starts: (RunStart | undefined)[] = [];
  readonly #order: readonly number[];
  #runs = 0;
  #learntMs = 0;

  constructor(definition: StrategyDefinition) {
    const { nodes } = definition;
    this.definition = definition;
    this.name = definition.name;
    this.experiments = experimentsOf(definition);
    const scope = new Scope(nodes, this.experiments?.parameters ?? []);
    const indexes = new Map(nodes.map(({ name }, index) => [name, index]));
    this.nodes = nodes.map((node, index) => compileNode(definition, node, index, indexes, scope, this.experiments));
    linkConsumers(this.nodes);
    this.output = compileTemplate(definition.output, (text) => scope.expression(text));
    this.outputNeeds = definition.outputNeeds.map((name) => indexes.get(name)!);
    this.isOutput = nodes.map((_, index) => this.outputNeeds.includes(index));
    this.levels = planLevels(definition.degrade, nodes, (node, input) => templateOf(input, scope, node));
    this.adopters = adoptersOf(nodes, indexes, definition);
    this.blankValues = Array.from({ length: scope.slotCount }, () => undefined);
    this.#order = orderOf(this.nodes, this.adopters);
    updateTails(this.nodes, this.#order, this.adopters, 0);
  }

  /** A run has ended: now and then what was measured, or is too old to be believed, moves the nodes' deadlines. */
  learn(nowMs: number): void {
    if (++this.#runs < tailsEvery && nowMs - this.#learntMs < tailsEveryMs) return;
    this.#runs = 0;
    this.#learntMs = nowMs;
    updateTails(this.nodes, this.#order, this.adopters, nowMs);
  }

  /** How runs at a level begin; undefined: none has begun yet. */
  startAt(level: number): RunStart | undefined {
    return this.#starts[Math.min(level, this.levels.length - 1)];
  }

  /** What a run at a level has come to by demanding what the output needs: the next ones begin with it. */
  setStartAt(level: number, start: RunStart): void {
    this.#starts[Math.min(level, this.levels.length - 1)] = start;
  }

  /** The index of a node; -1: there is none. */
  indexOf(name: string): number {
    return this.nodes.findIndex((node) => node.name === name);
  }
}

function compileNode(
  strategy: StrategyDefinition,
  node: NodeDefinition,
  index: number,
  indexes: ReadonlyMap<string, number>,
  scope: Scope,
  experiments: Experiments<Values> | undefined,
): GraphNode {
  const expression = (text: string | undefined) => (text === undefined ? undefined : scope.expression(text, index));
  const of = (names: readonly string[]) => names.map((name) => indexes.get(name)!);
  const input: Template = node.work.kind === 'value' ? node.work.value : (node.input ?? { kind: 'map', entries: [] });
  return new GraphNode(node, {
    index,
    fullName: `${strategy.name}/${node.name}`,
    hard: of(node.hard),
    soft: of(node.soft),
    when: expression(node.when),
    input: templateOf(input, scope, index),
    items: expression(node.foreach?.in),
    itemSlot: scope.itemSlots.get(index) ?? -1,
    cacheKey: expression(node.cache?.key),
    ...keyPartsOf(strategy, node, input, experiments),
    fallback: node.fallback.map((fallback) => {
      if (fallback.kind === 'node') return { kind: 'node', node: indexes.get(fallback.node)! };
      return fallback.kind === 'value'
        ? { kind: 'value', evaluate: templateOf(fallback.value, scope, index) }
        : fallback;
    }),
    light: node.light === undefined ? -1 : indexes.get(node.light)!,
    retries: strategy.budget.retries,
    hedges: strategy.budget.hedges,
  });
}

/** What a cached value depends on besides the key that its author wrote. */
function keyPartsOf(
  { degrade }: StrategyDefinition,
  { name, foreach }: NodeDefinition,
  input: Template,
  experiments: Experiments<Values> | undefined,
): { keyParameters: number[]; isKeyedByLevel: boolean } {
  const changed = degrade.levels.flatMap((level) => level.input.filter(([node]) => node === name));
  const texts = [input, ...changed.map(([, entries]) => entries)].flatMap(textsOf);
  if (foreach !== undefined) texts.push(foreach.in);
  const parameters = texts.flatMap(parametersIn).map((parameter) => experiments?.parameterIndex(parameter) ?? -1);
  return { keyParameters: [...new Set(parameters)].filter((index) => index >= 0), isKeyedByLevel: changed.length > 0 };
}

function textsOf(template: Template): string[] {
  if (template.kind === 'expression') return [template.text];
  if (template.kind === 'list') return template.items.flatMap(textsOf);
  return template.kind === 'map' ? template.entries.flatMap(([, value]) => textsOf(value)) : [];
}

function parametersIn(text: string): string[] {
  const { expression } = parseExpression(text);
  const paths = expression === undefined ? [] : references(expression);
  return paths.filter(([root]) => root === 'params').map(([, name = '']) => name);
}

function templateOf(template: Template, scope: Scope, node: number): Evaluate {
  return compileTemplate(template, (text) => scope.expression(text, node));
}

function linkConsumers(nodes: readonly GraphNode[]): void {
  const consumers = nodes.map((): number[] => []);
  const hard = nodes.map((): boolean[] => []);
  for (const node of nodes) {
    for (const dependency of node.dependencies) {
      consumers[dependency]!.push(node.index);
      hard[dependency]!.push(node.hard.includes(dependency));
    }
  }
  for (const node of nodes) {
    node.consumers = consumers[node.index]!;
    node.consumesHard = hard[node.index]!;
  }
}

/** By node: those that it may stand in for. */
function adoptersOf(
  nodes: readonly NodeDefinition[],
  indexes: ReadonlyMap<string, number>,
  { degrade }: StrategyDefinition,
): number[][] {
  const adopters = nodes.map((): number[] => []);
  const add = (adopter: number, by: string) => adopters[indexes.get(by)!]!.push(adopter);
  for (const [index, { light, fallback }] of nodes.entries()) {
    if (light !== undefined) add(index, light);
    for (const part of fallback) if (part.kind === 'node') add(index, part.node);
  }
  for (const { replace } of degrade.levels) for (const [name, by] of replace) add(indexes.get(name)!, by);
  return adopters.map((list) => [...new Set(list)].sort((left, right) => left - right));
}

/** Each node after all that consume or may adopt it. */
function orderOf(nodes: readonly GraphNode[], adopters: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const state = nodes.map(() => 'new' as 'new' | 'open' | 'done');
  const visit = (index: number): void => {
    if (state[index] === 'done') return;
    if (state[index] === 'open') throw new HeddleError('INTERNAL', `node ${nodes[index]!.fullName} is on a cycle`);
    state[index] = 'open';
    for (const next of nodes[index]!.consumers) visit(next);
    for (const next of adopters[index]!) visit(next);
    state[index] = 'done';
    order.push(index);
  };
  for (const { index } of nodes) visit(index);
  return order;
}

function experimentsOf({ name, layers, nodes }: StrategyDefinition): Experiments<Values> | undefined {
  if (layers.length === 0) return undefined;
  // Units and conditions see the request alone: nodes have not run when a layer is decided.
  const scope = new Scope(nodes, []);
  const compiled = compileExperiments({ layers: layers.map((layer) => layerOf(layer, scope)) });
  if (compiled.experiments !== undefined) return compiled.experiments;
  throw new HeddleError('INVALID_ARGUMENT', `layers of ${name}: ${compiled.problems[0]?.message}`);
}

function layerOf({ salt, unit, ...layer }: LayerData, scope: Scope): LayerDefinition<Values> {
  return {
    ...layer,
    ...(salt === undefined ? {} : { salt }),
    unit: { text: unit, evaluate: orNothing(scope.expression(unit)) },
    parameters: layer.parameters.map(({ choices, ...parameter }) => ({
      ...parameter,
      ...(choices === undefined ? {} : { choices }),
    })),
    experiments: layer.experiments.map((experiment) => experimentOf(experiment, scope)),
  };
}

/** A request that names no unit, as of a visitor who has not signed in, is no failure: it is in no experiment. */
function orNothing(evaluate: Evaluate): Evaluate {
  return (values) => {
    try {
      return evaluate(values);
    } catch (reason) {
      if (reason instanceof HeddleError && reason.code === 'INVALID_ARGUMENT') return undefined;
      throw reason;
    }
  };
}

function experimentOf({ when, sampled, ...experiment }: ExperimentData, scope: Scope): ExperimentDefinition<Values> {
  return {
    ...experiment,
    ...(when === undefined ? {} : { condition: { text: when, evaluate: scope.expression(when) } }),
    ...(sampled === undefined ? {} : { sampled }),
  };
}
