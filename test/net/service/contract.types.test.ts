// Types as laws: lines that must compile, and lines that must not (`tsc` checks both; the one test runs the file).

import test from 'ava';
import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import type { AvroIn, AvroOut } from '../../../net/codec/avro-infer.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';

type Equal<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
const same = <One, Other>(equal: Equal<One, Other>): boolean => equal;

const film = {
  type: 'record',
  name: 'movies.Film',
  fields: [
    { name: 'title', type: 'string' },
    { name: 'year', type: ['null', 'int'], default: null },
    { name: 'votes', type: 'long' },
    { name: 'genre', type: { type: 'enum', name: 'Genre', symbols: ['DRAMA', 'COMEDY'] } },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'scores', type: { type: 'map', values: 'double' } },
    { name: 'poster', type: 'bytes' },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 16 } },
    { name: 'otherGenre', type: 'Genre' },
    { name: 'seen', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'sequel', type: ['null', 'Film'], default: null },
  ],
} as const;

type FilmOut = AvroOut<typeof film>;
type FilmIn = AvroIn<typeof film>;

const Greeter = service('demo.Greeter', {
  greet: method(
    avro(
      { type: 'record', name: 'GreetRequest', fields: [{ name: 'name', type: 'string' }] },
      { type: 'record', name: 'GreetResponse', fields: [{ name: 'text', type: 'string' }] },
    ),
  ),
  find: method(json(z.object({ id: z.string().default('x') }), z.object({ found: z.boolean() })), { reads: true }),
  raw: method(bytes()),
  log: method(avro({ type: 'record', name: 'Line', fields: [{ name: 'text', type: 'string' }] }), { oneWay: true }),
});

const handlers = {
  greet: async (request: { name: string }) => ({ text: request.name }),
  find: (request: { id: string }) => ({ found: request.id === 'x' }),
  raw: (request: Buffer) => request,
};

test('types flow from schemas to handlers and calls', (t) => {
  t.true(same<FilmOut['title'], string>(true));
  t.true(same<FilmOut['year'], number | null>(true));
  t.true(same<FilmOut['votes'], number | bigint>(true));
  t.true(same<FilmOut['genre'], 'DRAMA' | 'COMEDY'>(true));
  t.true(same<FilmOut['otherGenre'], 'DRAMA' | 'COMEDY'>(true));
  t.true(same<FilmOut['tags'], string[]>(true));
  t.true(same<FilmOut['scores'], { [key: string]: number }>(true));
  t.true(same<FilmOut['poster'], Buffer>(true));
  t.true(same<FilmOut['hash'], Buffer>(true));
  t.true(same<FilmOut['seen'], number | bigint>(true));
  const sequel: NonNullable<NonNullable<FilmOut['sequel']>['sequel']>['title'] = 'it goes on';
  t.is(sequel, 'it goes on');
  // A field with a default may be left out by who writes.
  t.true(same<FilmIn['year'], number | null | undefined>(true));
  t.true(same<FilmIn['poster'], Uint8Array>(true));
  t.true(same<FilmIn['tags'], readonly string[]>(true));
});

test('a handler must fit its method', (t) => {
  implement(Greeter, {
    ...handlers,
    async greet(request, fiber) {
      t.true(same<typeof request, { name: string }>(true));
      t.true(same<typeof fiber, FiberContext>(true));
      return { text: request.name };
    },
    async log() {},
  });
  // @ts-expect-error: the response lacks `text`
  implement(Greeter, { ...handlers, greet: async () => ({ words: '' }), log() {} });
  // @ts-expect-error: the request has no `title`
  implement(Greeter, { ...handlers, greet: (request) => ({ text: request.title }), log() {} });
  // @ts-expect-error: a bytes method answers bytes
  implement(Greeter, { ...handlers, raw: () => 'text', log() {} });
  // @ts-expect-error: `log` is missing
  t.throws(() => implement(Greeter, handlers), { code: 'FAILED_PRECONDITION', message: /lacks a handler .* log/ });
  t.throws(
    () =>
      implement(Greeter, {
        ...handlers,
        log() {},
        // @ts-expect-error: `shout` is no method of the contract
        shout() {},
      }),
    { code: 'FAILED_PRECONDITION', message: /shout, which is no method/ },
  );
});

test('a call must fit its method', (t) => {
  const fiber = {} as FiberContext;
  const calls = (): unknown => [
    fiber.call(Greeter.greet, { name: 'Ada' }).then((response) => response.text),
    fiber.call(Greeter.find, {}).then((response) => response.found),
    fiber.call(Greeter.raw, new Uint8Array(1)).then((response) => response.readInt8(0)),
    fiber.send(Greeter.log, { text: 'x' }),
    // @ts-expect-error: `name` is missing
    fiber.call(Greeter.greet, {}),
    // @ts-expect-error: `name` is a string
    fiber.call(Greeter.greet, { name: 5 }),
    // @ts-expect-error: the response has no `words`
    fiber.call(Greeter.greet, { name: 'Ada' }).then((response) => response.words),
    // @ts-expect-error: `id` is a string
    fiber.call(Greeter.find, { id: 5 }),
    // @ts-expect-error: there is no method `shout`
    Greeter.shout,
  ];
  t.is(typeof calls, 'function');
});
