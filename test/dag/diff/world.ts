// Strategies for the tests of dag/diff/.

import type {
  LayerData,
  NodeDefinition,
  StrategyDefinition,
  Template,
  TestDefinition,
} from '../../../dag/definition.ts';
import { plainNode } from '../plain-node.ts';

export const expression = (text: string): Template => ({ kind: 'expression', text });

export function template(entries: Readonly<Record<string, string>>): Template & { kind: 'map' } {
  return { kind: 'map', entries: Object.entries(entries).map(([key, text]) => [key, expression(text)] as const) };
}

/** Nothing but a name and what it runs. */
export function node(name: string, change: Partial<NodeDefinition> = {}): NodeDefinition {
  return plainNode(name, { kind: 'run', moduleUrl: `file:///app/${name}.ts`, exportName: 'run' }, change);
}

export function strategy(change: Partial<StrategyDefinition> = {}): StrategyDefinition {
  return {
    name: 'feed',
    origin: 'feed.yaml',
    description: undefined,
    request: { kind: 'any' },
    budget: { totalMs: 80, reserveMs: 5, retries: 0.2, hedges: 0.05 },
    nodes: [node('rank')],
    output: template({ items: 'rank.items' }),
    outputNeeds: ['rank'],
    layers: [],
    degrade: { levels: [], signals: [], limits: [] },
    report: [],
    tests: [],
    ...change,
  };
}

export function testOf(name: string, change: Partial<TestDefinition> = {}): TestDefinition {
  const expect = {
    result: undefined,
    error: undefined,
    message: undefined,
    path: undefined,
    skipped: undefined,
    failed: undefined,
    degraded: undefined,
    withinMs: undefined,
  };
  return { name, where: 'feed.yaml:40', request: {}, mocks: [], params: undefined, level: 0, expect, ...change };
}

/** An experiment of two halves on so many of the first slots. */
export function layer(slots: number, change: Partial<LayerData['experiments'][number]> = {}): LayerData {
  return {
    name: 'ranking',
    salt: undefined,
    unit: 'request.user',
    parameters: [{ name: 'model', default: 'old', choices: undefined }],
    experiments: [
      {
        name: 'new-model',
        state: 'running',
        slots: [[0, slots]],
        variants: [
          { name: 'control', weight: 50, parameters: {} },
          { name: 'treatment', weight: 50, parameters: { model: 'new' } },
        ],
        when: undefined,
        sampled: undefined,
        allow: {},
        deny: [],
        ...change,
      },
    ],
  };
}
