import test from 'ava';
import { diffExperiments } from '../../../dag/experiment/diff.ts';
import {
  countSlots,
  joinRanges,
  missingRanges,
  rangesText,
  sharedRanges,
} from '../../../dag/experiment/slot-ranges.ts';
import { compiled, type Definition, experiment, inFrance, layer, only } from './world.ts';

const diff = (before: Definition, after: Definition) => diffExperiments(compiled(before), compiled(after));

test('two equal versions do not differ', (t) => {
  t.deepEqual(diff(only({ deny: [1] }), only({ deny: [1] })), { layers: [], experiments: [], parameters: [] });
});

test('a ramp is told share by share, with exact counts of slots', (t) => {
  const before = only({ slots: [[0, 50_000]] });
  const after = only({ slots: [[25_000, 150_000]], sampled: 50 });
  const { layers, experiments } = diff(before, after);
  t.like(experiments[0], {
    experiment: 'bigger',
    slots: { before: 50_000, after: 125_000, kept: 25_000, gained: 100_000, lost: 25_000 },
    sampled: { before: 100, after: 50 },
    movedPoints: 0,
    variants: [
      { variant: 'control', weight: { before: 50, after: 50 }, share: { before: 0.025, after: 0.03125 } },
      { variant: 'treatment', weight: { before: 50, after: 50 }, share: { before: 0.025, after: 0.03125 } },
    ],
  });
  t.like(layers[0], {
    layer: 'ui',
    redealt: false,
    freeSlots: { before: 950_000, after: 875_000 },
    moves: [
      { from: 'bigger', to: undefined, slots: 25_000 },
      { from: undefined, to: 'bigger', slots: 100_000 },
    ],
  });
});

test('slots that go from one experiment to the next are counted', (t) => {
  const next = experiment({ name: 'next', slots: [[600_000, 900_000]] });
  const after = { layers: [layer({ experiments: [experiment({ state: 'stopped' }), next] })] };
  const { layers, experiments } = diff(only(), after);
  t.deepEqual(layers[0]?.moves, [
    { from: 'bigger', to: 'next', slots: 300_000 },
    { from: 'bigger', to: undefined, slots: 700_000 },
  ]);
  t.like(experiments[0], { state: { before: 'running', after: 'stopped' }, slots: { kept: 0, lost: 1_000_000 } });
  t.like(experiments[1], { state: { before: 'none', after: 'running' }, slots: { gained: 300_000 } });
});

test('another salt deals all units anew: no slot is kept', (t) => {
  const { layers, experiments } = diff(only(), only({ slots: [[0, 500_000]] }, { salt: 'new' }));
  t.like(layers[0], { redealt: true, salt: { before: 'ui', after: 'new' }, moves: [] });
  t.like(experiments[0]?.slots, { kept: 0, gained: 500_000, lost: 1_000_000 });
});

test('splits, values, conditions and lists are compared', (t) => {
  const variants = [
    { name: 'control', weight: 40 },
    { name: 'treatment', weight: 60, parameters: { size: 30 } },
  ];
  const before = only({ allow: { a: 'control', b: 'control' }, deny: ['x'] });
  const after = only({ variants, condition: inFrance, allow: { a: 'treatment', c: 'control' }, deny: ['x'] });
  const { layers, experiments } = diff(before, after);
  t.deepEqual(layers, []);
  t.like(experiments[0], {
    movedPoints: 100_000,
    condition: { before: undefined, after: "country == 'fr'" },
    allowed: { before: 2, after: 2, differing: 3 },
    denied: { before: 1, after: 1, differing: 0 },
    values: [{ variant: 'treatment', parameter: 'size', change: { before: 20, after: 30 } }],
  });
});

test('parameters that come, go, move or change their default are listed', (t) => {
  const before = { layers: [layer({ experiments: [] })] };
  const after = {
    layers: [
      layer({ experiments: [], parameters: [{ name: 'size', default: 12 }] }),
      layer({ name: 'look', experiments: [], parameters: [{ name: 'color', default: 'red' }] }),
    ],
  };
  const { layers, parameters } = diff(before, after);
  t.deepEqual(
    layers.map((one) => one.layer),
    ['look'],
  );
  t.deepEqual(parameters, [
    { parameter: 'size', layer: { before: 'ui', after: 'ui' }, default: { before: 10, after: 12 } },
    { parameter: 'color', layer: { before: 'ui', after: 'look' }, default: { before: 'red', after: 'red' } },
  ]);
});

test('ranges of slots behave as sets', (t) => {
  const left = joinRanges([
    [5, 9],
    [0, 3],
    [3, 5],
    [20, 30],
    [7, 7],
  ]);
  t.deepEqual(left, [
    [0, 9],
    [20, 30],
  ]);
  t.is(countSlots(left), 19);
  const right = joinRanges([
    [2, 4],
    [8, 22],
    [29, 40],
  ]);
  t.deepEqual(sharedRanges(left, right), [
    [2, 4],
    [8, 9],
    [20, 22],
    [29, 30],
  ]);
  t.deepEqual(missingRanges(left, right), [
    [0, 2],
    [4, 8],
    [22, 29],
  ]);
  t.deepEqual(missingRanges(left, []), left);
  t.is(
    rangesText([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ]),
    '[0, 1), [2, 3), [4, 5), [6, 7) and 1 more',
  );
});
