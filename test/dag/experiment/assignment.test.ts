import test from 'ava';
import { murmur3 } from '../../../runtime/murmur3.ts';
import { byDevice, compiled, experiment, inFrance, layer, only, type Values, variantOf } from './world.ts';

const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
const treated = users.find((user) => variantOf(compiled(only()), user) === 'treatment')!;
const control = users.find((user) => variantOf(compiled(only()), user) === 'control')!;

test('a variant sets its parameters, all others have their defaults', (t) => {
  const experiments = compiled(only());
  const assignment = experiments.assign({ user: treated });
  t.is(assignment.parameter('size'), 20);
  t.is(assignment.parameter('color'), 'red');
  t.is(assignment.at(experiments.parameterIndex('size')), 20);
  t.is(experiments.assign({ user: control }).parameter('size'), 10);
  t.deepEqual(experiments.parameters, ['size', 'color']);
  t.is(experiments.parameterIndex('sise'), -1);
});

test('only reading a parameter that the experiment sets exposes, once, control as well as treatment', (t) => {
  for (const user of [treated, control]) {
    const assignment = compiled(only()).assign({ user });
    assignment.peek('size');
    assignment.explain();
    assignment.parameter('color');
    t.deepEqual(assignment.exposures(), []);
    assignment.parameter('size');
    assignment.parameter('size');
    const [exposure, ...more] = assignment.exposures();
    t.deepEqual(more, []);
    const variant = user === treated ? 'treatment' : 'control';
    t.like(exposure, { layer: 'ui', experiment: 'bigger', variant, forced: false, unitHash: murmur3(user, 0) });
    t.true(assignment.explain()[0]?.exposed);
  }
});

test('whoever is in no experiment is never exposed', (t) => {
  const assignment = compiled(only({ slots: [[0, 1]] })).assign({ user: treated });
  t.is(assignment.parameter('size'), 10);
  t.deepEqual(assignment.exposures(), []);
});

test('a layer is decided once, when it is first asked, and not at all for what no experiment sets', (t) => {
  let asked = 0;
  const evaluate = (values: Values) => {
    asked++;
    return values.user;
  };
  const unit = { text: 'user.id', evaluate };
  const assignment = compiled(only({}, { unit })).assign({ user: treated });
  t.is(assignment.parameter('color'), 'red');
  t.is(asked, 0);
  assignment.parameter('size');
  assignment.parameter('size');
  t.is(asked, 1);
});

test('layers divert by their own unit and do not know each other', (t) => {
  const ranking = layer({
    name: 'ranking',
    unit: byDevice,
    parameters: [{ name: 'model', default: 'light', choices: ['light', 'full'] }],
    experiments: [
      experiment({ name: 'full-model', variants: [{ name: 'full', weight: 100, parameters: { model: 'full' } }] }),
    ],
  });
  const experiments = compiled({ layers: [layer(), ranking] });
  const both = experiments.assign({ user: treated, device: 7 });
  t.deepEqual([both.parameter('size'), both.parameter('model')], [20, 'full']);
  t.deepEqual(
    both.exposures().map(({ experiment: name, variant }) => `${name}/${variant}`),
    ['bigger/treatment', 'full-model/full'],
  );
  t.is(experiments.assign({ user: treated }).parameter('model'), 'light');
});

test('no unit, no experiment: anonymous requests get the defaults', (t) => {
  for (const user of [undefined, null, '', 1.5, {}, 'x'.repeat(2000)]) {
    const assignment = compiled(only()).assign({ user });
    t.is(assignment.parameter('size'), 10);
    t.is(assignment.explain()[0]?.reason, 'no-unit');
  }
});

test('the allow list goes before slot, condition, sampler and state; nobody is on both lists', (t) => {
  const lists = { allow: { tester: 'treatment' }, deny: [treated, 42], condition: inFrance, sampled: 0 };
  for (const change of [lists, { ...lists, slots: [] }, { ...lists, state: 'draft' as const }]) {
    const assignment = compiled(only(change)).assign({ user: 'tester' });
    t.is(assignment.parameter('size'), 20);
    t.like(assignment.exposures()[0], { variant: 'treatment', forced: true });
  }
  const denied = compiled(only({ deny: [treated, 42] }));
  t.is(variantOf(denied, treated), undefined);
  t.is(variantOf(denied, '42'), undefined);
  t.is(variantOf(denied, control), 'control');
  t.is(variantOf(compiled(only({ state: 'stopped', allow: { tester: 'treatment' } })), 'tester'), undefined);
});

test('an allowed unit leaves the experiment that holds its slot', (t) => {
  const other = experiment({ name: 'other', slots: [], allow: { [treated]: 'control' } });
  const [explained] = compiled({ layers: [layer({ experiments: [experiment(), other] })] })
    .assign({ user: treated })
    .explain();
  t.like(explained, { experiment: 'other', variant: 'control', reason: 'allowed' });
});

test('a condition that is not true, or fails, leaves the defaults and never fails the request', (t) => {
  const french = compiled(only({ condition: inFrance }));
  t.is(french.assign({ user: treated, country: 'fr' }).parameter('size'), 20);
  t.is(french.assign({ user: treated, country: 'de' }).parameter('size'), 10);
  t.is(
    compiled(only({ condition: { text: '1', evaluate: () => 1 } }))
      .assign({ user: treated })
      .parameter('size'),
    10,
  );
});

test('an expression that fails is told by name, and the layer gives its defaults', (t) => {
  const expression = {
    text: 'a.b',
    evaluate: (): never => {
      throw new Error('no such field: a');
    },
  };
  for (const [which, definition] of [
    ['condition', only({ condition: expression })],
    ['unit', only({}, { unit: expression })],
  ] as const) {
    const assignment = compiled(definition).assign({ user: treated });
    t.deepEqual(assignment.failures(), []);
    t.is(assignment.parameter('size'), 10);
    t.deepEqual(assignment.failures(), [{ layer: 'ui', expression: which, message: 'no such field: a' }]);
    t.deepEqual(assignment.exposures(), []);
    t.regex(assignment.explain()[0]!.sentence, /failed: no such field: a$/);
  }
  t.deepEqual(compiled(only()).assign({ user: treated }).failures(), []);
});

test('explain says for each layer why', (t) => {
  const say = (change: Parameters<typeof only>[0], values: Values = { user: 'tester' }) =>
    compiled(only(change)).assign(values).explain()[0]?.sentence;
  const slot = `slot ${compiled(only()).assign({ user: 'tester' }).explain()[0]?.slot} of 1000000`;
  const failing = { text: 'a.b', evaluate: () => JSON.parse('') as unknown };
  t.is(say({}), `${slot} belongs to 'bigger'; its split gives '${variantOf(compiled(only()), 'tester')}'`);
  t.is(say({ allow: { tester: 'control' } }), "'bigger' allows 'tester' the variant 'control'");
  t.is(say({ slots: [[0, 1]] }), `${slot} belongs to no experiment`);
  t.is(say({ deny: ['tester'] }), `${slot} belongs to 'bigger', which denies 'tester'`);
  t.is(say({ condition: inFrance }), `${slot} belongs to 'bigger', whose condition is not true`);
  t.is(
    say({ condition: failing }),
    `${slot} belongs to 'bigger', whose condition failed: Unexpected end of JSON input`,
  );
  t.is(say({ sampled: 0 }), `${slot} belongs to 'bigger', which takes only 0% of its units`);
  t.is(say({ state: 'stopped' }), 'the layer has no running experiment');
  t.is(say({ state: 'draft', allow: { other: 'control' } }), `${slot} is held by 'bigger', which is a draft`);
  t.is(say({}, {}), 'user.id gave no unit: neither a text of 1 to 1024 characters nor a whole number');
});

test('explain gives unit, slot, variant and all parameters of the layer', (t) => {
  const [explained] = compiled(only()).assign({ user: treated }).explain();
  t.like(explained, {
    layer: 'ui',
    unitExpression: 'user.id',
    unit: treated,
    experiment: 'bigger',
    variant: 'treatment',
    reason: 'assigned',
    exposed: false,
    parameters: { size: 20, color: 'red' },
  });
});

test('values are frozen: a request cannot change them for the others', (t) => {
  const parameters = [{ name: 'weights', default: { title: [1, 2] } }];
  const mine = { title: [3, 4] };
  const variants = [{ name: 'all', weight: 100, parameters: { weights: mine } }];
  const experiments = compiled(only({ variants }, { parameters }));
  mine.title[0] = 99;
  const value = experiments.assign({ user: 'a' }).parameter('weights') as { title: number[] };
  t.deepEqual(value, { title: [3, 4] });
  t.throws(() => value.title.push(5), { instanceOf: TypeError });
});

test('an unknown parameter is refused with the nearest name', (t) => {
  t.throws(() => compiled(only()).assign({}).parameter('sise'), {
    code: 'INVALID_ARGUMENT',
    message: "no layer owns a parameter 'sise' (did you mean 'size'?); declare it in one",
  });
});
