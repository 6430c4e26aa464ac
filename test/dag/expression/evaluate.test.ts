import test from 'ava';
import { compile } from '../../../dag/expression/compile.ts';
import type { ErrorCode } from '../../../runtime/errors.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { evaluate, parsed, type Variables } from './evaluate.ts';

const fails = test.macro<[string, Variables, ErrorCode, RegExp]>({
  exec(t, text, variables, code, message) {
    const error = t.throws(() => evaluate(text, variables), { instanceOf: HeddleError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
    t.is(error?.retry, 'no');
  },
  title: (title, text) => title ?? `refuses ${text}`,
});

class Row {
  id = 7;
  clone() {
    return this;
  }
}

for (const name of ['constructor', '__proto__', 'toString', 'clone', 'hasOwnProperty']) {
  test(`${name} is no field of anything`, (t) => {
    for (const value of [{}, new Row(), Object.create({ [name]: 1 })]) {
      t.throws(() => evaluate(`x.${name}`, { x: value }), { code: 'INVALID_ARGUMENT', message: /no field/ });
      t.false(evaluate(`has(x.${name})`, { x: value }));
      t.false(evaluate(`"${name}" in x`, { x: value }));
      t.is(evaluate(`x[?"${name}"].orValue(1)`, { x: value }), 1);
    }
    for (const value of [[], 'a', 1, true]) t.throws(() => evaluate(`x.${name}`, { x: value }));
  });
}

test('a key of a made map means nothing but itself', (t) => {
  const made = evaluate('{"__proto__": 1, "a": 2}') as object;
  t.is(Object.getPrototypeOf(made), null);
  t.deepEqual(Object.keys(made), ['__proto__', 'a']);
  t.is(evaluate('{k: x}.__proto__.a', { k: '__proto__', x: { a: 1 } }), 1);
});

test('a function among the values is never called, and is no value', (t) => {
  let calls = 0;
  const x = { f: () => calls++ };
  t.throws(() => evaluate('x.f + 1', { x }), { message: /a function, which is no value/ });
  t.is(calls, 0);
});

test('reads the slots it is given, among others', (t) => {
  const evaluateSum = compile(
    parsed('a + b'),
    new Map([
      ['b', 5],
      ['a', 2],
    ]),
  );
  t.is(evaluateSum([0, 0, 1, 0, 0, 10]), 11);
  t.is(evaluateSum([0, 0, 2, 0, 0, 20]), 22);
});

test('a variable without a slot is refused when compiled, one without a value when read', (t) => {
  t.throws(() => compile(parsed('usr + 1'), new Map([['user', 0]])), {
    message: /no variable usr; did you mean user\?/,
  });
  const read = compile(parsed('false ? user : 1'), new Map([['user', 0]]));
  t.is(read([]), 1);
  t.throws(() => compile(parsed('user'), new Map([['user', 0]]))([]), { message: /user has no value here/ });
});

test('null and undefined count as missing, false, 0 and "" do not', (t) => {
  for (const missing of [null, undefined]) {
    t.deepEqual(evaluate('[has(x.a), has(x), x.?a.b.orValue(1), x.?a.hasValue()]', { x: missing }), [
      false,
      false,
      1,
      false,
    ]);
    t.deepEqual(evaluate('[has(x.a), x.?a.orValue(1), x[?"a"].hasValue()]', { x: { a: missing } }), [false, 1, false]);
  }
  for (const there of [false, 0, '']) {
    t.deepEqual(evaluate('[has(x.a), x.?a.orValue(1), x[?"a"].hasValue()]', { x: { a: there } }), [true, there, true]);
  }
});

test('has asks for the last step only', fails, 'has(x.a.b)', { x: {} }, 'INVALID_ARGUMENT', /x: no field "a"/);
test(
  'an optional step does not excuse a wrong kind',
  fails,
  'x.?a.orValue(1)',
  { x: 5 },
  'INVALID_ARGUMENT',
  /must be a map/,
);
test(fails, 'x[-1]', { x: [1] }, 'FAILED_PRECONDITION', /items 0 to 0/);
test(fails, 'x[0.5]', { x: [1] }, 'INVALID_ARGUMENT', /whole number/);
test(fails, 'x % 0', { x: 1 }, 'FAILED_PRECONDITION', /divided by zero/);
test(fails, '[x].sort()', { x: Number.NaN }, 'INVALID_ARGUMENT', /NaN/);
test(fails, 'x + 1', { x: 1n }, 'INVALID_ARGUMENT', /a BigInt/);
test(fails, 'x.split("")', { x: 'ab' }, 'FAILED_PRECONDITION', /not empty/);
test(fails, 'x.slice(-1)', { x: [1] }, 'FAILED_PRECONDITION', /from 0 up/);
test(fails, 'x.join()', { x: ['a', 1] }, 'INVALID_ARGUMENT', /list of strings/);
test(fails, 'x.all(y, y)', { x: [1] }, 'INVALID_ARGUMENT', /true or false, got the number 1/);
test(fails, 'x.map(y, y)', { x: 'abc' }, 'INVALID_ARGUMENT', /over a list or the keys of a map/);
test(fails, 'min(1, 2, x)', { x: [3] }, 'INVALID_ARGUMENT', /min takes a number as value 3/);
test(fails, 'int(x)', { x: '1e999' }, 'FAILED_PRECONDITION', /not a number/);

test('a failure names its place in the text', (t) => {
  const text = '1 < 2 && user.agee > 18';
  const error = t.throws(() => evaluate(text, { user: { age: 1 } }), { instanceOf: HeddleError });
  const { start, end, reason } = (error as HeddleError).cause as { start: number; end: number; reason: string };
  t.is(text.slice(start, end), 'user.agee');
  t.is((error as HeddleError).message, `${reason} (at character 10 of ${JSON.stringify(text)})`);
});

test('&& and || go from the left, and the right side only if needed', (t) => {
  t.false(evaluate('x && y.z', { x: false, y: 1 }));
  t.true(evaluate('x || y.z', { x: true, y: 1 }));
  t.throws(() => evaluate('y.z && x', { x: false, y: 1 }));
  t.throws(() => evaluate('x && y', { x: true, y: 1 }), { message: /beside && must be true or false/ });
});

test('lists and maps are equal by what they hold, to any order of keys', (t) => {
  t.true(evaluate('x == y', { x: { a: [1, { b: null }], c: 2 }, y: { c: 2, a: [1, { b: null }] } }));
  t.false(evaluate('x == y', { x: { a: 1 }, y: { b: 1 } }));
  t.false(evaluate('x == y', { x: [1], y: { 0: 1 } }));
  t.false(evaluate('x == x', { x: Number.NaN }));
  t.true(evaluate('x == y && x != z', { x: Buffer.from('ab'), y: new Uint8Array([97, 98]), z: Buffer.from('ac') }));
  t.true(evaluate('[1] in x && !({"a": 2} in x)', { x: [[1], { a: 1 }] }));
});

test('constant lists of any length answer in', (t) => {
  const long = `["${Array.from({ length: 20 }, (_, at) => `c${at}`).join('","')}"]`;
  for (const list of [long, '["c1", "c2"]', '[["c1"], "c2"]']) {
    t.deepEqual(evaluate(`[x in ${list}, y in ${list}]`, { x: 'c2', y: 'd' }), [true, false]);
  }
});

test('variables of macros hide others and nest', (t) => {
  const x = [1, 2];
  t.deepEqual(evaluate('x.map(x, [10, 20].map(y, x + y))', { x }), [
    [11, 21],
    [12, 22],
  ]);
  t.deepEqual(evaluate('x.map(y, x.map(y, y)[0] + y)', { x }), [2, 3]);
  t.deepEqual(evaluate('x.filter(y, x.exists(z, z > y)).map(y, y * 2)', { x }), [2]);
});

test('values are shared, never changed', (t) => {
  const x = Object.freeze([3, 1, 2].map((id) => Object.freeze({ id })));
  t.is(evaluate('x', { x }), x);
  t.is((evaluate('x.sortBy(y, y.id).reverse().distinct().slice(0, 1)', { x }) as unknown[])[0], x[0]);
});

test('constants are made once, and frozen', (t) => {
  const constant = compile(parsed('{"a": [1 + 1]}'), new Map());
  t.is(constant([]), constant([]));
  t.true(Object.isFrozen(constant([])) && Object.isFrozen((constant([]) as { a: unknown }).a));
  const made = compile(parsed('[x]'), new Map([['x', 0]]));
  t.not(made([1]), made([1]));
  t.false(Object.isFrozen(made([1])));
});

test('a constant that fails does so when it is reached', (t) => {
  const guarded = compile(parsed('x ? 1 / 0 : 2'), new Map([['x', 0]]));
  t.is(guarded([false]), 2);
  t.throws(() => guarded([true]), { code: 'FAILED_PRECONDITION' });
});

const thousand = Array.from({ length: 1000 }, (_, at) => at);
for (const [text, steps] of [
  ['x.map(y, y)', 1000],
  ['x.map(y, x.map(z, z)).size()', 1_001_000],
  ['x + x', 2000],
  ['x == w', 1000],
  ['-1 in x', 1000],
  ['x.sort()', 10_000],
  ['x.map(y, string(y)).join()', 1000 + 1000 + 45],
] as const) {
  test(`${text} of a thousand takes about ${steps} steps, and not one more than it may`, (t) => {
    const variables = { x: thousand, w: thousand.slice() };
    const fits = Math.ceil(steps * 1.01);
    if (fits <= 1_000_000) t.notThrows(() => evaluate(text, variables, { stepsMax: fits }));
    const stepsMax = Math.min(1_000_000, Math.floor(steps * 0.99));
    t.throws(() => evaluate(text, variables, { stepsMax }), { code: 'RESOURCE_EXHAUSTED', message: /takes more than/ });
  });
}

test('doubling comes to an end long before memory does', (t) => {
  const doubled = (start: string) => `[${start}]${'.map(a, a + a)'.repeat(40)}`;
  for (const start of ['x', '[x]']) {
    t.throws(() => evaluate(doubled(start), { x: 'ab' }), { code: 'RESOURCE_EXHAUSTED' });
  }
});

test('a long body costs more per item, and a value that holds itself is no trap', (t) => {
  const body = Array.from({ length: 80 }, () => 'y').join(' + ');
  t.throws(() => evaluate(`x.map(y, ${body})`, { x: thousand }, { stepsMax: 15_000 }), { code: 'RESOURCE_EXHAUSTED' });
  const self: unknown[] = [];
  self.push(self);
  const other: unknown[] = [];
  other.push(other);
  t.throws(() => evaluate('x == y', { x: self, y: other }), { code: 'RESOURCE_EXHAUSTED' });
});

test('the budget is a whole number from 1 to a million', (t) => {
  for (const stepsMax of [0, 1.5, 1_000_001, Number.NaN]) {
    t.throws(() => evaluate('1', {}, { stepsMax }), { code: 'INVALID_ARGUMENT' });
  }
});
