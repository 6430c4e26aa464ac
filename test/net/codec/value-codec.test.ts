// Codecs of plugins, as contracts meet them: names and ids of a thread, and values that come from strangers through them.

import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { cbor } from '../../../examples/custom-codec/cbor.ts';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bodyDepthMax } from '../../../net/codec/body-fault.ts';
import { addBuiltInCodecs, builtInCodecs, registerCodec } from '../../../net/codec/built-in-codecs.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import type { MethodCodec } from '../../../net/codec/method-codec.ts';
import { contentTypeOfCodec } from '../../../net/protocol/http/content-type.ts';
import { codecIds, emptyCallHead, emptyCallReply } from '../../../runtime/call.ts';
import { type CodecDefinition, CodecTable } from '../../../runtime/plugins/codec.ts';

/** Reads whatever the test has put here. */
let readValue: () => unknown = () => null;
const odd: CodecDefinition = {
  name: 'odd',
  id: 40,
  contentType: 'application/odd',
  read: () => readValue(),
  write: () => new Uint8Array(0),
};
const label: CodecDefinition = { name: 'protobuf', id: 41, contentType: 'application/x-protobuf' };
for (const definition of [cbor, odd, label]) registerCodec(definition);

const film = {
  type: 'record',
  name: 'Film',
  fields: [
    { name: 'title', type: 'string' },
    { name: 'year', type: 'int', default: 1900 },
    { name: 'id', type: 'long' },
    { name: 'poster', type: 'bytes' },
  ],
} as const;
const byAvro = avro(film, film);
const byZod = json(z.object({ title: z.string().min(1), tags: z.array(z.string()).default([]) }), z.any());
const anything = json(z.any(), z.any());

/** What the handler gets of a request in a codec, or the error's code and sentence. */
function received(codec: MethodCodec, id: number, body: Uint8Array): unknown {
  const head = { ...emptyCallHead(), codec: id };
  const source = Buffer.concat([Buffer.from('before'), body]);
  try {
    return codec.formFor(head, 'demo.Films/show')?.decode(source, 6, source.length);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
}

/** The body of a request or a reply in that codec. */
function sent(codec: MethodCodec, name: string, value: unknown): Buffer {
  const head = emptyCallHead();
  codec.writeRequest(value, head, name);
  return Buffer.from(head.source.subarray(head.bodyStart, head.bodyEnd));
}

function answered(codec: MethodCodec, id: number, value: unknown): unknown {
  const reply = emptyCallReply();
  codec.formFor({ ...emptyCallHead(), codec: id }, 'demo.Films/show')?.encode(value, reply);
  if (reply.codec !== id) throw new Error(`answered in codec ${reply.codec}`);
  return codec.readResponse(reply);
}

test('every JSON value comes through the codec of the example as it was', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const back = cbor.read!(Buffer.from(cbor.write!(value)));
      t.is(JSON.stringify(back), JSON.stringify(value));
    }),
  );
});

test('the codec of the example makes a million empty objects of a body at most, and no prototype of a key', (t) => {
  const maps = (count: number) => {
    const body = Buffer.alloc(5 + count, 0xa0);
    body[0] = 0x9a;
    body.writeUInt32BE(count, 1);
    return body;
  };
  t.is((cbor.read!(maps(999_999)) as unknown[]).length, 999_999);
  t.throws(() => cbor.read!(maps(1_000_000)), { message: 'it has over 1000000 arrays and maps' });
  const back = cbor.read!(Buffer.from('\xa1\x69__proto__\xa0', 'latin1')) as object;
  t.deepEqual(Object.keys(back), ['__proto__']);
  t.is(Object.getPrototypeOf(back), Object.prototype);
});

test('the codec of the example ends on any bytes, with a JSON value or an error', (t) => {
  const bytesOrMutation = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.jsonValue(), fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const written = Buffer.from(cbor.write!(value));
      written[at % written.length] = byte;
      return written;
    }),
  );
  fc.assert(
    fc.property(bytesOrMutation, (body) => {
      if (body.length === 0) return;
      const value = received(anything, cbor.id, body);
      if (typeof value === 'string' && value.includes(': ')) return;
      t.notThrows(() => JSON.stringify(value));
    }),
    { numRuns: 500 },
  );
});

test('a method by Avro reads and answers in it what it reads and answers in JSON', (t) => {
  const value = { title: 'Heat', id: 2n ** 60n, poster: Buffer.from('jpeg') };
  const whole = { ...value, year: 1900 };
  t.deepEqual(received(byAvro, cbor.id, sent(byAvro, 'cbor', value)), whole);
  t.deepEqual(answered(byAvro, cbor.id, value), whole);
  const short = { title: 'Heat', id: 1 };
  t.is(
    received(byAvro, cbor.id, cbor.write!(short)),
    received(byAvro, codecIds.json, Buffer.from(JSON.stringify(short))),
  );
  const nothing = avro('null');
  t.is(received(nothing, cbor.id, Buffer.alloc(0)), null);
  t.is(answered(nothing, cbor.id, undefined), null);
});

test('a method by zod checks and completes what comes in it', (t) => {
  t.deepEqual(received(byZod, cbor.id, sent(byZod, 'cbor', { title: 'Heat' })), { title: 'Heat', tags: [] });
  t.is(
    received(byZod, cbor.id, cbor.write!({ title: '' })),
    'INVALID_ARGUMENT: title: Too small: expected string to have >=1 characters',
  );
  t.deepEqual(answered(anything, cbor.id, { at: new Date(0), left: undefined }), { at: '1970-01-01T00:00:00.000Z' });
  t.is(answered(json(z.any()), cbor.id, 'dropped'), undefined);
});

test('what a codec throws or makes up is refused with its name, whatever the schema would take', (t) => {
  const refusal = (read: () => unknown) => {
    readValue = read;
    return received(anything, odd.id, Buffer.from('xx'));
  };
  const thrown = refusal(() => {
    throw new TypeError('byte 0 is odd');
  });
  t.is(thrown, 'INVALID_ARGUMENT: the body is not odd: byte 0 is odd');
  for (const [value, shown] of [
    [undefined, 'nothing'],
    [{ at: [1, new Date(0)] }, 'an object'],
    [{ at: [1, Number.NaN] }, 'NaN'],
    [{ at: [1, 1n] }, '1n'],
    [{ at: [1, Buffer.from('a')] }, '1 bytes'],
    [{ at: [1, new Map()] }, 'an object'],
  ] as const) {
    const place = value === undefined ? 'body' : 'at[1]';
    t.is(
      refusal(() => value),
      `INVALID_ARGUMENT: ${place}: odd read ${shown}, which JSON does not have`,
    );
  }
  const circle: unknown[] = [];
  circle.push(circle);
  t.regex(String(refusal(() => circle)), new RegExp(`nested deeper than ${bodyDepthMax} levels`));
  let bomb: unknown[] = [];
  for (let level = 0; level < 40; level++) bomb = [bomb, bomb];
  t.regex(String(refusal(() => bomb)), /unfolds to over 8 values per byte/);
  t.throws(() => sent(anything, 'odd', 1), {
    message: 'codec odd wrote 0 bytes instead of a Uint8Array with bytes in it',
  });
});

test('a codec that nobody has, or that carries no values, is refused with those that are possible', (t) => {
  t.is(
    received(byAvro, 77, Buffer.from('x')),
    'UNIMPLEMENTED: demo.Films/show can travel in avro or json or cbor or odd, not in codec 77; send it in one of those',
  );
  t.regex(String(received(byZod, label.id, Buffer.from('x'))), /not in protobuf \(codec 41\)/);
  t.throws(() => sent(byZod, 'cbro', {}), {
    message:
      'there is no codec "cbro" on this thread; there are bytes, json, avro, flatbuffers, cbor, odd, protobuf; did you mean cbor?',
  });
  t.throws(() => sent(byZod, 'protobuf', {}), { code: 'UNIMPLEMENTED' });
});

test('a codec without read and write labels the bytes of bytes()', (t) => {
  const head = emptyCallHead();
  bytes({ codec: 'protobuf' }).writeRequest(Buffer.from('x'), head, undefined);
  t.is(head.codec, label.id);
  t.is(contentTypeOfCodec(label.id), 'application/x-protobuf');
});

test('names, ids and content-types are checked and unique; a built-in keeps its own', (t) => {
  const table = new CodecTable();
  const add = (change: Partial<CodecDefinition>) => () =>
    table.add('test', { name: 'one', id: 16, contentType: 'application/one', ...change });
  const one = { name: 'one', id: 16, contentType: 'application/one' };
  table.add('test', one);
  table.add('test', one);
  t.throws(add({}), { code: 'ALREADY_EXISTS', message: 'there is a codec one already, from plugin test' });
  t.throws(add({ name: 'two' }), { message: 'codec two: the id 16 belongs to codec one; choose another' });
  t.throws(add({ name: 'two', id: 17 }), { message: /the content-type application\/one belongs to codec one/ });
  t.throws(add({ name: 'two', id: 15 }), { message: /its id must be a whole number from 16 to 254, not 15/ });
  t.throws(add({ name: 'two', id: 255 }), { code: 'INVALID_ARGUMENT' });
  t.throws(add({ name: 'json', id: 17 }), { message: /codec "json": its id is 1, not 17$/ });
  t.throws(add({ name: 'two', id: 17, contentType: 'text/plain; charset=utf-8' }), { message: /without parameters/ });
  t.throws(add({ name: 'two', id: 17, contentType: 'text/two', read: () => null }), {
    message: /needs both functions/,
  });
  // @ts-expect-error one that reads must write
  const readsOnly: CodecDefinition = { ...one, read: () => null };
  for (const wrong of [undefined, null, 'msgpack', readsOnly]) {
    t.throws(() => table.add('test', wrong as CodecDefinition), { code: 'INVALID_ARGUMENT', message: /^codec / });
  }
  t.throws(() => table.named('v8'), { code: 'INVALID_ARGUMENT' });
  t.notThrows(addBuiltInCodecs);
});

test('docs/codecs.md names the built-in codecs as they are', (t) => {
  const page = readFileSync(new URL('../../../docs/codecs.md', import.meta.url), 'utf8');
  for (const { name, id, contentType } of builtInCodecs) {
    t.true(page.includes(`| \`${name}\` | ${id} | \`${contentType}\` |`), name);
  }
});
