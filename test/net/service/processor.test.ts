// The processor: from a body to the handler, from its value to a reply.

import test from 'ava';
import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { queryMark } from '../../../net/codec/query-mark.ts';
import { method, methodsOf, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';
import { MethodProcessor } from '../../../net/service/processor.ts';
import { codecIds, emptyCallHead, emptyCallReply } from '../../../runtime/call.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';

const Sum = service('demo.Sum', {
  add: method(avro({ type: 'array', items: 'int' }, 'int'), { reads: true }),
  raw: method(bytes()),
});
const handlers = {
  base: 1,
  add: (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0),
  raw: (body: Buffer) => body,
};
const implementation = implement(Sum, handlers);
const [add, raw] = methodsOf(Sum).map(
  (own) => new MethodProcessor(own, implementation.handlers.get(own.method)!, false),
) as [MethodProcessor, MethodProcessor];
const fiber = {} as FiberContext;

test('gives all requests of one form the same form', (t) => {
  const head = emptyCallHead();
  Sum.add.codec.writeRequest([1, 2], head, undefined);
  const form = add.form(head);
  t.is(add.form(head), form);
  const reply = emptyCallReply();
  t.is(form.start(head, fiber), 3);
  form.encode(3, reply);
  t.is(reply.codec, codecIds.avro);
  t.is(reply.fingerprintLow, head.fingerprintLow);
  t.is(Sum.add.codec.readResponse(reply), 3);

  Sum.add.codec.writeRequest([1, 2], head, 'json');
  const asJson = add.form(head);
  t.not(asJson, form);
  t.is(asJson.start(head, fiber), 3);
  asJson.encode(3, reply);
  t.is(reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd), '3');
  t.is(add.form(head), asJson);
});

test('says that a handler broke its contract', (t) => {
  const head = emptyCallHead();
  Sum.add.codec.writeRequest([], head, undefined);
  t.throws(() => add.form(head).encode('x', emptyCallReply()), {
    code: 'INTERNAL',
    message: 'the handler of demo.Sum/add returned what its contract does not allow: body: expected int, got "x"',
  });
});

test('a handler keeps its this, and gets a bytes body without a copy', (t) => {
  class Handlers {
    base = 40;
    add(numbers: number[]): number {
      return this.base + numbers.length;
    }
    raw(body: Buffer): Buffer {
      return body;
    }
  }
  const bound = implement(Sum, new Handlers()).handlers;
  t.is(bound.get('add')!([1, 2], fiber), 42);
  const head = { ...emptyCallHead(), source: Buffer.from('--body--'), bodyStart: 2, bodyEnd: 6 };
  const body = raw.form(head).start(head, fiber) as Buffer;
  t.is(body.toString(), 'body');
  t.is(body.buffer, head.source.buffer);
});

test('reads query parameters as the schema wants them', (t) => {
  const film = {
    type: 'record',
    name: 'Film',
    fields: [
      { name: 'title', type: 'string' },
      { name: 'year', type: 'int' },
    ],
  } as const;
  const Films = service('demo.Films', {
    avro: method(avro(film, 'string')),
    zod: method(json(z.object({ title: z.string(), year: z.number() }), z.string())),
  });
  const text = ({ title, year }: { title: string; year: number }): string => `${title} ${year + 1}`;
  const { handlers: served } = implement(Films, { avro: text, zod: text });
  const body = Buffer.from('{"title":"300","year":"2006"}');
  const source = Buffer.concat([queryMark, body]);
  const head = {
    ...emptyCallHead(),
    codec: codecIds.json,
    source,
    metadataEnd: queryMark.length,
    bodyStart: queryMark.length,
    bodyEnd: source.length,
  };
  for (const own of methodsOf(Films)) {
    const form = new MethodProcessor(own, served.get(own.method)!, false).form(head);
    t.is(form.start(head, fiber), '300 2007');
    const reply = emptyCallReply();
    form.encode('x', reply);
    t.is(reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd), '"x"');
    t.throws(
      () =>
        new MethodProcessor(own, served.get(own.method)!, false).form({ ...head, metadataEnd: 0 }).start(head, fiber),
      { message: /year/ },
    );
  }
});

test('knows what its contract says', (t) => {
  t.deepEqual(
    [add.service, add.method, add.reads, raw.reads, add.asyncContext],
    ['demo.Sum', 'add', true, false, false],
  );
});
