// Simulations and explanations of random graphs: laws that hold whatever a graph does.

import test from 'ava';
import fc from 'fast-check';
import type { StrategyDefinition } from '../../../dag/definition.ts';
import { explain } from '../../../dag/simulate/explain.ts';
import { formatExplanation } from '../../../dag/simulate/format-explanation.ts';
import { formatSimulation } from '../../../dag/simulate/format-simulation.ts';
import type { NodeModel } from '../../../dag/simulate/node-model.ts';
import { simulate } from '../../../dag/simulate/simulate.ts';
import type { SimulatedVariant } from '../../../dag/simulate/simulation.ts';
import { arbitraryWorld } from '../run/reference/arbitrary-world.ts';
import type { World } from '../run/reference/world.ts';

function holds(numRuns: number, law: (world: World) => void): void {
  fc.assert(
    fc.property(arbitraryWorld, (world) => law(world)),
    { numRuns },
  );
}

function modelOf({ nodes }: StrategyDefinition): Record<string, NodeModel> {
  const latency = { p50: 4, p95: 12, p99: 40 };
  const model = { latency, failedShare: 0.2, cachedShare: 0.3, staleShare: 0.5 };
  return Object.fromEntries(nodes.map(({ name }) => [name, model]));
}

function isShare(share: number): boolean {
  return share >= 0 && share <= 1 + 1e-9;
}

function isSound({
  latency,
  successShare,
  degradedShare,
  degraded,
  failures,
  nodes,
  histogram,
}: SimulatedVariant): boolean {
  const criticalMs = nodes.reduce((sum, node) => sum + node.criticalMs, 0);
  const failed = failures.reduce((sum, { share }) => sum + share, 0);
  return (
    [successShare, degradedShare, ...degraded.map(({ share }) => share)].every(isShare) &&
    nodes.every(({ ranShare, failedShare, criticalShare }) => [ranShare, failedShare, criticalShare].every(isShare)) &&
    Math.abs(histogram.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9 &&
    Math.abs(failed + successShare - 1) < 1e-9 &&
    latency.p50Ms <= latency.p99Ms &&
    latency.p99Ms <= latency.maxMs &&
    criticalMs <= latency.meanMs + 1e-6
  );
}

test('shares are shares, bars make a whole, and what nodes add is no more than there is', (t) => {
  holds(40, ({ definition, request, level, idempotent }) => {
    const scenarios = [
      { request, values: Object.fromEntries(definition.nodes.map(({ name }) => [name, { v: 1, items: [1, 2] }])) },
    ];
    const options = {
      runs: 60,
      warmUpRuns: 5,
      level,
      idempotent,
      scenarios,
      withoutEachPolicy: definition.nodes.length < 12,
    };
    const simulation = simulate(definition, modelOf(definition), options);
    for (const variant of [simulation.base, ...simulation.variants])
      if (!isSound(variant)) throw new Error(JSON.stringify(variant));
    formatSimulation(simulation);
  });
  t.pass();
});

test('every node of an explanation has its reason', (t) => {
  holds(200, ({ definition, request, level, idempotent }) => {
    const explanation = explain(definition, request, {
      level,
      idempotent,
      model: modelOf(definition),
      failing: definition.nodes.some(({ name }) => name === 'n1') ? ['n1'] : [],
    });
    for (const { name, why } of explanation.nodes) if (why === '') throw new Error(name);
    formatExplanation(explanation);
  });
  t.pass();
});
