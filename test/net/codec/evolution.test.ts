// Two versions of one contract, both ways round: a new caller at an old service, an old caller at a new service. Each
// row says what the service reads and what the caller gets back, or which field does not fit.

import test, { type ExecutionContext } from 'ava';
import { invoke } from '../../../net/client/stub.ts';
import { avro, schemaKey } from '../../../net/codec/avro-codec.ts';
import type { AvroSchema } from '../../../net/codec/avro-infer.ts';
import { learntFormsMax, learntTextMaxBytes } from '../../../net/codec/learnt-forms.ts';
import type { MethodCodec, MethodTypes } from '../../../net/codec/method-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';
import { Loopback } from '../loopback.ts';

interface AnyTypes extends MethodTypes {
  requestIn: unknown;
  responseIn: unknown;
}

type Codec = MethodCodec<AnyTypes>;

/** A service whose method keeps what it read and returns `answer`. */
function serve(codec: Codec, answer: unknown): { carrier: Loopback; read: unknown[] } {
  const read: unknown[] = [];
  const contract = service('demo.Echo', { echo: method(codec) });
  const carrier = new Loopback(
    implement(contract, {
      echo: (request) => {
        read.push(request);
        return answer;
      },
    }),
  );
  return { carrier, read };
}

function call(carrier: Loopback, codec: Codec, request: unknown): Promise<unknown> {
  return invoke(carrier, service('demo.Echo', { echo: method(codec) }).echo, request);
}

const codecOf = (request: AvroSchema, response: AvroSchema, accepts: [AvroSchema, AvroSchema][] = []): Codec =>
  avro(request, response, { accepts }) as Codec;

const record = (...fields: unknown[]): AvroSchema => ({ type: 'record', name: 'demo.Film', fields }) as AvroSchema;

interface Change {
  old: AvroSchema;
  new: AvroSchema;
  /** A value in the new schema, and how an old reader sees it (or why it can't). */
  fromNew: [unknown, unknown];
  /** A value in the old schema, and how a new reader sees it (or why it can't). */
  fromOld: [unknown, unknown];
}

const title = { name: 'title', type: 'string' };
const year = { name: 'year', type: 'int' };

const changes: Record<string, Change> = {
  'a field with a default is added': {
    old: record(title),
    new: record(title, { ...year, default: 1900 }),
    fromNew: [{ title: 'Heat', year: 1995 }, { title: 'Heat' }],
    fromOld: [{ title: 'Heat' }, { title: 'Heat', year: 1900 }],
  },
  'a field without a default is added': {
    old: record(title),
    new: record(title, year),
    fromNew: [{ title: 'Heat', year: 1995 }, { title: 'Heat' }],
    fromOld: [{ title: 'Heat' }, /\.year: .* needs int without a default, .* has no such field/],
  },
  'a field is removed': {
    old: record(title, { ...year, default: 1900 }),
    new: record(title),
    fromNew: [{ title: 'Heat' }, { title: 'Heat', year: 1900 }],
    fromOld: [{ title: 'Heat', year: 1995 }, { title: 'Heat' }],
  },
  'a field is renamed, with an alias': {
    old: record({ name: 'name', type: 'string' }),
    new: record({ ...title, aliases: ['name'] }),
    fromNew: [{ title: 'Heat' }, { name: 'Heat' }],
    fromOld: [{ name: 'Heat' }, { title: 'Heat' }],
  },
  'a record is renamed, with an alias': {
    old: { type: 'record', name: 'demo.Movie', fields: [{ name: 'title', type: 'string' }] },
    new: { type: 'record', name: 'demo.Film', aliases: ['Movie'], fields: [{ name: 'title', type: 'string' }] },
    fromNew: [{ title: 'Heat' }, { title: 'Heat' }],
    fromOld: [{ title: 'Heat' }, { title: 'Heat' }],
  },
  'fields change places': {
    old: record({ name: 'x', type: 'int' }, { name: 'y', type: 'int' }),
    new: record({ name: 'y', type: 'int' }, { name: 'x', type: 'int' }),
    fromNew: [
      { x: 1, y: 2 },
      { x: 1, y: 2 },
    ],
    fromOld: [
      { x: 1, y: 2 },
      { x: 1, y: 2 },
    ],
  },
  'int becomes long': {
    old: record(year),
    new: record({ name: 'year', type: 'long' }),
    fromNew: [{ year: 1995 }, /\.year: .* writes long, .* reads int/],
    fromOld: [{ year: 1995 }, { year: 1995 }],
  },
  'long becomes double': {
    old: record({ name: 'votes', type: 'long' }),
    new: record({ name: 'votes', type: 'double' }),
    fromNew: [{ votes: 5 }, /\.votes: .* writes double, .* reads long/],
    fromOld: [{ votes: 2n ** 60n }, { votes: 2 ** 60 }],
  },
  'a field becomes optional': {
    old: record(title, year),
    new: record(title, { name: 'year', type: ['null', 'int'], default: null }),
    fromNew: [{ title: 'Heat' }, /\.year: .* writes null, .* reads int/],
    fromOld: [
      { title: 'Heat', year: 1995 },
      { title: 'Heat', year: 1995 },
    ],
  },
  'an enum with a default grows': {
    old: record({ name: 'genre', type: { type: 'enum', name: 'G', symbols: ['DRAMA', 'OTHER'], default: 'OTHER' } }),
    new: record({
      name: 'genre',
      type: { type: 'enum', name: 'G', symbols: ['DRAMA', 'NOIR', 'OTHER'], default: 'OTHER' },
    }),
    fromNew: [{ genre: 'NOIR' }, { genre: 'OTHER' }],
    fromOld: [{ genre: 'DRAMA' }, { genre: 'DRAMA' }],
  },
  'an enum without a default grows': {
    old: record({ name: 'genre', type: { type: 'enum', name: 'G', symbols: ['DRAMA'] } }),
    new: record({ name: 'genre', type: { type: 'enum', name: 'G', symbols: ['DRAMA', 'NOIR'] } }),
    fromNew: [{ genre: 'DRAMA' }, /\.genre: .* may send "NOIR" of enum demo.G/],
    fromOld: [{ genre: 'DRAMA' }, { genre: 'DRAMA' }],
  },
  'a union grows': {
    old: record({ name: 'rank', type: ['null', 'int'] }),
    new: record({ name: 'rank', type: ['null', 'double', 'string'] }),
    fromNew: [{ rank: null }, /\.rank: .* writes double, .* reads null \| int/],
    fromOld: [{ rank: 7 }, { rank: 7 }],
  },
  'text becomes bytes': {
    old: record({ name: 'note', type: 'string' }),
    new: record({ name: 'note', type: 'bytes' }),
    fromNew: [{ note: Buffer.from('é') }, { note: 'é' }],
    fromOld: [{ note: 'é' }, { note: Buffer.from('é') }],
  },
  'records deep inside change': {
    old: record({
      name: 'cast',
      type: { type: 'array', items: { type: 'map', values: { type: 'record', name: 'Actor', fields: [title] } } },
    }),
    new: record({
      name: 'cast',
      type: {
        type: 'array',
        items: { type: 'map', values: { type: 'record', name: 'Actor', fields: [{ ...year, default: 0 }, title] } },
      },
    }),
    fromNew: [{ cast: [{ lead: { title: 'Pacino', year: 1940 } }] }, { cast: [{ lead: { title: 'Pacino' } }] }],
    fromOld: [{ cast: [{ lead: { title: 'Pacino' } }] }, { cast: [{ lead: { title: 'Pacino', year: 0 } }] }],
  },
  'a record that holds itself changes': {
    old: record(title, { name: 'sequel', type: ['null', 'demo.Film'], default: null }),
    new: record({ name: 'sequel', type: ['null', 'demo.Film'], default: null }, title, { ...year, default: 0 }),
    fromNew: [
      { title: 'A', year: 1, sequel: { title: 'B', year: 2, sequel: null } },
      { title: 'A', sequel: { title: 'B', sequel: null } },
    ],
    fromOld: [
      { title: 'A', sequel: { title: 'B', sequel: null } },
      { title: 'A', year: 0, sequel: { title: 'B', year: 0, sequel: null } },
    ],
  },
};

/** `writer` calls a service that reads by `reader` (the response does not change), with a value of the writer's. */
async function requestPasses(
  t: ExecutionContext,
  writer: AvroSchema,
  reader: AvroSchema,
  [given, expected]: [unknown, unknown],
): Promise<void> {
  const { carrier, read } = serve(codecOf(reader, 'int'), 5);
  const calling = call(carrier, codecOf(writer, 'int'), given);
  if (expected instanceof RegExp) {
    await t.throwsAsync(calling, { code: 'FAILED_PRECONDITION', message: expected });
    t.deepEqual(read, []);
    return;
  }
  t.is(await calling, 5);
  t.deepEqual(read, [expected]);
}

/** The same for a response: the service answers by `writer`, its caller reads by `reader`. */
async function responsePasses(
  t: ExecutionContext,
  writer: AvroSchema,
  reader: AvroSchema,
  [given, expected]: [unknown, unknown],
): Promise<void> {
  const calling = call(serve(codecOf('null', writer), given).carrier, codecOf('null', reader), null);
  if (expected instanceof RegExp) await t.throwsAsync(calling, { code: 'FAILED_PRECONDITION', message: expected });
  else t.deepEqual(await calling, expected);
}

for (const [what, change] of Object.entries(changes)) {
  test(`new caller, old service: ${what}`, async (t) => {
    await requestPasses(t, change.new, change.old, change.fromNew);
    await responsePasses(t, change.old, change.new, change.fromOld);
  });
  test(`old caller, new service: ${what}`, async (t) => {
    await requestPasses(t, change.old, change.new, change.fromOld);
    await responsePasses(t, change.new, change.old, change.fromNew);
  });
}

const oldFilm = record(title);
const newFilm = record(title, { ...year, default: 1900 });

test('brings its schemas once, and is known from then on', async (t) => {
  const { carrier } = serve(codecOf(newFilm, 'int'), 1);
  const caller = codecOf(oldFilm, 'int');
  await call(carrier, caller, { title: 'A' });
  await call(carrier, caller, { title: 'B' });
  t.deepEqual(
    carrier.seen.map(({ metadata }) => metadata.has(schemaKey)),
    [false, true, false],
  );
  t.deepEqual(
    carrier.seen.map(({ head }) => head.attempt),
    [1, 2, 1],
  );
});

test('does not ask for a version that the contract accepts', async (t) => {
  const { carrier, read } = serve(codecOf(newFilm, 'int', [[oldFilm, 'int']]), 1);
  await call(carrier, codecOf(oldFilm, 'int'), { title: 'A' });
  t.is(carrier.seen.length, 1);
  t.deepEqual(read, [{ title: 'A', year: 1900 }]);
});

test('refuses a contract that accepts what it can not read', (t) => {
  t.throws(() => codecOf(record(year), 'int', [[record(title), 'int']]), {
    code: 'FAILED_PRECONDITION',
    message: /request\.year: this service needs int/,
  });
});

test('remembers that a version does not fit', async (t) => {
  const { carrier } = serve(codecOf(record(year), 'int'), 1);
  const caller = codecOf(record(title), 'int');
  await t.throwsAsync(call(carrier, caller, { title: 'A' }), { message: /does not fit: request\.year/ });
  await t.throwsAsync(call(carrier, caller, { title: 'A' }), { message: /does not fit: request\.year/ });
  t.is(carrier.seen.length, 3);
});

test('a response that the caller can not read fails before the handler runs', async (t) => {
  const { carrier, read } = serve(codecOf('null', 'string'), 'x');
  await t.throwsAsync(call(carrier, codecOf('null', 'int'), null), {
    message: /response: this service writes string, the caller reads int/,
  });
  t.deepEqual(read, []);
});

test('checks what a handler returns for an old caller too', async (t) => {
  const { carrier } = serve(codecOf('null', newFilm), { title: 'Heat', year: 'x' });
  await t.throwsAsync(call(carrier, codecOf('null', oldFilm), null), {
    code: 'INTERNAL',
    message: /year: expected int, got "x"/,
  });
});

test('forgets the version that was longest unused, and learns it again', async (t) => {
  const { carrier } = serve(codecOf(newFilm, 'int'), 1);
  const versions = Array.from({ length: learntFormsMax + 1 }, (_, index) =>
    codecOf(record(title, { name: `f${index}`, type: 'int', default: 0 }), 'int'),
  );
  const [first, second] = versions as [Codec, Codec];
  for (const version of versions.slice(0, learntFormsMax)) await call(carrier, version, { title: 'A' });
  await call(carrier, first, { title: 'A' });
  await call(carrier, versions[learntFormsMax]!, { title: 'A' });
  const calls = async (version: Codec): Promise<number> => {
    const before = carrier.seen.length;
    await call(carrier, version, { title: 'A' });
    return carrier.seen.length - before;
  };
  t.is(await calls(first), 1);
  t.is(await calls(second), 2);
});

test('forgets versions by the length of their schemas too, and learns them again', async (t) => {
  const { carrier } = serve(codecOf(newFilm, 'int'), 1);
  const textBytes = 14_000;
  const note = { name: 'note', type: 'string', default: 'x'.repeat(textBytes) };
  const versions = Array.from({ length: Math.ceil(learntTextMaxBytes / textBytes) }, (_, index) =>
    codecOf(record(title, note, { name: `g${index}`, type: 'int', default: 0 }), 'int'),
  );
  for (const version of versions) await call(carrier, version, { title: 'A' });
  const before = carrier.seen.length;
  await call(carrier, versions.at(-1)!, { title: 'A' });
  t.is(carrier.seen.length, before + 1);
  await call(carrier, versions[0]!, { title: 'A' });
  t.is(carrier.seen.length, before + 3);
});
