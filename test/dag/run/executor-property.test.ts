// The executor against the reference evaluator: random graphs with random policies, delays and failures on a virtual
// clock come to the same result, the same ends, marks, attempts and times. The two share no code but types.

import test from 'ava';
import fc from 'fast-check';
import { Graph } from '../../../dag/graph/compile-graph.ts';
import { traceOf } from '../../../dag/run/trace-of.ts';
import { EventQueue } from '../../../dag/simulate/event-queue.ts';
import { type Behaviour, VirtualRun } from '../../../dag/simulate/virtual-run.ts';
import { arbitraryWorld } from './reference/arbitrary-world.ts';
import { describeOutcome, describeWorld } from './reference/describe.ts';
import { evaluateReference } from './reference/reference.ts';
import type { ReferenceOutcome, World } from './reference/world.ts';

test('a run is what the reference evaluator says it is', (t) => {
  const property = fc.property(arbitraryWorld, (world) => differenceIn(world) === undefined);
  const { failed, seed, counterexample } = fc.check(property, { numRuns: 700 });
  if (!failed) return t.pass();
  const [world] = counterexample!;
  const expected = describeOutcome(evaluateReference(world));
  t.fail(`seed ${seed}: ${differenceIn(world)}\n\n${describeWorld(world)}\n\nmust come to:\n${expected}`);
});

/** The first run of a graph works out how runs at its level begin; the next ones begin with that. */
function differenceIn(world: World): string | undefined {
  const expected = comparable(evaluateReference(world));
  const first = new Graph(definitionOf(world));
  const next = new Graph(definitionOf(world));
  const difference = differenceOf(evaluate(world, first), expected);
  if (difference !== undefined) return difference;
  next.setStartAt(world.level, first.startAt(world.level)!);
  return differenceOf(evaluate(world, next), expected, 'outcome of the next run');
}

/** The first part that is not equal; times may differ by what rounding makes of sums. */
function differenceOf(found: unknown, expected: unknown, path = 'outcome'): string | undefined {
  if (typeof found === 'number' && typeof expected === 'number' && Math.abs(found - expected) < 1e-6) return undefined;
  if (typeof found !== 'object' || typeof expected !== 'object' || found === null || expected === null) {
    return Object.is(found, expected) ? undefined : `${path} is ${String(found)}, must be ${String(expected)}`;
  }
  const keys = new Set([...Object.keys(found), ...Object.keys(expected)]);
  for (const key of keys) {
    const parts = [found, expected].map((side) => (side as Record<string, unknown>)[key]);
    const difference = differenceOf(parts[0], parts[1], `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function failedOf(nodes: ReferenceOutcome['nodes']): string[] {
  const failed = Object.entries(nodes).filter(([, { end }]) => end === 'failed');
  return failed.map(([name]) => `${name}: failed`);
}

/** What both sides must agree on. */
function comparable({ result, failure, endMs, nodes, values, path, marks }: ReferenceOutcome) {
  return {
    result: failure === undefined ? result : undefined,
    failure,
    endMs,
    path,
    // Told by the ends alone, so the reference leaves it out.
    marks: failure === undefined ? marks.concat(failedOf(nodes)) : marks,
    values,
    nodes: Object.fromEntries(
      Object.entries(nodes)
        .filter(([, node]) => node.end !== undefined)
        .map(([name, { end, code, startMs, endMs: nodeEndMs, attempts }]) => [
          name,
          { end, code, startMs, endMs: nodeEndMs, attempts: attempts.map(({ input: _input, ...attempt }) => attempt) },
        ]),
    ),
  };
}

function definitionOf(world: World) {
  return {
    ...world.definition,
    nodes: world.definition.nodes.map((node) =>
      node.breaker !== undefined && world.openBreakers.includes(node.name)
        ? { ...node, breaker: { ...node.breaker, minCalls: 1 } }
        : node,
    ),
  };
}

function evaluate(world: World, graph: Graph): ReturnType<typeof comparable> {
  const { startMs } = world;
  const run = new VirtualRun(graph, world.request, {
    behaviour: behaviourOf(world),
    level: world.level,
    deadlineMs: world.deadlineMs,
    events: new EventQueue(startMs),
  });
  for (const node of graph.nodes) {
    node.idempotent = world.idempotent[node.name] ?? false;
    if (world.openBreakers.includes(node.name)) node.breaker!.ended(node.breaker!.admit(startMs), false, startMs);
    const stale = world.staleValues[node.name];
    if (node.cache === undefined || stale === undefined) continue;
    const storedMs = startMs - node.definition.cache!.ttlMs;
    node.cache.store(run.core.keyOf(node), stale, storedMs);
  }
  const core = run.run();
  const trace = traceOf(core, run.nowMs(), { version: 0, startedAt: 0, values: true });
  const { outcome } = core;
  const at = core.decidedBy < 0 ? undefined : graph.nodes[core.decidedBy]!.name;
  const isOutputs = outcome.how === 'failed' && outcome.error.message.startsWith('the output of');
  const absolute = (ms: number | undefined) => (ms === undefined ? undefined : ms + startMs);
  return {
    result: outcome.how === 'done' ? (trace.result ?? null) : undefined,
    failure: outcome.how === 'failed' ? { code: outcome.error.code, node: isOutputs ? undefined : at } : undefined,
    endMs: run.nowMs(),
    path: trace.path,
    marks: trace.degraded,
    values: Object.fromEntries(
      trace.nodes.filter(({ end }) => end === 'done').map(({ name, value }) => [name, value!]),
    ),
    nodes: Object.fromEntries(
      trace.nodes.map(({ name, end, failure, startMs: began, endMs, attempts }) => [
        name,
        {
          end,
          code: failure?.code,
          startMs: absolute(began),
          endMs: absolute(endMs),
          attempts: attempts.map(({ failure: how, ...attempt }) => ({
            startMs: attempt.startMs + startMs,
            // The reference calls an attempt cancelled which the deadline has ended.
            endMs: how?.code === 'DEADLINE_EXCEEDED' ? undefined : absolute(attempt.endMs),
            item: attempt.item,
            hedge: attempt.hedge,
            code: how?.code === 'DEADLINE_EXCEEDED' ? undefined : how?.code,
          })),
        },
      ]),
    ),
  };
}

function behaviourOf({ behaviours }: World): Behaviour {
  return ({ name }, _input, attempt, item) => {
    const rows = behaviours[name]!;
    const row = rows[Math.min(Math.max(item, 0), rows.length - 1)]!;
    const { delayMs, value, code } = row[Math.min(attempt, row.length - 1)]!;
    return code === undefined ? { delayMs, value: value ?? null } : { delayMs, error: { code, message: 'as told' } };
  };
}
