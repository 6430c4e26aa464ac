// Replays of random graphs: what a run did on a virtual clock, its trace replayed on the same strategy does again.

import test from 'ava';
import fc from 'fast-check';
import type { NodeDefinition } from '../../../dag/definition.ts';
import { Graph } from '../../../dag/graph/compile-graph.ts';
import type { RunTrace } from '../../../dag/run/trace.ts';
import { traceOf } from '../../../dag/run/trace-of.ts';
import { formatReplay } from '../../../dag/simulate/format-replay.ts';
import { type Replay, replay } from '../../../dag/simulate/replay.ts';
import { VirtualRun } from '../../../dag/simulate/virtual-run.ts';
import { arbitraryWorld } from '../run/reference/arbitrary-world.ts';
import { describeWorld } from '../run/reference/describe.ts';
import type { World } from '../run/reference/world.ts';

test('a replay of an unchanged strategy comes to the same result, path, marks and times', (t) => {
  const property = fc.property(arbitraryWorld, (world) => isSame(replayed(world)));
  const { failed, seed, counterexample } = fc.check(property, { numRuns: 400 });
  if (!failed) return t.pass();
  const [world] = counterexample!;
  t.fail(
    `seed ${seed}:\n${formatReplay(replayed(world)!)}\n\n${describeWorld(world)}\n${JSON.stringify(recorded(world)!.trace.nodes, null, 1)}`,
  );
});

function isSame(found: Replay | undefined): boolean {
  return found === undefined || Object.values(found.same).every((part) => part);
}

function replayed(world: World): Replay | undefined {
  const { definition, deadlineMs, startMs, idempotent } = world;
  const record = recorded(world);
  if (record === undefined) return undefined;
  const all = Object.fromEntries(definition.nodes.map(({ name }) => [name, idempotent[name] ?? false]));
  return replay(record.trace, [definition], {
    deadlineMs: deadlineMs - startMs,
    idempotent: all,
    toleranceMs: 1e-5,
  });
}

function recorded(world: World): { trace: RunTrace } | undefined {
  const { definition, request, level, deadlineMs, startMs, idempotent, behaviours, staleValues, openBreakers } = world;
  const isOpen = ({ name, breaker }: NodeDefinition) => breaker !== undefined && openBreakers.includes(name);
  const nodes = definition.nodes.map((node) =>
    isOpen(node) ? { ...node, breaker: { ...node.breaker!, minCalls: 1 } } : node,
  );
  const graph = new Graph({ ...definition, nodes });
  const run = new VirtualRun(graph, request, {
    behaviour: ({ name }, _input, attempt, item) => {
      const rows = behaviours[name]!;
      const row = rows[Math.min(Math.max(item, 0), rows.length - 1)]!;
      const { delayMs, value, code } = row[Math.min(attempt, row.length - 1)]!;
      return code === undefined ? { delayMs, value: value ?? null } : { delayMs, error: { code, message: 'as told' } };
    },
    level,
    deadlineMs: deadlineMs - startMs,
  });
  for (const node of graph.nodes) {
    node.idempotent = idempotent[node.name] ?? false;
    if (openBreakers.includes(node.name)) node.breaker!.ended(node.breaker!.admit(0), false, 0);
    const stale = staleValues[node.name];
    if (node.cache === undefined || stale === undefined) continue;
    node.cache.store(run.core.keyOf(node), stale, -node.definition.cache!.ttlMs);
  }
  const core = run.run();
  return { trace: traceOf(core, run.nowMs(), { version: 1, startedAt: 0, values: true }) };
}
