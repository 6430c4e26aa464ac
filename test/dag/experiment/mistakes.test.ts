import test from 'ava';
import { compileExperiments } from '../../../dag/experiment/compile.ts';
import { byUser, type Definition, experiment, type Layer, layer, only } from './world.ts';

/** What a definition is told, as `path: sentence`. */
function told(definition: Definition): string[] {
  const { problems } = compileExperiments(definition);
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const layers = (...list: Layer[]): Definition => ({ layers: list });
const other = (change: Partial<Layer>): Layer => layer({ name: 'other', parameters: [], experiments: [], ...change });
const variants = (...weights: unknown[]) =>
  weights.map((weight, index) => ({ name: `v${index}`, weight: weight as number }));
const at = 'layers.0.experiments.0';

const mistakes: [string, Definition, string | string[]][] = [
  [
    'overlapping slots',
    layers(
      layer({
        experiments: [experiment({ slots: [[0, 500_000]] }), experiment({ name: 'b', slots: [[400_000, 600_000]] })],
      }),
    ),
    "layers.0.experiments.1.slots.0: the slots [400000, 500000) of layer 'ui' are taken by experiments 'bigger' and 'b'; free are [600000, 1000000)",
  ],
  [
    'a slot twice',
    only({
      slots: [
        [0, 1_000_000],
        [7, 9],
      ],
    }),
    `${at}.slots.1: the slots [7, 9) of layer 'ui' are taken by experiment 'bigger' twice; none are free`,
  ],
  [
    'a range within which others lie',
    layers(
      layer({
        experiments: [
          experiment({ slots: [[0, 90]] }),
          experiment({
            name: 'b',
            slots: [
              [10, 20],
              [50, 100],
            ],
          }),
        ],
      }),
    ),
    [
      "layers.0.experiments.1.slots.0: the slots [10, 20) of layer 'ui' are taken by experiments 'bigger' and 'b'; free are [100, 1000000)",
      "layers.0.experiments.1.slots.1: the slots [50, 90) of layer 'ui' are taken by experiments 'bigger' and 'b'; free are [100, 1000000)",
    ],
  ],
  [
    'a draft holds its slots',
    layers(layer({ experiments: [experiment({ state: 'draft' }), experiment({ name: 'b', slots: [[0, 1]] })] })),
    `${at}.slots.0: the slots [0, 1) of layer 'ui' are taken by experiments 'b' and 'bigger'; none are free`,
  ],
  [
    'no slots',
    only({ slots: [] }),
    `${at}.slots: experiment 'bigger' is running but has neither slots nor allowed units, so nobody can be in it; give it slots, or the state draft`,
  ],
  [
    'two owners',
    layers(layer(), other({ parameters: [{ name: 'size', default: 1 }] })),
    "layers.1.parameters.0.name: parameter 'size' stands in the layers 'ui' and 'other'; a parameter has exactly one owner",
  ],
  [
    'a parameter twice in its layer',
    layers(
      other({
        parameters: [
          { name: 'size', default: 1 },
          { name: 'size', default: 2 },
        ],
      }),
    ),
    "layers.0.parameters.1.name: parameter 'size' stands twice in layer 'other'; a parameter has exactly one owner",
  ],
  [
    'weights that do not add up',
    only({ variants: variants(50, 40) }),
    `${at}.variants: the weights of experiment 'bigger' add up to 90%, not 100%: v0 50%, v1 40% (10% missing)`,
  ],
  [
    'thirds',
    only({ variants: variants(33.3333, 33.3333, 33.3333) }),
    `${at}.variants: the weights of experiment 'bigger' add up to 99.9999%, not 100%: v0 33.3333%, v1 33.3333%, v2 33.3333% (0.0001% missing)`,
  ],
  [
    'a variant without weight',
    only({ variants: variants(50, undefined) }),
    `${at}.variants.1.weight: variant 'v1' of experiment 'bigger' has no weight; give it its percentage of the units, 0 to 100 with at most four decimals`,
  ],
  [
    'a weight with too many decimals',
    only({ variants: variants(100 / 3, 200 / 3) }),
    [
      `${at}.variants.0.weight: variant 'v0' of experiment 'bigger' has the weight 33.333333333333336; give it its percentage of the units, 0 to 100 with at most four decimals`,
      `${at}.variants.1.weight: variant 'v1' of experiment 'bigger' has the weight 66.66666666666667; give it its percentage of the units, 0 to 100 with at most four decimals`,
    ],
  ],
  ['no variants', only({ variants: [] }), `${at}.variants: experiment 'bigger' has no variants; it needs at least one`],
  [
    'two variants of a name',
    only({
      variants: [
        { name: 'a', weight: 50 },
        { name: 'a', weight: 50 },
      ],
    }),
    `${at}.variants.1.name: experiment 'bigger' has two variants named 'a'`,
  ],
  [
    'an unknown parameter',
    only({ variants: [{ name: 'a', weight: 100, parameters: { sise: 1 } }] }),
    `${at}.variants.0.parameters.sise: variant 'a' of experiment 'bigger' sets 'sise', but layer 'ui' has no such parameter (did you mean 'size'?)`,
  ],
  [
    "another layer's parameter",
    layers(
      layer({ experiments: [experiment({ variants: [{ name: 'a', weight: 100, parameters: { speed: 1 } }] })] }),
      other({ parameters: [{ name: 'speed', default: 1 }] }),
    ),
    `${at}.variants.0.parameters.speed: variant 'a' of experiment 'bigger' sets 'speed', which belongs to layer 'other', not to 'ui'; move the experiment or the parameter`,
  ],
  [
    'a value of another type',
    only({ variants: [{ name: 'a', weight: 100, parameters: { size: '20' } }] }),
    `${at}.variants.0.parameters.size: variant 'a' of experiment 'bigger' sets 'size' to '20', which is a string, but its default 10 is a number`,
  ],
  [
    'a path that is no choice',
    only(
      { variants: [{ name: 'a', weight: 100, parameters: { path: 'ful' } }] },
      { parameters: [{ name: 'path', default: 'light', choices: ['light', 'full'] }] },
    ),
    `${at}.variants.0.parameters.path: variant 'a' of experiment 'bigger' sets 'path' to 'ful', which is none of its choices 'light', 'full' (did you mean 'full'?)`,
  ],
  [
    'a default that is no choice',
    layers(other({ parameters: [{ name: 'path', default: 'none', choices: ['light', 'full'] }] })),
    "layers.0.parameters.0.default: the default 'none' of parameter 'path' is none of its choices 'light', 'full'",
  ],
  [
    'a choice of another type',
    layers(other({ parameters: [{ name: 'path', default: 'light', choices: ['light', 2] }] })),
    "layers.0.parameters.0.choices.1: the choice 2 of parameter 'path' is a number, but its default 'light' is a string",
  ],
  [
    'no choices',
    layers(other({ parameters: [{ name: 'path', default: 'light', choices: [] }] })),
    "layers.0.parameters.0.choices: parameter 'path' has an empty list of choices; leave it out to allow any value",
  ],
  [
    'a value that is not JSON',
    layers(other({ parameters: [{ name: 'limit', default: Number.POSITIVE_INFINITY }] })),
    "layers.0.parameters.0.default: the default null of parameter 'limit' is no JSON value (null, boolean, finite number, string, list or object)",
  ],
  [
    'an empty unit',
    layers(other({ unit: { ...byUser, text: ' ' } })),
    "layers.0.unit: layer 'other' has an empty unit; say who is diverted, as in user.id or device.id",
  ],
  [
    'an empty salt',
    layers(other({ salt: '' })),
    "layers.0.salt: the salt of layer 'other' is empty or too long; leave it out to use the layer's name",
  ],
  [
    'two layers with one salt',
    layers(layer(), other({ salt: 'ui' })),
    "layers.1.salt: layers 'ui' and 'other' have the same salt 'ui', so their experiments would meet the same units instead of being independent; give each its own",
  ],
  ['two layers of a name', layers(layer(), other({ name: 'ui' })), "layers.1.name: there are two layers named 'ui'"],
  [
    'two experiments of a name',
    layers(layer(), other({ experiments: [experiment({ variants: variants(100) })] })),
    "layers.1.experiments.0.name: there are two experiments named 'bigger' (the other in layer 'ui')",
  ],
  [
    'a name with a slash',
    only({ name: 'a/b' }),
    `${at}.name: 'a/b' is no name for an experiment; use 1 to 128 letters, digits, '.', '-' or '_', starting with a letter or digit`,
  ],
  [
    'an unknown state',
    only({ state: 'runing' as 'running' }),
    `${at}.state: the state of experiment 'bigger' is draft, running or stopped, not 'runing' (did you mean 'running'?)`,
  ],
  [
    'an empty condition',
    only({ condition: { text: '', evaluate: () => true } }),
    `${at}.condition: the condition of experiment 'bigger' is empty; leave it out to take all units`,
  ],
  [
    'a sampler over 100%',
    only({ sampled: 105 }),
    `${at}.sampled: 'sampled' of experiment 'bigger' is a percentage from 0 to 100 with at most four decimals, not 105`,
  ],
  [
    'an unknown variant allowed',
    only({ allow: { tester: 'treatmint' } }),
    `${at}.allow.tester: experiment 'bigger' allows 'tester' the variant 'treatmint', which it does not have (did you mean 'treatment'?)`,
  ],
  [
    'allowed and denied',
    only({ allow: { 42: 'control' }, deny: [42] }),
    `${at}.deny.0: experiment 'bigger' both allows and denies 42; keep one of the two`,
  ],
  [
    'a denied unit that is none',
    only({ deny: [1.5, ''] }),
    [
      `${at}.deny.0: 1.5 can't be a unit: write a text or a whole number`,
      `${at}.deny.1: '' can't be a unit: write a text or a whole number`,
    ],
  ],
  [
    'allowed in two experiments of a layer',
    layers(
      layer({
        experiments: [
          experiment({ allow: { x: 'control' } }),
          experiment({ name: 'b', slots: [], allow: { x: 'control' } }),
        ],
      }),
    ),
    "layers.0.experiments.1.allow.x: layer 'ui' allows 'x' in two experiments, 'bigger' and 'b', which exclude each other",
  ],
  [
    'too many layers',
    layers(...Array.from({ length: 65 }, (_, index) => other({ name: `l${index}` }))),
    'layers: there are 65 layers; the bound is 64',
  ],
  [
    'too many parameters',
    layers(other({ parameters: Array.from({ length: 1025 }, (_, index) => ({ name: `p${index}`, default: 0 })) })),
    'layers: there are 1025 parameters over all layers; the bound is 1024',
  ],
  [
    'too many experiments',
    layers(
      layer({
        experiments: Array.from({ length: 257 }, (_, index) =>
          experiment({ name: `e${index}`, slots: [[index, index + 1]] }),
        ),
      }),
    ),
    "layers.0.experiments: there are 257 experiments in layer 'ui'; the bound is 256",
  ],
  [
    'too many variants',
    only({ variants: variants(...Array.from({ length: 33 }, (_, index) => (index < 32 ? 3 : 4))) }),
    `${at}.variants: there are 33 variants in experiment 'bigger'; the bound is 32`,
  ],
  [
    'too many slot ranges',
    only({ slots: Array.from({ length: 257 }, (_, index): [number, number] => [index * 2, index * 2 + 1]) }),
    `${at}.slots: there are 257 slot ranges in experiment 'bigger'; the bound is 256`,
  ],
  [
    'too many listed units',
    only({ deny: Array.from({ length: 10_001 }, (_, index) => index) }),
    `${at}: there are 10001 listed units in experiment 'bigger'; the bound is 10000`,
  ],
  [
    'a huge value',
    layers(other({ parameters: [{ name: 'text', default: 'x'.repeat(65_535) }] })),
    `layers.0.parameters.0.default: the default '${'x'.repeat(59)} … of parameter 'text' takes 65537 characters as JSON; the bound is 65536`,
  ],
];

for (const [title, definition, expected] of mistakes) {
  test(`tells of ${title}`, (t) => {
    t.deepEqual(told(definition), [expected].flat());
  });
}

test('tells of slots out of range, empty, or no whole numbers', (t) => {
  const ranges: [number, number][] = [
    [900_000, 1_000_001],
    [-1, 5],
    [9, 9],
    [10.5, 12],
    [Number.NaN, 3],
  ];
  const definition = only({ slots: ranges });
  t.deepEqual(
    told(definition),
    ranges.map(
      ([from, to], index) =>
        `${at}.slots.${index}: the slots [${from}, ${to}) of experiment 'bigger' are no range within [0, 1000000): from is included, to is not`,
    ),
  );
});

test('tells all mistakes at once, up to 200', (t) => {
  t.is(told(only({ sampled: -1, condition: { text: '', evaluate: () => true }, variants: [] })).length, 3);
  t.is(told(only({ variants: variants(...Array.from({ length: 300 }, () => undefined)) })).length, 200);
});

test('a stopped experiment keeps its name but holds no slots and no units', (t) => {
  const allow = { tester: 'control' };
  const stopped = experiment({ state: 'stopped', allow });
  t.deepEqual(told(layers(layer({ experiments: [stopped, experiment({ name: 'next', allow })] }))), []);
  t.is(told(layers(layer({ experiments: [stopped, experiment()] }))).length, 1);
  t.deepEqual(told(layers(other({ experiments: [stopped] }))), [], 'its parameters may be gone');
});
