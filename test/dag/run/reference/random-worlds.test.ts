// The random worlds that the executor is held to: that everything of dag/semantics.md happens in them often enough, and
// laws that hold whatever happens.

import test from 'ava';
import fc from 'fast-check';
import { arbitraryWorld } from './arbitrary-world.ts';
import { censusOf } from './census.ts';
import { describeOutcome, describeWorld } from './describe.ts';
import { evaluateReference } from './reference.ts';
import type { ReferenceOutcome, World } from './world.ts';

const joins = ['all', 'any', 'none_failed', 'quorum'];
const expected = [
  ...['done', 'DEADLINE_EXCEEDED', 'FAILED_PRECONDITION', 'INTERNAL', 'INVALID_ARGUMENT', 'UNAVAILABLE', 'ABORTED'].map(
    (how) => `run ${how}`,
  ),
  ...['done', 'skipped', 'cancelled', 'never demanded'].map((end) => `end ${end}`),
  ...['DEADLINE_EXCEEDED', 'INTERNAL', 'INVALID_ARGUMENT', 'UNAVAILABLE', 'ABORTED', 'RESOURCE_EXHAUSTED'].map(
    (code) => `end failed ${code}`,
  ),
  ...['level n skipped', 'level n node y', 'level n input', 'light y', 'stale', 'value', 'node y', 'n of n lost'].map(
    (how) => `mark ${how}`,
  ),
  ...joins.flatMap((join) => ['ran', 'failed', 'skipped'].map((how) => `join ${join} ${how}`)),
  ...['when not true', 'all fallbacks failed', 'failed without an attempt', 'quorum lost', 'light variant failed'],
  ...['soft one failed', 'cancelled before the end of the run', 'began, was cancelled, was demanded again'],
  ...['attempt', 'attempt cancelled', 'attempt for an item', 'hedge won', 'hedge lost', 'retry at once'],
  ...['retry after a pause', 'retry after a hedge'],
  // A node with none_failed is never skipped by its join.
].filter((event) => event !== 'join none_failed skipped');

test('in 500 worlds everything happens several times', (t) => {
  const counts = new Map<string, number>();
  for (const world of fc.sample(arbitraryWorld, { seed: 6, numRuns: 500 })) {
    for (const event of censusOf(world, evaluateReference(world))) counts.set(event, (counts.get(event) ?? 0) + 1);
  }
  for (const [event, count] of [...counts].toSorted()) t.log(`${count} ${event}`);
  t.deepEqual(
    expected.filter((event) => (counts.get(event) ?? 0) < 5),
    [],
  );
});

function holds(law: (world: World, outcome: ReferenceOutcome) => boolean): void {
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      const outcome = evaluateReference(world);
      if (!law(world, outcome)) throw new Error(`${describeWorld(world)}\n\n${describeOutcome(outcome)}`);
    }),
    { numRuns: 150 },
  );
}

test('a run ends by its deadline less the reserve', (t) => {
  holds(({ definition: { budget }, startMs, deadlineMs }, { endMs }) => {
    return endMs <= Math.max(startMs, Math.min(deadlineMs, startMs + budget.totalMs) - budget.reserveMs);
  });
  t.pass();
});

test('nothing runs before it was demanded or after its end', (t) => {
  holds((_, { nodes }) =>
    Object.values(nodes).every(({ demandedMs, startMs, endMs = Infinity, attempts }) => {
      if (demandedMs === undefined) return attempts.length === 0 && startMs === undefined;
      const inTime = attempts.every((attempt) => attempt.startMs <= endMs && (attempt.endMs ?? 0) <= endMs);
      return inTime && (startMs ?? demandedMs) >= demandedMs && endMs >= (startMs ?? demandedMs);
    }),
  );
  t.pass();
});

test('a result comes where all that the output needs is done, and the path tells the done ones', (t) => {
  holds(({ definition }, { result, failure, nodes, path, values }) => {
    const done = Object.keys(nodes).filter((name) => nodes[name]?.end === 'done');
    const all = definition.outputNeeds.every((name) => done.includes(name));
    const told = path.toSorted().join() === done.toSorted().join() && Object.keys(values).length === done.length;
    return told && (result === undefined) !== (failure === undefined) && (result === undefined || all);
  });
  t.pass();
});

test('the same world comes to the same', (t) => {
  holds((world, outcome) => describeOutcome(evaluateReference(structuredClone(world))) === describeOutcome(outcome));
  t.pass();
});

test('edges point to no node in a circle, stand-ins counted', (t) => {
  holds(({ definition: { nodes, degrade } }) => {
    const left = new Map(
      nodes.map(({ name, hard, soft, light, fallback }) => {
        const fallbacks = fallback.flatMap((entry) => (entry.kind === 'node' ? [entry.node] : []));
        const byLevel = degrade.levels.flatMap(({ replace }) => replace.filter(([node]) => node === name));
        return [name, [...hard, ...soft, ...fallbacks, ...(light ? [light] : []), ...byLevel.map(([, by]) => by)]];
      }),
    );
    for (let before = -1; before !== left.size; ) {
      before = left.size;
      for (const [name, needs] of left) if (!needs.some((need) => left.has(need))) left.delete(name);
    }
    return left.size === 0;
  });
  t.pass();
});
