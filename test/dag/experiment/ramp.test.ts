import test from 'ava';
import fc from 'fast-check';
import { checkRamp } from '../../../dag/experiment/ramp.ts';
import type { SlotRange } from '../../../dag/experiment/slot-ranges.ts';
import { byDevice, byUser, compiled, type Definition, experiment, inFrance, layer, only, variantOf } from './world.ts';

function told(before: Definition, after: Definition): string[] {
  return checkRamp(compiled(before), compiled(after)).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const tenth: SlotRange[] = [[0, 100_000]];
const running = only({ slots: tenth });
const at = 'layers.0.experiments.0';
const advice = "to change it, stop 'bigger' and start a new experiment under a new name";

test('what only widens may be published', (t) => {
  const allowed: [string, Definition][] = [
    ['nothing changes', running],
    ['more slots', only({ slots: [[500_000, 600_000], ...tenth] })],
    [
      'the same slots in pieces',
      only({
        slots: [
          [40_000, 100_000],
          [0, 40_000],
        ],
      }),
    ],
    ['stopped', only({ slots: tenth, state: 'stopped' })],
    ['gone', { layers: [layer({ experiments: [] })] }],
    ['its layer gone', { layers: [] }],
    [
      'another beside it',
      {
        layers: [
          layer({
            experiments: [experiment({ slots: tenth }), experiment({ name: 'b', slots: [[100_000, 1_000_000]] })],
          }),
        ],
      },
    ],
    [
      'a variant that nobody gets but by name',
      only({ slots: tenth, variants: [...experiment().variants, { name: 'peek', weight: 0 }] }),
    ],
    ['lists', only({ slots: tenth, allow: { tester: 'control' }, deny: ['somebody'] })],
    ['its layer renamed, its salt kept', only({ slots: tenth }, { name: 'surface', salt: 'ui' })],
    [
      'a default that the variants do not show',
      only(
        { slots: tenth },
        {
          parameters: [
            { name: 'size', default: 10 },
            { name: 'color', default: 'blue' },
          ],
        },
      ),
    ],
  ];
  for (const [title, after] of allowed) t.deepEqual(told(running, after), [], title);
  t.deepEqual(told(only({ slots: tenth, sampled: 5, condition: inFrance }), running), []);
  t.deepEqual(told(only({ slots: tenth, state: 'draft' }), only({ slots: [[5, 6]], sampled: 1 })), []);
});

const spoilt: [string, Definition, Definition, string | string[]][] = [
  [
    'lost slots',
    running,
    only({ slots: [[20_000, 90_000]] }),
    `${at}.slots: running experiment 'bigger' loses 30000 of its 100000 slots, [0, 20000), [90000, 100000): 3% of all units leave it; slots may only be added; ${advice}`,
  ],
  [
    'a falling sampler',
    only({ slots: tenth, sampled: 20 }),
    only({ slots: tenth, sampled: 5 }),
    `${at}.sampled: 'sampled' of running experiment 'bigger' falls from 20% to 5%: 1.5% of all units leave it; it may only rise; ${advice}`,
  ],
  [
    'other weights',
    running,
    only({
      slots: tenth,
      variants: [
        { name: 'control', weight: 90 },
        { name: 'treatment', weight: 10, parameters: { size: 20 } },
      ],
    }),
    `${at}.variants: the split of running experiment 'bigger' changes from control 50%, treatment 50% to control 90%, treatment 10%: 40% of its units (4% of all) change their variant; weights, names and order stay while it runs; ${advice}`,
  ],
  [
    'another order',
    running,
    only({ slots: tenth, variants: experiment().variants.toReversed() }),
    `${at}.variants: the split of running experiment 'bigger' changes from control 50%, treatment 50% to treatment 50%, control 50%: 100% of its units (10% of all) change their variant; weights, names and order stay while it runs; ${advice}`,
  ],
  [
    'another salt',
    running,
    only({ slots: tenth }, { salt: 'new' }),
    `${at}: under running experiment 'bigger' the salt changes from 'ui' to 'new', which deals all units anew: 95% of its units (9.5% of all) leave it or change their variant; keep the salt (layer 'ui': salt 'ui'), or ${advice}`,
  ],
  [
    'another unit',
    running,
    only({ slots: tenth }, { unit: byDevice }),
    `${at}: under running experiment 'bigger' the unit changes from 'user.id' to 'device.id', which deals all units anew: 95% of its units (9.5% of all) leave it or change their variant; keep the unit, or ${advice}`,
  ],
  [
    'a condition',
    running,
    only({ slots: tenth, condition: inFrance }),
    `${at}.condition: the condition of running experiment 'bigger' changes from none to 'country == 'fr'': up to 10% of all units leave, whoever meets only the first; ${advice}`,
  ],
  [
    'another value',
    running,
    only({
      slots: tenth,
      variants: [
        { name: 'control', weight: 50 },
        { name: 'treatment', weight: 50, parameters: { size: 30 } },
      ],
    }),
    `${at}.variants.1.parameters.size: 'size' of variant 'treatment' changes from 20 to 30 while experiment 'bigger' runs: 5% of all units would be counted for two treatments; ${advice}`,
  ],
  [
    'a default that a control shows',
    running,
    only(
      { slots: tenth },
      {
        parameters: [
          { name: 'size', default: 11 },
          { name: 'color', default: 'red' },
        ],
      },
    ),
    `${at}.variants.0.parameters.size: 'size' of variant 'control' changes from 10 to 11 while experiment 'bigger' runs: 5% of all units would be counted for two treatments; ${advice}`,
  ],
  [
    'back to draft',
    running,
    only({ slots: tenth, state: 'draft' }),
    `${at}.state: running experiment 'bigger' would become a draft: all its units (10% of all) leave; stop it instead`,
  ],
  [
    'a second start',
    only({ slots: tenth, state: 'stopped' }),
    running,
    `${at}.state: experiment 'bigger' was stopped and would run again: 10% of all units come back to a split that they have seen; start a new experiment under a new name`,
  ],
];

for (const [title, before, after, expected] of spoilt) {
  test(`tells of ${title}`, (t) => {
    t.deepEqual(told(before, after), [expected].flat());
  });
}

test('a new parameter may come into the layer, but a running variant may not set it', (t) => {
  const parameters = [...layer().parameters, { name: 'shape', default: { width: 1, height: 2 } }];
  const setting = (shape: { width: number; height: number }) =>
    only(
      {
        slots: tenth,
        variants: [
          { name: 'control', weight: 50 },
          { name: 'treatment', weight: 50, parameters: { size: 20, shape } },
        ],
      },
      { parameters },
    );
  t.deepEqual(told(running, only({ slots: tenth }, { parameters })), []);
  t.deepEqual(told(running, setting({ height: 2, width: 1 })), []);
  t.deepEqual(
    told(setting({ height: 3, width: 1 }), setting({ width: 1, height: 3 })),
    [],
    'the order of keys is nothing',
  );
  t.deepEqual(told(running, setting({ width: 9, height: 2 })), [
    `${at}.variants.1.parameters.shape: 'shape' of variant 'treatment' changes from {"width":1,"height":2} to {"width":9,"height":2} while experiment 'bigger' runs: 5% of all units would be counted for two treatments; ${advice}`,
  ]);
});

test('the share that it tells of is the share of units that change', (t) => {
  const users = Array.from({ length: 20_000 }, (_, index) => index);
  for (const [title, before, after] of spoilt.filter(([name]) => /slots|sampler|weights|order|salt/.test(name))) {
    const [was, now] = [compiled(before), compiled(after)];
    const changed = users.filter((user) => {
      const variant = variantOf(was, user);
      return variant !== undefined && variantOf(now, user) !== variant;
    }).length;
    const expected = checkRamp(was, now)[0]!.affectedShare * users.length;
    t.true(Math.abs(changed - expected) < 3.3 * Math.sqrt(expected), `${title}: ${changed}, not ${expected}`);
  }
});

test('what it lets pass keeps every unit that was in', (t) => {
  const range = fc
    .tuple(fc.nat(9), fc.integer({ min: 1, max: 5 }))
    .map(([from, length]): SlotRange[] => [[from * 60_000, (from + length) * 60_000]]);
  const split = fc.constantFrom([50, 50], [50, 50], [20, 80]).map(([control = 0, treatment = 0]) => [
    { name: 'control', weight: control },
    { name: 'treatment', weight: treatment, parameters: { size: 20 } },
  ]);
  const one = fc.record({ slots: range, variants: split, sampled: fc.constantFrom(100, 100, 50, 10) });
  const place = fc.constantFrom({ unit: byUser }, { unit: byUser }, { unit: byUser, salt: 'new' });
  const users = Array.from({ length: 300 }, (_, index) => `user-${index}`);
  let passed = 0;
  fc.assert(
    fc.property(one, place, one, place, (before, from, after, to) => {
      const [was, now] = [compiled(only(before, from)), compiled(only(after, to))];
      if (checkRamp(was, now).length > 0) return;
      passed++;
      for (const user of users) t.true([undefined, variantOf(now, user)].includes(variantOf(was, user)));
    }),
    { numRuns: 400, seed: 20261122 },
  );
  t.true(passed >= 10);
});
