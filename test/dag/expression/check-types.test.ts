import test from 'ava';
import { checkTypes } from '../../../dag/expression/check-types.ts';
import { references } from '../../../dag/expression/references.ts';
import {
  anyType,
  formatType,
  listOf,
  mapOf,
  nullType,
  numberType,
  recordOf,
  stringType,
  unionOf,
} from '../../../dag/expression/types.ts';
import { parsed } from './evaluate.ts';

const scope = {
  user: recordOf({ id: stringType, age: unionOf([nullType, numberType]), tags: listOf(stringType) }),
  limits: mapOf(numberType),
  items: listOf(recordOf({ id: numberType, genre: stringType })),
  raw: anyType,
};

const types = test.macro<[string, string]>({
  exec(t, text, type) {
    const checked = checkTypes(parsed(text), scope);
    t.deepEqual(checked.problems, []);
    t.is(formatType(checked.type), type);
  },
  title: (_title = '', text, type) => `${text} is ${type}`,
});
test(types, 'user.age', 'null | number');
test(types, 'user.age + 1', 'number');
test(types, 'user.?age.orValue("x")', 'number | string');
test(types, 'items.filter(x, x.id > 1).map(x, x.genre)', 'list<string>');
test(types, 'items.sortBy(x, x.genre)[0]', '{ id: number, genre: string }');
test(types, 'items.map(x, {"a": x.id, "b": [x.genre]})', 'list<{ a: number, b: list<string> }>');
test(types, '{user.id: 1}', 'map<number>');
test(types, 'limits.map(k, limits[k])', 'list<number>');
test(types, 'items + [1]', 'list<{ id: number, genre: string } | number>');
test(types, 'raw.a[0].b + raw.c', 'any');
test(types, 'raw.a ? 1 : null', 'number | null');
test(types, 'user.id == null', 'boolean');
test(types, 'items.first().genre.split(",")', 'list<string>');

const problems = test.macro<[string, string, string]>({
  exec(t, text, message, under) {
    const found = checkTypes(parsed(text), scope).problems;
    t.deepEqual(
      found.map((problem) => [problem.message, text.slice(problem.start, problem.end)]),
      [[message, under]],
    );
  },
  title: (_title = '', text) => `finds what is wrong in ${text}`,
});
test(problems, 'user.tags.size() > usr', 'there is no usr here; did you mean user?', 'usr');
test(problems, '1 + user.agee', 'user has no field "agee"; did you mean age?', 'agee');
test(problems, 'has(user["agee"])', 'user has no field "agee"; did you mean age?', '"agee"]');
test(
  problems,
  'items.length',
  'items is list<{ id: number, genre: string }>, it has no field "length"; list[0] and list.map(x, …) read its items, size(list) counts them',
  'items.length',
);
test(problems, 'items["a"]', 'the index of a list must be a number, this is string', '"a"');
test(problems, 'limits[1]', 'a key of a map must be a string, this is number', '1');
test(problems, 'user.id[0]', 'user.id is string, it has no items', 'user.id[0]');
test(problems, 'user.tags.map(tag, tag * 2)', '* takes two numbers, this is string * number', 'tag * 2');
test(problems, 'user.tags.sum()', 'sum takes a list of numbers, this is list<string>', 'user.tags');
test(problems, 'user.id.all(x, true)', 'all goes over a list or the keys of a map, this is string', 'user.id');
test(
  problems,
  'items.sortBy(x, x)',
  'the key of sortBy is a number or a string, this is { id: number, genre: string }',
  'x',
);
test(problems, 'raw && user.id', 'what stands beside && must be a boolean, this is string', 'user.id');
test(problems, 'items.map(x, 1 / 0)', '1 / 0: divided by zero; guard it: b != 0 ? a / b : …', '1 / 0');

test('finds all mistakes at once, in the order of the text', (t) => {
  const found = checkTypes(parsed('usr.a + user.idd + (1 && true ? 2 : 3)'), scope).problems;
  t.deepEqual(
    found.map(({ start }) => start),
    [0, 13, 20],
  );
});

test('references are the paths of free variables, each once, without those of macros', (t) => {
  const of = (text: string) => references(parsed(text)).map((path) => path.join('.'));
  t.deepEqual(of('user.id + user.id + user["name"].first'), ['user.id', 'user.name.first']);
  t.deepEqual(of('recall.items.filter(x, x.score > min.score).map(y, y.id + x)'), ['recall.items', 'min.score', 'x']);
  t.deepEqual(of('x.map(x, x.y)'), ['x']);
  t.deepEqual(of('a[b.c].d + [1][0]'), ['a', 'b.c']);
  t.deepEqual(of('has(a.b) && a.?c.d.orValue(e) > size(f)'), ['a.b', 'a.c.d', 'e', 'f']);
  t.deepEqual(of('1 + 2'), []);
});
