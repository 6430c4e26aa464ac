// What a change of settings takes: every setting is in one class, and what is taken over leaves nothing of itself.

import test from 'ava';
import fc from 'fast-check';
import { keyChange } from '../../../config/key-changes.ts';
import { schema } from '../../../config/schema.ts';
import { keysOf } from '../../../document/declare.ts';
import type { Type } from '../../../document/types.ts';
import { changeOf } from '../../../net/server/settings-change.ts';
import { settingsOf } from '../../faults/rig.ts';

/** Every key that has a value of its own. */
function* leaves(type: Type, path: string): Generator<string> {
  if (type.kind === 'map') yield* leaves(type.of, `${path}.*`);
  else if (type.kind === 'list') yield* hasKeys(type.of) ? leaves(type.of, `${path}.*`) : [path];
  else if (type.kind === 'either') yield* [path, ...leaves(type.long, path)];
  else if (type.kind !== 'object') yield path;
  else for (const [name, key] of keysOf(type.keys)) yield* leaves(key.type, path === '' ? name : `${path}.${name}`);
}

function hasKeys({ kind }: Type): boolean {
  return kind === 'object' || kind === 'either' || kind === 'map';
}

/** Lists may be short or long; each form is a key's value by itself. */
const notWritten = new Set(['services.*.listen.*', 'plugins.*']);

test('of every key it is said how it changes', (t) => {
  const unsaid = [...leaves(schema, '')].filter((path) => !notWritten.has(path) && keyChange(path) === undefined);
  t.deepEqual(unsaid, []);
  t.is(keyChange('pools.*.unheard'), undefined);
  t.is(keyChange('services.*.listen.*.unheard'), undefined);
  t.is(keyChange('unheard'), undefined);
});

const base = `
plugins: [./side.ts]
io: { threads: 1 }
pools: { a: { threads: 1 }, b: { threads: 2 } }
services:
  faults.Work: { module: ./work.ts, pool: a, listen: ["heddle://127.0.0.1:7001", "http://127.0.0.1:7002"] }
  faults.Other: { module: ./work.ts, pool: b, listen: ["heddle://127.0.0.1:7001"] }
clients:
  faults.Far: { target: "heddle://10.0.0.1:7001" }
`;

/** The paths of each class, of a change by these lines. */
function classes(before: string, after: string) {
  const { live, roll, restart } = changeOf(settingsOf(before), settingsOf(after));
  return { live, roll: Object.fromEntries(roll), restart };
}

const nothing = { live: [], roll: {}, restart: [] };

test('the order of things with names is no change, nor is a default that is written down', (t) => {
  const turned = base.replace(
    'a: { threads: 1 }, b: { threads: 2 }',
    'b: { threads: 2 }, a: { threads: 1, timeout: 30s }',
  );
  t.deepEqual(classes(base, turned), nothing);
  const [one, other] = ['d: { count: 1 }', 'e: { count: 2 }'];
  t.deepEqual(classes(`${base}degraders: { ${one}, ${other} }\n`, `${base}degraders: { ${other}, ${one} }\n`), nothing);
});

test('what names a filter or compressor of a plugin that is only listed now waits for the restart with it', (t) => {
  const wishes = base
    .replace('pool: a,', 'pool: a, filters: [auth],')
    .replace('7001" }\n', '7001", filters: [auth], compression: own }\n');
  const rolled = classes(base, wishes);
  t.deepEqual(rolled.restart, []);
  t.deepEqual(Object.keys(rolled.roll), ['a', 'b'], 'without a new plugin it may be one that runs');
  const after = `${wishes.replace('[./side.ts]', '[./side.ts, ./work.ts]')}filters: [trace]\nlimits: { requests: 77 }\n`;
  t.deepEqual(classes(base, after), {
    live: ['limits.requests'],
    roll: {},
    restart: [
      'plugins',
      'services.faults.Work.filters',
      'clients.faults.Far.filters',
      'clients.faults.Far.compression',
      'filters',
    ],
  });
});

const replaced = test.macro({
  exec: (t, from: string, to: string, expected: Partial<ReturnType<typeof classes>>) => {
    t.true(base.includes(from));
    t.deepEqual(classes(base, base.replace(from, to)), { ...nothing, ...expected });
  },
  title: (_, from, to) => `${from} → ${to}`,
});

test(replaced, 'a: { threads: 1 }', 'a: { threads: 2, timeout: 1s, maxFibers: 3, queue: 64, memory: 64MiB }', {
  live: ['pools.a.maxFibers', 'pools.a.timeout'],
  roll: { a: ['pools.a.threads', 'pools.a.memory'] },
  restart: ['pools.a.queue'],
});
test(replaced, 'pool: a', 'pool: b', { restart: ['services.faults.Work.pool'] });
test(replaced, 'pool: a', 'pool: a, methods: { echoMs: { timeout: 1s } }, limiters: [x], maxConcurrency: 3', {
  live: ['services.faults.Work.methods.echoMs.timeout', 'services.faults.Work.maxConcurrency'],
  restart: ['services.faults.Work.limiters'],
});
test(replaced, './work.ts, pool: b', './front.ts, pool: b', { roll: { b: ['services.faults.Other.module'] } });
test(replaced, '"http://127.0.0.1:7002"', '{ address: "http://127.0.0.1:7002", idleTimeout: 1s, frame: 2MB }', {
  live: ['services.faults.Work.listen.2.idleTimeout'],
  restart: ['services.faults.Work.listen.2.frame'],
});
test(replaced, '"http://127.0.0.1:7002"', '"http://127.0.0.1:7003"', { restart: ['services.faults.Work.listen.2'] });
test(replaced, '10.0.0.1:7001"', '10.0.0.2:7001", retryPercent: 3, via: caller, filters: [sign], compression: gzip', {
  live: ['clients.faults.Far.target', 'clients.faults.Far.retryPercent'],
  roll: {
    a: ['clients.faults.Far.filters', 'clients.faults.Far.compression', 'clients.faults.Far.compressAbove'],
    b: ['clients.faults.Far.filters', 'clients.faults.Far.compression', 'clients.faults.Far.compressAbove'],
  },
  restart: ['clients.faults.Far.via'],
});
test(
  replaced,
  'io: {',
  'jobs: { tick: { run: "./work.ts#tick", every: 1s, pool: b } }\nguardian: { enabled: false }\nio: {',
  {
    roll: { b: ['jobs.tick'] },
    restart: ['guardian.enabled'],
  },
);
test(replaced, 'b: { threads: 2 }', 'b: { threads: 2 }, c: {}', { restart: ['pools.c'] });
test(replaced, 'io: { threads: 1 }', 'io: { threads: 1, memory: 64MiB }', { live: ['io.memory'] });
test(replaced, 'io: { threads: 1 }', 'io: { threads: 1, memory: 2MiB }\nlimits: { frame: 1MiB }', {
  restart: ['io.memory', 'services.faults.Work.listen.1.frame', 'services.faults.Work.listen.2.frame'],
});

test('what runs on io needs a restart where a pool would roll', (t) => {
  const onIo = base.replace('pool: a', 'pool: io');
  const after = onIo
    .replace('./work.ts, pool: io', './front.ts, asyncContext: true, pool: io')
    .concat('filters: [f]\n');
  t.deepEqual(classes(onIo, after).roll, {});
  t.deepEqual(classes(onIo, after).restart, [
    'filters',
    'services.faults.Work.module',
    'services.faults.Work.asyncContext',
  ]);
});

test('a client whose addresses come from elsewhere keeps them until the restart', (t) => {
  const [before, after] = [settingsOf(base), settingsOf(base)];
  const named = { ...after.clients[0]!, addresses: [], naming: { scheme: 'consul', text: 'far' } };
  const { merged, live, restart } = changeOf(before, { ...after, clients: [named] });
  t.deepEqual(merged.clients, before.clients);
  t.deepEqual({ live, restart }, { live: [], restart: ['clients.faults.Far.target'] });
});

/** One of the values, or the default. */
const some = (...values: unknown[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const timeouts = { timeout: some('1s', '2s', 'none') };
const pool = fc.record({
  ...timeouts,
  threads: some(1, 2),
  maxFibers: some(1, 9),
  queue: some(64),
  memory: some('64MiB'),
  stallLimit: some('9s'),
});
const listen = fc.record({
  address: fc.constantFrom('heddle://127.0.0.1:7001', 'http://127.0.0.1:7002', 'http://127.0.0.1:7003'),
});
const service = fc.record({
  ...timeouts,
  module: fc.constantFrom('./work.ts', './front.ts'),
  pool: fc.constantFrom('io', 'a', 'default'),
  maxConcurrency: some(1, 2),
  asyncContext: some(true),
  compressAbove: fc.constant(undefined),
  filters: some(['f'], ['g']),
  methods: some({ echo: { timeout: '5s' } }, { echoMs: { timeout: '6s' } }),
  listen: fc.uniqueArray(listen, { maxLength: 2, selector: ({ address }) => address }),
});
/** A frame has to fit into the memory. */
const sizes = fc.constantFrom([undefined, undefined], ['64MiB', undefined], ['2MiB', '1MB'], ['64MiB', '1MB']);

const job = fc.record({
  run: fc.constantFrom('./work.ts#a', './work.ts#b'),
  every: fc.constantFrom('1s', '2s'),
  pool: fc.constantFrom('io', 'a', 'default'),
  input: some({ x: 1 }, { x: 2 }),
});
const client = fc.record({
  ...timeouts,
  target: fc.constantFrom('heddle://h:1', 'heddle://h:2', 'consul://far', 'consul://near'),
  filters: some(['f']),
  frame: some('1MB'),
  connections: some(1, 2),
});
const config = fc
  .record({
    sizes,
    io: fc.record({ threads: some(1, 2), maxNested: some(3) }),
    pools: fc.record({ a: pool }),
    services: fc.dictionary(fc.constantFrom('faults.A', 'faults.B', 'faults.C'), service, { minKeys: 1 }),
    jobs: fc.dictionary(fc.constantFrom('j', 'k'), job),
    clients: fc.dictionary(fc.constantFrom('faults.D', 'faults.E'), client),
    plugins: fc.constant(['./side.ts']),
    filters: some(['h']),
    degraders: some({ d: { count: 1 } }, { d: { perSecond: 1 } }, { e: { count: 1 } }),
    limits: fc.record({ connections: some(5), deny: some(['10.0.0.1']), idleTimeout: some('7s') }),
    log: fc.record({ level: some('silent', 'fatal'), levels: some({ xMs: 'info' }, { x: 'warn' }) }),
    guardian: some({ enabled: false }, { restarts: 1 }),
    quarantine: some({ kills: 7 }),
    metrics: some({ series: 7 }),
  })
  .map(({ sizes: [memory, frame], io, limits, ...rest }) =>
    settingsOf(toYaml({ ...rest, io: { ...io, memory }, limits: { ...limits, frame } })),
  );

/** JSON in its sections, so that settingsOf sees those at the beginning of a line. */
function toYaml(written: object): string {
  return Object.entries(written)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n');
}

test('what was taken over leaves nothing to take over, and what needs a restart stays named', (t) => {
  fc.assert(
    fc.property(config, config, (before, after) => {
      const first = changeOf(before, after);
      const second = changeOf(first.merged, after);
      t.deepEqual([second.live, [...second.roll.keys()]], [[], []]);
      t.deepEqual(new Set(second.restart), new Set(first.restart));
      const withoutRolls = changeOf(before, after, { mayRoll: false });
      t.deepEqual(withoutRolls.live, first.live);
      t.is(withoutRolls.roll.size, 0);
      const nothing = changeOf(before, after, { mayRoll: false, held: new Set(first.live) });
      t.deepEqual([nothing.live, changeOf(before, nothing.merged).live], [[], []]);
      t.deepEqual(changeOf(before, before), { merged: before, live: [], roll: new Map(), restart: [] });
    }),
    { numRuns: 300 },
  );
});
