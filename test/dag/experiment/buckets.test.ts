import test from 'ava';
import fc from 'fast-check';
import { experimentSalt, seedOf, slotOf } from '../../../dag/experiment/bucket.ts';
import { Sampler } from '../../../dag/experiment/sampler.ts';
import type { SlotRange } from '../../../dag/experiment/slot-ranges.ts';
import { compiled, experiment, layer, only, variantOf } from './world.ts';

/** 100,000 units of each of the kinds that services have; no chance, so a test that holds once holds for ever. */
const population = {
  'running numbers': Array.from({ length: 100_000 }, (_, index) => String(index)),
  'long numbers of even distance': Array.from({ length: 100_000 }, (_, index) => String(10_000_000_000 + index * 4096)),
  'ids with a prefix': Array.from({ length: 100_000 }, (_, index) => `user-${index.toString(36)}@example.org`),
};

/** The sum of (seen - expected)² / expected. */
function chiSquare(counts: ArrayLike<number>, expected: (index: number) => number): number {
  return Array.from(counts).reduce((sum, count, index) => sum + (count - expected(index)) ** 2 / expected(index), 0);
}

/** What chi-square stays below: with probability 0.999, or for another `z` (Wilson and Hilferty's approximation). */
function critical(freedom: number, z = 3.0902): number {
  const part = 2 / (9 * freedom);
  return freedom * (1 - part + z * Math.sqrt(part)) ** 3;
}

/** The tenth that each unit falls into. */
function tenths(units: readonly string[], seed: number): Uint8Array {
  return Uint8Array.from(units, (unit) => Math.floor(slotOf(unit, seed) / 100_000));
}

/** How dependent two splits into tenths are: chi-square of the table, 81 degrees of freedom. */
function contingency(left: Uint8Array, right: Uint8Array): number {
  const cells = new Uint32Array(100);
  const rows = new Uint32Array(10);
  const columns = new Uint32Array(10);
  for (const [index, row] of left.entries()) {
    const column = right[index]!;
    cells[row * 10 + column]! += 1;
    rows[row]! += 1;
    columns[column]! += 1;
  }
  return chiSquare(cells, (index) => (rows[Math.floor(index / 10)]! * columns[index % 10]!) / left.length);
}

const salt = experimentSalt('ui', 'bigger');

for (const [kind, units] of Object.entries(population)) {
  test(`slots, splits and samplers are uniform over ${kind}`, (t) => {
    for (const seed of [
      seedOf('slot', 'ui'),
      seedOf('slot', 'ranking'),
      seedOf('variant', salt),
      seedOf('sampler', salt),
    ]) {
      const counts = new Uint32Array(1000);
      for (const unit of units) counts[Math.floor(slotOf(unit, seed) / 1000)]! += 1;
      t.true(chiSquare(counts, () => units.length / 1000) < critical(999), `seed ${seed}`);
    }
  });

  test(`layers, splits and samplers are independent over ${kind}`, (t) => {
    const names = ['ui', 'ui2', 'ranking', 'ads'];
    const seeds = names.flatMap((name) => [
      seedOf('slot', name),
      seedOf('variant', experimentSalt(name, 'bigger')),
      seedOf('variant', experimentSalt(name, 'bigger2')),
      seedOf('sampler', experimentSalt(name, 'bigger')),
    ]);
    const splits = seeds.map((seed) => tenths(units, seed));
    const found = splits.flatMap((left, index) => splits.slice(0, index).map((right) => contingency(left, right)));
    t.is(found.length, 120);
    // Chi-square's mean is its degrees of freedom, 81, and its deviation sqrt(162): here of a mean of 120.
    const mean = found.reduce((sum, one) => sum + one) / found.length;
    t.true(Math.abs(mean - 81) < 3.3 * Math.sqrt(162 / 120), `mean ${mean}`);
    t.true(Math.max(...found) < critical(81, 4.2), 'the worst of 120 pairs, at odds of 1 to 75,000 each');
    t.true(contingency(splits[0]!, splits[0]!) > critical(81), 'the check finds dependence');
  });
}

test('variants get their weights within the slots of a small experiment', (t) => {
  const weights = [10, 20, 30.5, 39.5];
  const variants = weights.map((weight, index) => ({ name: `v${index}`, weight }));
  const experiments = compiled(only({ slots: [[700_000, 750_000]], variants }));
  const counts = new Uint32Array(4);
  for (const unit of population['running numbers']) {
    const variant = variantOf(experiments, unit);
    if (variant !== undefined) counts[Number(variant[1])]! += 1;
  }
  const total = counts.reduce((sum, count) => sum + count);
  t.true(chiSquare([total, 100_000 - total], (index) => (index === 0 ? 5000 : 95_000)) < critical(1));
  t.true(chiSquare(counts, (index) => (total * weights[index]!) / 100) < critical(3));
});

test('ranges, weights and samplers end just before their bound', (t) => {
  for (const user of ['user-42', 'größe', '7']) {
    const slot = slotOf(user, seedOf('slot', 'ui'));
    const inSlots = (from: number, to: number) =>
      variantOf(compiled(only({ slots: [[from, to]] })), user) !== undefined;
    t.deepEqual([inSlots(slot, slot + 1), inSlots(slot + 1, 1_000_000), inSlots(0, slot)], [true, false, false]);
    const point = slotOf(user, seedOf('variant', salt));
    const splitAt = (bound: number) => {
      const variants = [
        { name: 'below', weight: bound / 10_000 },
        { name: 'above', weight: (1_000_000 - bound) / 10_000 },
      ];
      return variantOf(compiled(only({ variants })), user);
    };
    t.deepEqual([splitAt(point), splitAt(point + 1)], ['above', 'below']);
    const sample = slotOf(user, seedOf('sampler', salt));
    const sampledAt = (bound: number) => variantOf(compiled(only({ sampled: bound / 10_000 })), user) !== undefined;
    t.deepEqual([sampledAt(sample), sampledAt(sample + 1)], [false, true]);
    t.deepEqual(
      [new Sampler(salt, sample / 10_000).takes(user), new Sampler(salt, (sample + 1) / 10_000).takes(user)],
      [false, true],
    );
  }
});

test('a unit is in at most one experiment of a layer, the one that holds its slot', (t) => {
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 20 });
  const unit = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(cuts, fc.integer({ min: 1, max: 4 }), fc.array(unit, { minLength: 20 }), (points, count, users) => {
      const sorted = points.toSorted((left, right) => left - right);
      const names = Array.from({ length: count }, (_, index) => `e${index}`);
      // The pieces go round, so that every experiment holds several ranges; the last piece stays free.
      const pieces = sorted.slice(1, -1).map((to, index): SlotRange => [sorted[index]!, to]);
      const held = names.map((_, owner) => pieces.filter((_, index) => index % count === owner));
      const list = names.map((name, owner) =>
        experiment({ name, slots: held[owner]!, state: 'running', allow: { tester: 'control' } }),
      );
      // The tester is allowed once only: the others' lists would contradict.
      for (const other of list.slice(1))
        Object.assign(other, { allow: {}, state: other.slots.length > 0 ? 'running' : 'draft' });
      const experiments = compiled({ layers: [layer({ experiments: list })] });
      for (const user of users) {
        const [explained] = experiments.assign({ user }).explain();
        const slot = slotOf(user, seedOf('slot', 'ui'));
        const holders = names.filter((_, owner) => held[owner]!.some(([from, to]) => slot >= from && slot < to));
        t.deepEqual([explained?.slot, explained?.experiment], [slot, holders[0]]);
        t.is(explained?.variant === undefined, holders.length === 0);
      }
    }),
    { numRuns: 60 },
  );
});

test('a wider ramp keeps everybody who was in, in the same variant', (t) => {
  const size = fc.integer({ min: 1, max: 500_000 });
  fc.assert(
    fc.property(
      size,
      size,
      fc.integer({ min: 1, max: 99 }),
      fc.integer({ min: 0, max: 1 }),
      (narrow, more, sampled, rise) => {
        const before = compiled(only({ slots: [[0, narrow]], sampled }));
        const after = compiled(only({ slots: [[0, narrow + more]], sampled: sampled + rise }));
        for (const user of population['running numbers'].slice(0, 300)) {
          const was = variantOf(before, user);
          if (was !== undefined) t.is(variantOf(after, user), was);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a sampler takes its share, and at a higher percentage everybody whom it took before', (t) => {
  const steps = [0, 0.01, 1, 5, 50, 100].map((percent) => new Sampler('shadow', percent));
  const taken = steps.map((sampler) => population['running numbers'].filter((unit) => sampler.takes(unit)));
  t.deepEqual([taken[0]!.length, taken[5]!.length], [0, 100_000]);
  for (const [index, share] of [0, 0.0001, 0.01, 0.05, 0.5].entries()) {
    const [expected, wider] = [share * 100_000, new Set(taken[index + 1])];
    t.true(Math.abs(taken[index]!.length - expected) <= 3.3 * Math.sqrt(expected));
    t.true(taken[index]!.every((unit) => wider.has(unit)));
  }
  t.is(new Sampler('shadow', 5).takes(42), new Sampler('shadow', 5).takes('42'));
  t.deepEqual(
    [new Sampler('shadow', 100).takes(undefined), new Sampler('shadow', 99.9999).takes(undefined)],
    [true, false],
  );
  t.throws(() => new Sampler('shadow', 101), { message: /percentage from 0 to 100 .* 'shadow' and 101/ });
  t.throws(() => new Sampler('', 5), { code: 'INVALID_ARGUMENT' });
});
