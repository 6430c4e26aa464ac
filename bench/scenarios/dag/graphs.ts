// The graphs of the scenario `dag`: layers of five nodes, each of which reads two nodes of the layer before, so that every
// node counts for the output. Nodes do next to nothing: what is measured is what is around them. A module of strategies
// like any other; threads import it.

import { type Strategy, strategy } from '../../../index.ts';

export const layerNodes = 5;

/**
 * `async`: functions that return a promise; `sync`: functions that return a value; `value`: expressions in the graph.
 * `unlimited`: as async, in a graph without a time budget, whose nodes need no timers.
 */
export type GraphKind = 'async' | 'sync' | 'value' | 'unlimited';

export interface Input {
  readonly a: number;
  readonly b: number;
}

export interface Output {
  readonly v: number;
}

export const addLater = async ({ a, b }: Input): Promise<Output> => ({ v: a + b });
export const add = ({ a, b }: Input): Output => ({ v: a + b });

/** The two of the layer before that node `index` reads; undefined in the first layer. */
export function readsOf(index: number): readonly [number, number] | undefined {
  const layerStart = index - (index % layerNodes);
  if (layerStart === 0) return undefined;
  const before = layerStart - layerNodes;
  return [before + (index % layerNodes), before + ((index + 1) % layerNodes)];
}

export type Sums = Record<string, number>;

function graph(kind: GraphKind, count: number): Strategy<{ x: number }, Sums> {
  const nodes = Array.from({ length: count }, (_, index) => {
    const reads = readsOf(index);
    const [a, b] = reads === undefined ? ['request.x', 1] : reads.map((read) => `n${read}.v`);
    if (kind === 'value') return [`n${index}`, { value: { v: `${a} + ${b}` } }] as const;
    const run = kind === 'sync' ? add : addLater;
    return [`n${index}`, { run, input: { a: a!, b: b! } }] as const;
  });
  const outputs = nodes.slice(-layerNodes).map(([name]) => [name, `${name}.v`] as const);
  return strategy(nameOf(kind, count), {
    request: { x: 'number' },
    budget: { total: kind === 'unlimited' ? 'none' : '10s' },
    nodes: Object.fromEntries(nodes),
    output: Object.fromEntries(outputs),
  });
}

export function nameOf(kind: GraphKind, count: number): string {
  return `dag.${kind}${count}`;
}

export const async10 = graph('async', 10);
export const async30 = graph('async', 30);
export const async50 = graph('async', 50);
export const sync10 = graph('sync', 10);
export const sync30 = graph('sync', 30);
export const sync50 = graph('sync', 50);
export const value10 = graph('value', 10);
export const value30 = graph('value', 30);
export const value50 = graph('value', 50);
export const unlimited10 = graph('unlimited', 10);
export const unlimited30 = graph('unlimited', 30);
export const unlimited50 = graph('unlimited', 50);
