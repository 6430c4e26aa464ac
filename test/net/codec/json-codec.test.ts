// json() and bytes(): what travels, and what is refused.

import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { invoke } from '../../../net/client/stub.ts';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { parseJsonBody } from '../../../net/codec/json-text.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';
import { codecIds } from '../../../runtime/call.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { Loopback } from '../loopback.ts';

const request = z.object({ films: z.array(z.object({ year: z.number() })), at: z.iso.datetime().optional() });
const Films = service('demo.Films', {
  count: method(json(request, z.object({ count: z.number(), note: z.string().default('none') }))),
  // What goes in is text, what the handler gets is a number.
  double: method(json(z.object({ n: z.string().transform(Number) }), z.number())),
  log: method(json(z.object({ line: z.string() }))),
});

function films(count: unknown = 1): Loopback {
  return new Loopback(
    implement(Films, {
      count: () => count as { count: number },
      double: ({ n }) => n * 2,
      log() {},
    }),
  );
}

test('checks a request and names the path', async (t) => {
  const bad = { films: [{ year: 1995 }, { year: 'x' }] } as never;
  await t.throwsAsync(invoke(films(), Films.count, bad), {
    code: 'INVALID_ARGUMENT',
    message: 'films[1].year: Invalid input: expected number, received string',
  });
});

test('bounds what an error says', async (t) => {
  const bad = { films: Array.from({ length: 100 }, () => ({ year: 'x'.repeat(1000) })) } as never;
  const error = await t.throwsAsync(invoke(films(), Films.count, bad));
  t.true(error!.message.endsWith('; and 95 more'));
  t.true(error!.message.length < 1000);
});

test('checks what a handler returns', async (t) => {
  await t.throwsAsync(invoke(films({ count: '1' }), Films.count, { films: [] }), {
    code: 'INTERNAL',
    message: /handler of demo.Films\/count returned .*: count: Invalid input/,
  });
});

test('fills in defaults and keeps to itself what the schema does not name', async (t) => {
  const response = await invoke(films({ count: 1, secret: 'x' }), Films.count, { films: [] });
  t.deepEqual(response, { count: 1, note: 'none' });
});

test('transforms a request once, at the service', async (t) => {
  t.is(await invoke(films(), Films.double, { n: '21' }), 42);
});

test('answers nothing where there is no response', async (t) => {
  t.is(await invoke(films(), Films.log, { line: 'x' }), undefined);
});

const unfit = test.macro({
  exec(t, define: () => unknown, message: RegExp) {
    t.throws(define, { code: 'INVALID_ARGUMENT', message });
  },
  title: (title) => `refuses at definition ${title}`,
});

test('a date', unfit, () => json(z.object({ at: z.date() })), /request can't travel as JSON: Date/);
test('a bigint', unfit, () => json(z.null(), z.bigint()), /response can't travel as JSON: BigInt/);
test('a map', unfit, () => json(z.map(z.string(), z.string())), /request can't travel as JSON: Map/);
test(
  'a response that transforms',
  unfit,
  () => json(z.null(), z.string().transform(Number)),
  /response can't travel|response transforms/,
);
test(
  'a response with a codec',
  unfit,
  () => json(z.null(), z.codec(z.string(), z.number(), { decode: Number, encode: String })),
  /response transforms/,
);
test('what is no schema', unfit, () => json({} as never), /must be a zod 4 schema/);

test('a check that fails to run is INTERNAL', async (t) => {
  const Slow = service('demo.Slow', { go: method(json(z.string().refine(async () => true))) });
  const carrier = new Loopback(implement(Slow, { go() {} }));
  await t.throwsAsync(invoke(carrier, Slow.go, 'x'), { code: 'INTERNAL', message: /must be synchronous/ });
});

test('a value without a JSON form does not leave the caller', async (t) => {
  const carrier = films();
  await t.throwsAsync(invoke(carrier, Films.log, { line: 1n } as never), {
    code: 'INVALID_ARGUMENT',
    message: /the request of demo.Films\/log: the value has no JSON form/,
  });
  t.is(carrier.seen.length, 0);
});

test('a JSON body is refused or read, whatever its bytes', (t) => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(body, (bytes) => {
      const source = Buffer.from(bytes);
      try {
        const value = parseJsonBody(source, 0, source.length);
        t.deepEqual(value, JSON.parse(source.toString()));
      } catch (error) {
        t.true(error instanceof HeddleError && error.code === 'INVALID_ARGUMENT');
      }
    }),
    { numRuns: 500 },
  );
});

test('a JSON body nested deeper than 64 levels is refused at once', (t) => {
  const body = (depth: number): Buffer => Buffer.from(`${'["\\"[[[",'.repeat(depth)}1${']'.repeat(depth)}`);
  t.notThrows(() => parseJsonBody(body(64), 0, body(64).length));
  const bomb = Buffer.alloc(5_000_000, '[');
  const startMs = performance.now();
  for (const source of [body(65), bomb]) {
    t.throws(() => parseJsonBody(source, 0, source.length), { code: 'INVALID_ARGUMENT', message: /deeper than 64/ });
  }
  t.true(performance.now() - startMs < 500);
});

test('a codec that the method can not travel in is UNIMPLEMENTED', async (t) => {
  const Mixed = service('demo.Mixed', { a: method(avro('int', 'int')), j: method(json(z.number(), z.number())) });
  const Raw = service('demo.Mixed', {
    a: method(bytes({ codec: 'flatbuffers' })),
    j: method(bytes({ codec: 'avro' })),
  });
  const carrier = new Loopback(implement(Mixed, { a: (n) => n, j: (n) => n }));
  await t.throwsAsync(invoke(carrier, Raw.a, Buffer.from('x')), {
    code: 'UNIMPLEMENTED',
    message: 'demo.Mixed/a can travel in avro or json, not in flatbuffers (codec 3); send it in one of those',
  });
  await t.throwsAsync(invoke(carrier, Raw.j, Buffer.from('x')), {
    code: 'UNIMPLEMENTED',
    message: /can travel in json, not/,
  });
});

test('an Avro contract travels as JSON too', async (t) => {
  const Sum = service('demo.Sum', {
    add: method(
      avro(
        { type: 'array', items: 'long' },
        { type: 'record', name: 'Total', fields: [{ name: 'total', type: 'long' }] },
      ),
    ),
    nothing: method(avro('null')),
  });
  const total = (longs: readonly (number | bigint)[]): bigint => longs.map(BigInt).reduce((sum, n) => sum + n, 0n);
  const carrier = new Loopback(implement(Sum, { add: (longs) => ({ total: total(longs) }), nothing() {} }));
  t.deepEqual(await invoke(carrier, Sum.add, [1, 2n ** 60n], { codec: 'json' }), { total: 2n ** 60n + 1n });
  t.is(carrier.seen[0]!.body.toString(), '[1,"1152921504606846976"]');
  t.is(carrier.seen[0]!.head.codec, codecIds.json);
  t.is(await invoke(carrier, Sum.nothing, null, { codec: 'json' }), null);
  // As curl would call it: no body at all.
  const Raw = service('demo.Sum', { nothing: method(bytes({ codec: 'json' })) });
  t.is((await invoke(carrier, Raw.nothing, Buffer.alloc(0))).toString(), 'null');
});

test('an Avro body without a fingerprint is refused', async (t) => {
  const Sum = service('demo.Sum', { add: method(avro('int', 'int')) });
  const Raw = service('demo.Sum', { add: method(bytes({ codec: 'avro' })) });
  const carrier = new Loopback(implement(Sum, { add: (n) => n }));
  await t.throwsAsync(invoke(carrier, Raw.add, Buffer.from([2])), {
    code: 'INVALID_ARGUMENT',
    message: /needs the fingerprint of the schemas/,
  });
});

test('bytes pass uninterpreted, labelled as they came', async (t) => {
  const Raw = service('demo.Raw', { echo: method(bytes()) });
  const carrier = new Loopback(implement(Raw, { echo: (body) => body }));
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(undefined, 'json' as const),
      async (body, codec) => {
        t.deepEqual(await invoke(carrier, Raw.echo, body, { codec }), Buffer.from(body));
        t.is(carrier.seen.at(-1)!.head.codec, codecIds[codec ?? 'bytes']);
      },
    ),
  );
  await t.throwsAsync(invoke(carrier, Raw.echo, 'text' as never), {
    message: /expected a Buffer or Uint8Array, got "text"/,
  });
});
