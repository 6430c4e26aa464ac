// arbitraryWorld: random worlds for the property test of the executor, with fast-check, so that a world that fails shrinks.
// Drawn are small plain choices for each node; random-sketch.ts makes a graph of them that a checker would accept.

import fc from 'fast-check';
import type { Data } from '../../../../dag/definition.ts';
import type { NodeChoice, WorldChoice } from './random-draft.ts';
import { sketchOf } from './random-sketch.ts';
import { buildWorld } from './sketch.ts';
import type { World } from './world.ts';

/** One of some values, each with a weight; shrinks to the first. */
function oneOf<Value>(...weighted: readonly (readonly [weight: number, value: Value])[]): fc.Arbitrary<Value> {
  const [first, ...rest] = weighted.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) }));
  return fc.oneof({ withCrossShrink: true }, first!, ...rest);
}

/** Undefined in all but `percent` of the cases. */
function sometimes<Value>(percent: number, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 100 - percent, arbitrary: fc.constant(undefined) },
    { weight: percent, arbitrary },
  );
}

const pick = fc.nat({ max: 999 });
const small = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

const behaviour = fc.record({
  ms: fc.oneof({ weight: 8, arbitrary: small(1, 25) }, { weight: 2, arbitrary: small(25, 80) }),
  outcome: oneOf<NodeChoice['rows'][number][number]['outcome']>(
    [76, 'good'],
    [15, 'UNAVAILABLE'],
    [4, 'ABORTED'],
    [4, 'INVALID_ARGUMENT'],
    [3, 'empty'],
    [2, 'null'],
  ),
  value: small(0, 9),
});

const nodeChoice: fc.Arbitrary<NodeChoice> = fc.record({
  kind: oneOf<NodeChoice['kind']>([58, 'run'], [22, 'value'], [20, 'foreach']),
  /** Sorts the file: equal ones stay in the order of dependencies. */
  position: small(0, 20),
  needs: fc.array(fc.record({ pick, soft: oneOf([60, false], [40, true]) }), { maxLength: 4 }),
  /** Who needs it if nobody does. */
  consumer: fc.record({ pick, soft: oneOf([75, true], [25, false]) }),
  join: oneOf<NodeChoice['join']>([58, 'all'], [12, 'none_failed'], [16, 'any'], [14, 'quorum']),
  when: sometimes(
    25,
    fc.record({
      about: oneOf<'request' | 'need' | 'has' | 'both'>([30, 'request'], [40, 'need'], [15, 'has'], [15, 'both']),
      than: small(0, 6),
    }),
  ),
  rows: fc.array(fc.array(behaviour, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
  list: fc.record({
    parallel: small(1, 4),
    quorum: sometimes(60, small(0, 4)),
    failed: oneOf<'hole' | 'drop'>([60, 'hole'], [40, 'drop']),
    maxItems: oneOf([92, 100], [8, 2]),
  }),
  timeoutMs: sometimes(30, small(3, 40)),
  retry: sometimes(40, fc.record({ attempts: small(2, 4), backoffMs: oneOf([50, 0], [25, 1], [25, 3]) })),
  hedge: sometimes(35, small(1, 3)),
  estimateMs: sometimes(65, fc.oneof(small(1, 8), small(5, 40))),
  light: sometimes(30, pick),
  breaker: oneOf<NodeChoice['breaker']>([90, undefined], [6, 'closed'], [4, 'open']),
  fallback: fc.array(
    fc.record({
      kind: oneOf<NodeChoice['fallback'][number]['kind']>([26, 'value'], [19, 'stale'], [15, 'reading'], [40, 'node']),
      pick,
    }),
    { maxLength: 2 },
  ),
  stale: oneOf([60, true], [40, false]),
  change: sometimes(
    25,
    fc.record({
      kind: oneOf<'skip' | 'replace' | 'input'>([35, 'skip'], [35, 'replace'], [30, 'input']),
      level: small(1, 3),
      pick,
    }),
  ),
});

const worldChoice: fc.Arbitrary<WorldChoice> = fc.record({
  nodes: fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.array(nodeChoice, { minLength: 1, maxLength: 12, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(nodeChoice, { minLength: 10, maxLength: 60, size: 'max' }) },
  ),
  outputs: small(1, 3),
  x: small(0, 9),
  items: fc.array(oneOf<Data>([50, 1], [25, 4], [22, 7], [3, 'text']), { maxLength: 14, size: 'max' }),
  level: small(0, 3),
  totalMs: sometimes(50, small(5, 200)),
  reserveMs: small(0, 4),
  deadlineMs: sometimes(20, small(5, 150)),
  retries: oneOf([50, 0.25], [50, 0]),
  hedges: oneOf([50, 0.125], [50, 0]),
});

/** Graphs of 1 to 60 nodes. What waits waits for pairwise different times, so that only meant things meet at one instant. */
export const arbitraryWorld: fc.Arbitrary<World> = worldChoice.map((choice) => buildWorld(sketchOf(choice)));
