import { readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { defaultsYaml } from '../../config/defaults-yaml.ts';
import { jsonSchema } from '../../config/json-schema.ts';
import { configReference } from '../../config/reference.ts';
import { schema } from '../../config/schema.ts';
import { keysOf } from '../../document/declare.ts';
import type { Key, Type } from '../../document/types.ts';
import { least, problemsOf, read, settled } from './read.ts';

const docs = new URL('../../docs/', import.meta.url);

test('docs/config.md and docs/heddle.schema.json are what the schema says (node config/generate-docs.ts)', (t) => {
  t.is(readFileSync(new URL('config.md', docs), 'utf8'), configReference());
  t.deepEqual(JSON.parse(readFileSync(new URL('heddle.schema.json', docs), 'utf8')), jsonSchema());
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

test('every key says what it is and why its default is what it is', (t) => {
  const keys = [...allKeys(schema, '')];
  t.true(keys.length > 60);
  for (const [path, key] of keys) {
    t.regex(key.what, /^[A-Z`].*\.$/, path);
    const isSection = key.presence === 'default' && key.default === undefined;
    if (isSection) continue;
    t.regex(key.why, /^.{10,}\.$/, path);
    t.true(key.default !== undefined || key.otherwise !== undefined || key.presence === 'required', path);
  }
});

test('every key stands in the reference, in the JSON Schema and among the defaults', (t) => {
  const reference = configReference();
  const json = JSON.stringify(jsonSchema());
  const defaults = defaultsYaml();
  for (const [path, key] of allKeys(schema, '')) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    t.true(reference.includes(key.what), path);
    t.true(json.includes(JSON.stringify(key.what).slice(1, -1)), path);
    t.regex(defaults, new RegExp(`\\b${name}:`), path);
  }
});

test('the defaults lack nothing but services', (t) => {
  t.regex(problemsOf(defaultsYaml()), /^heddle.yaml:1:1: services is missing: .*\n.*\n +\^$/);
});

test('the defaults written out mean the same as nothing written', (t) => {
  const written = settled(t, `${defaultsYaml()}${least}`).settings;
  t.deepEqual(written, settled(t, least).settings);
});

test('the examples among the defaults are right once they are uncommented', (t) => {
  const text = defaultsYaml();
  const services = text.replace(/^# ([a-z]+:| {2}.*)$/gm, '$1');
  const { settings } = settled(t, services);
  t.is(settings.services[0]?.name, 'demo.Greeter');
  t.is(settings.clients[0]?.addresses.length, 2);
  t.regex(settings.plugins[0]!.moduleUrl, /audit\.ts$/);
  const all = services.replace(/^( *)# (methods:|levels:| {2}(?:greet|acceptor).*)$/gm, '$1$2');
  t.deepEqual(settled(t, all).settings.log.levels, { acceptor: 'debug' });
});

test('the example of the reference is right', (t) => {
  const example = /```yaml\n([\s\S]*?)```/.exec(configReference())?.[1];
  t.is(settled(t, example ?? '').settings.services[0]?.pool, 'ranking');
});

const editor = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

test('an editor accepts what the checker accepts, and underlines the plain mistakes', (t) => {
  for (const right of [
    least,
    `${defaultsYaml()}${least}`,
    `pools:\nio: { threads: 2 }\nservices: { A: { module: greeter.ts, pool: { threads: 2 }, listen: ["http://[::1]:0", { address: "heddle://localhost:70" }] } }`,
    `clients: { a.B: { target: "heddle://a:1,b:2", timeout: none } }\nlimits: { deny: ["::1/64"], connectionsPerIp: 0 }\n${least}`,
  ]) {
    t.is(problemsOf(right), '');
    t.true(editor.safeParse(parse(right)).success, editor.safeParse(parse(right)).error?.message);
  }
  for (const wrong of [
    '{}',
    `io: { thread: 2 }\n${least}`,
    `io: { threads: 65 }\n${least}`,
    `pools: { io: {} }\n${least}`,
    `limits: { frame: 10 }\n${least}`,
    `limits: { idleTimeout: 5 min }\n${least}`,
    `log: { level: loud }\n${least}`,
    'services: { a-b: { module: ./greeter.ts } }',
    'services: { A: { pool: io } }',
    'services: { A: { module: greeter.ts, listen: ["TCP://a:1"] } }',
  ]) {
    t.true(read(wrong).problems.length > 0, wrong);
    t.false(editor.safeParse(parse(wrong)).success, wrong);
  }
});
