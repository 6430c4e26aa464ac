// The same as the graphs, as somebody would write it by hand: a layer at a time, the functions of a layer at once. Where
// nothing is asynchronous, with no promise at all.

import { add, addLater, type GraphKind, layerNodes, type Output, type Sums } from './graphs.ts';

export function handWritten(kind: GraphKind, count: number): (request: { x: number }) => Promise<Sums> {
  if (kind === 'value') return async (request) => inLine(request, count);
  const run: (input: { a: number; b: number }) => Output | Promise<Output> = kind === 'sync' ? add : addLater;
  return async ({ x }) => {
    const first: (Output | Promise<Output>)[] = [];
    for (let at = 0; at < layerNodes; at++) first.push(run({ a: x, b: 1 }));
    let layer = await Promise.all(first);
    for (let start = layerNodes; start < count; start += layerNodes) {
      const next: (Output | Promise<Output>)[] = [];
      for (let at = 0; at < layerNodes; at++) {
        next.push(run({ a: layer[at]!.v, b: layer[(at + 1) % layerNodes]!.v }));
      }
      layer = await Promise.all(next);
    }
    return sumsOf(layer, count);
  };
}

function inLine({ x }: { x: number }, count: number): Sums {
  let layer: Output[] = [];
  for (let at = 0; at < layerNodes; at++) layer.push({ v: x + 1 });
  for (let start = layerNodes; start < count; start += layerNodes) {
    const next: Output[] = [];
    for (let at = 0; at < layerNodes; at++) next.push({ v: layer[at]!.v + layer[(at + 1) % layerNodes]!.v });
    layer = next;
  }
  return sumsOf(layer, count);
}

function sumsOf(layer: readonly Output[], count: number): Sums {
  const sums: Sums = {};
  for (let at = 0; at < layerNodes; at++) sums[`n${count - layerNodes + at}`] = layer[at]!.v;
  return sums;
}
