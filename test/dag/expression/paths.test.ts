import test from 'ava';
import { checkTypes } from '../../../dag/expression/check-types.ts';
import { compile, type PathReaders } from '../../../dag/expression/compile.ts';
import type { EvaluationPlace } from '../../../dag/expression/evaluation-error.ts';
import { anyType, booleanType, listOf, recordOf, stringType } from '../../../dag/expression/types.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { parsed } from './evaluate.ts';

/** What the expression gives, and the parts that it read, in order. */
function run(
  text: string,
  parts: Readonly<Record<string, unknown>>,
  user: unknown = {},
): { value: unknown; read: string[] } {
  const read: string[] = [];
  const readers = Object.keys(parts).map((name) => {
    const reader = (values: readonly unknown[]) => {
      read.push(name);
      return (values[0] as Record<string, unknown>)[name];
    };
    return [name, reader] as const;
  });
  const paths: PathReaders = new Map([['params', new Map(readers)]]);
  const evaluate = compile(parsed(text), new Map([['user', 1]]), { paths });
  return { value: evaluate([parts, user]), read };
}

const params = {
  model: 'gbdt',
  'rank.model': 'mlp',
  on: true,
  off: false,
  weights: { a: 2 },
  list: [1, 2],
  none: null,
};

const reads = test.macro<[string, unknown, string[]]>({
  exec(t, text, value, read) {
    t.deepEqual(run(text, params), { value, read });
  },
  title: (_title = '', text) => `${text} reads what it reaches`,
});
test(reads, 'params.model', 'gbdt', ['model']);
test(reads, 'params["model"]', 'gbdt', ['model']);
test(reads, "params['rank.model']", 'mlp', ['rank.model']);
test(reads, 'params.?model.orValue("x")', 'gbdt', ['model']);
test(reads, 'params[?"model"].orValue("x")', 'gbdt', ['model']);
test(reads, 'params.?none.orValue("x")', 'x', ['none']);
test(reads, 'params.?weights.a.orValue(1)', 2, ['weights']);
test(reads, 'params.weights.a + params.weights["a"]', 4, ['weights', 'weights']);
test(reads, 'params.weights.?b.orValue(1)', 1, ['weights']);
test(reads, 'params.list[1]', 2, ['list']);
test(reads, 'has(params.model)', true, ['model']);
test(reads, 'has(params.none)', false, ['none']);
test(reads, 'params.none == null', true, ['none']);
test(reads, 'params.list.map(x, params.model)', ['gbdt', 'gbdt'], ['list', 'model', 'model']);
test(reads, '[1].map(params, params)', [1], []);
test(reads, '[{"model": 1}].map(params, params.model)', [1], []);
// What is not reached is not read.
test(reads, 'true ? 1 : params.model', 1, []);
test(reads, 'params.on ? params.model : params.none', 'gbdt', ['on', 'model']);
test(reads, 'params.off && params.on', false, ['off']);
test(reads, 'params.on || params.off', true, ['on']);
test(reads, 'user.?x.orValue(params.model)', 'gbdt', ['model']);
test(reads, 'params.?model.orValue(params.none)', 'gbdt', ['model']);
test(reads, '[].map(x, params.model)', [], []);
test(reads, '[1, 2].exists(x, x == 1 || params.on)', true, []);

test('a part without a value fails where it is needed, and is absent where it may lack', (t) => {
  const undefinedPart = { model: undefined };
  t.throws(() => run('params.model', undefinedPart), {
    code: 'INVALID_ARGUMENT',
    message: /^params\.model has no value here/,
  });
  t.is(run('params.?model.orValue(7)', undefinedPart).value, 7);
  t.false(run('has(params.model)', undefinedPart).value);
});

const refuses = test.macro<[string, string, RegExp]>({
  exec(t, text, under, message) {
    const error = t.throws(() => run(text, params), { instanceOf: HeddleError, code: 'INVALID_ARGUMENT', message });
    const place = error?.cause as EvaluationPlace | undefined;
    t.is(text.slice(place?.start, place?.end), under);
  },
  title: (_title = '', text) => `${text} is refused before it runs`,
});
const whole = /^params is read part by part, since each reading counts: name the part, as params\.x or params\["x"\]/;
for (const text of [
  'params',
  'params[user.name]',
  'params[0]',
  'has(params)',
  'size(params)',
  'params.map(k, k)',
  'params[?user.x].orValue(1)',
]) {
  test(refuses, text, 'params', whole);
}
test(refuses, '"a" in params ? 1 : 2', 'params', whole);
test(
  refuses,
  'user.a + params.modle',
  'params.modle',
  /params: no field "modle", there are model, .*; did you mean model\?/,
);
test(refuses, 'has(params.constructor)', 'params.constructor', /params: no field "constructor"/);
test(refuses, 'parms.model', 'parms', /there is no variable parms; did you mean params\?/);

const scope = {
  params: recordOf({ model: stringType, 'rank.model': stringType, on: booleanType }),
  user: anyType,
  items: listOf(anyType),
};

const finds = test.macro<[string, string[]]>({
  exec(t, text, expected) {
    const { problems } = checkTypes(parsed(text), scope, { partByPart: ['params'] });
    t.deepEqual(
      problems.map(({ message, start, end }) => `${text.slice(start, end)}: ${message}`),
      expected,
    );
  },
  title: (_title = '', text, expected) => `the checker finds ${expected.length} in ${text}`,
});
const sentence =
  'params: params is read part by part, since each reading counts: name the part, as params.x or params["x"]';
test(finds, 'params.model + params["rank.model"] + params.?model.orValue("")', []);
test(finds, 'items.map(params, params)', []);
test(finds, 'params.map(params, params)', [sentence]);
test(finds, 'has(params) && params[user.x] == true', [sentence, sentence]);
test(finds, 'items.filter(x, x in params)', [sentence]);
test(finds, 'params.rank.model', ['rank: params has no field "rank"; did you mean params["rank.model"]?']);

test('without such variables nothing of that kind is refused', (t) => {
  t.deepEqual(checkTypes(parsed('params[user.x]'), scope).problems, []);
});
