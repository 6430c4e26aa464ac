import { readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { strategySchema } from '../../../dag/file/schema.ts';
import { strategyJsonSchema } from '../../../dag/file/strategy-json-schema.ts';
import { referenceExample, strategyReference } from '../../../dag/file/strategy-reference.ts';
import { keysOf } from '../../../document/declare.ts';
import type { Key, Type } from '../../../document/types.ts';
import { graph, problemsOf, read } from './read.ts';
import { richFile } from './rich-graph.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('docs/strategies-reference.md and strategy.schema.json are what the schema says (node dag/generate-docs.ts)', (t) => {
  t.is(readFileSync(new URL('strategies-reference.md', docs), 'utf8'), strategyReference());
  t.deepEqual(JSON.parse(readFileSync(new URL('strategy.schema.json', docs), 'utf8')), strategyJsonSchema());
});

/** Every key of the schema with its path. */
function* allKeys(type: Type, path: string): Generator<[string, Key<Type>]> {
  if (type.kind === 'map' || type.kind === 'list') yield* allKeys(type.of, `${path}.*`);
  if (type.kind === 'either') yield* allKeys(type.long, path);
  if (type.kind !== 'object') return;
  for (const [name, key] of keysOf(type.keys)) {
    yield [`${path}.${name}`, key];
    yield* allKeys(key.type, `${path}.${name}`);
  }
}

test('every key says what it is, and why its default is what it is', (t) => {
  const keys = [...allKeys(strategySchema, '')];
  t.true(keys.length > 80);
  for (const [path, key] of keys) {
    t.regex(key.what, /^[A-Za-z`].*\.$/, path);
    const isSection = key.presence === 'default' && key.default === undefined;
    if (!isSection) t.regex(key.why, /^.{10,}\.$/, path);
  }
});

test('every key stands in the reference and in the JSON Schema', (t) => {
  const reference = strategyReference();
  const json = JSON.stringify(strategyJsonSchema());
  for (const [path, key] of allKeys(strategySchema, '')) {
    t.true(reference.includes(key.what.replaceAll('|', '\\|')), path);
    t.true(json.includes(JSON.stringify(key.what).slice(1, -1)), path);
  }
});

test('the example of the reference is right', (t) => t.is(problemsOf(referenceExample), ''));

type Schema = Parameters<typeof z.fromJSONSchema>[0];

// Zod lets a key pass that one side of a "oneOf" and what stands beside it knows; so it is asked without them, too.
const whole = JSON.stringify(strategyJsonSchema());
const withoutOneOf = JSON.stringify(strategyJsonSchema(), (name, value) => (name === 'oneOf' ? undefined : value));
const editors = [whole, withoutOneOf].map((schema) => z.fromJSONSchema(JSON.parse(schema) as Schema));

function underlined(text: string): string[] {
  return editors.flatMap((editor) => editor.safeParse(parse(text)).error?.message ?? []);
}

const rightTexts = [
  referenceExample,
  richFile,
  graph({ a: '{ value: 1 }' }, 'layers:\ntests:\ndegrade:\n'),
  graph({ a: '{ run: ./a.ts#a, timeout: none, hedge: { after: p50 }, breaker: none }' }, 'budget: { total: none }\n'),
];

for (const [at, text] of rightTexts.entries()) {
  test(`an editor accepts right text ${at}`, (t) => {
    t.is(problemsOf(text), '');
    t.deepEqual(underlined(text), []);
  });
}

const wrongTexts = [
  'strategy: a\noutput: 1\n',
  graph({ a: '{ value: 1 }' }, 'layer: {}\n'),
  graph({ a: '{ value: 1, tmeout: 1ms }' }),
  graph({ a: '{ timeout: 1ms }' }),
  graph({ a: '{ run: ./a.ts#a, value: 1 }' }),
  graph({ a: '{ run: ./a.ts }' }),
  graph({ a: '{ call: ./a.ts#a }' }),
  graph({ a: '{ run: ./a.ts#a, timeout: 30 }' }),
  graph({ a: '{ run: ./a.ts#a, hedge: 95 }' }),
  graph({ a: '{ run: ./a.ts#a, retry: { attempt: 2 } }' }),
  graph({ a: '{ run: ./a.ts#a, fallback: [{ vaule: 1 }] }' }),
  graph({ a: '{ run: ./a.ts#a, foreach: { in: request.x } }' }),
  graph({ a: '{ value: 1, join: most }' }),
  graph({ request: '{ value: 1 }' }),
  graph({ 'a-b': '{ value: 1 }' }),
  graph({ a: '{ value: 1 }' }, 'degrade: { levels: { 11: {} } }\n'),
  graph({ a: '{ value: 1 }' }, 'degrade: { signals: [{ level: 1, signal: load, above: 1 }] }\n'),
  graph({ a: '{ value: 1 }' }, 'tests: [{ nam: x }]\n'),
  graph({ a: '{ value: 1 }' }, 'report: [paths]\n'),
];

for (const text of wrongTexts) {
  test(`an editor underlines ${text.replace(/strategy: feed\nnodes:\n|output: 1\n/g, '').trim()}`, (t) => {
    t.true(read(text).problems.length > 0);
    t.true(underlined(text).length > 0);
  });
}
