// flatbuffers(): what may be written, what is read in place, and what bytes of strangers can do.

import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import {
  Answer,
  AnswerT,
  Hit,
  HitT,
  Metric,
  Query,
  QueryT,
} from '../../../examples/flatbuffers/generated/demo/nearest.js';
import { invoke } from '../../../net/client/stub.ts';
import { CheckedBuffer, readSteps } from '../../../net/codec/checked-buffer.ts';
import { type FinishedBuilder, flatbuffers } from '../../../net/codec/flatbuffers-codec.ts';
import { method, service, type TypesOf } from '../../../net/service/contract.ts';
import { type Handlers, implement } from '../../../net/service/implement.ts';
import { codecIds, emptyCallHead } from '../../../runtime/call.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { Loopback } from '../loopback.ts';
import { sharing, Tree, TreeT } from './fixtures/tree.ts';

const Nearest = service('demo.Nearest', {
  find: method(flatbuffers(Query, Answer)),
  forget: method(flatbuffers(Query)),
});
const codec = flatbuffers(Query, Answer);

function nearest(handlers: Partial<Handlers<typeof Nearest>>): Loopback {
  return new Loopback(implement(Nearest, { find: () => new AnswerT(), forget() {}, ...handlers }));
}

function finished(query: QueryT): Builder {
  const builder = new Builder();
  Query.finishQueryBuffer(builder, query.pack(builder));
  return builder;
}

/** As a handler gets a request that lies within memory that others share. */
function received(body: Uint8Array, before = 8): Query {
  const source = Buffer.concat([Buffer.alloc(before, 7), body, Buffer.from('the request of somebody else')]);
  const head = { ...emptyCallHead(), codec: codecIds.flatbuffers };
  return codec.formFor(head, 'demo.Nearest/find')!.decode(source, before, before + body.length) as Query;
}

const whole = new QueryT([1, 2.5, -3], 7, Metric.Euclidean);

type Equal<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
const same = <One, Other>(equal: Equal<One, Other>): boolean => equal;

test('the types of a method are those of the generated classes', (t) => {
  type Find = TypesOf<typeof Nearest.find>;
  t.true(same<Find['requestIn'], FinishedBuilder | Uint8Array | QueryT>(true));
  t.true(same<Find['requestOut'], Query>(true));
  t.true(same<Find['responseIn'], FinishedBuilder | Uint8Array | AnswerT>(true));
  t.true(same<Find['responseOut'], Answer>(true));
  t.true(same<TypesOf<typeof Nearest.forget>['responseOut'], undefined>(true));
});

test('an object, a finished builder and bytes are all written; both sides read accessors', async (t) => {
  const seen: QueryT[] = [];
  const carrier = nearest({
    find(query) {
      seen.push(query.unpack());
      const answer = new AnswerT([new HitT(2n ** 63n, 'Amélie', 0.5)]);
      if (query.limit() === 1) return answer;
      const builder = new Builder();
      builder.finish(answer.pack(builder));
      return query.limit() === 2 ? builder : builder.asUint8Array();
    },
  });
  for (const limit of [1, 2, 3]) {
    const query = new QueryT([1, 2.5, -3], limit, Metric.Euclidean);
    const builder = finished(query);
    const request = limit === 1 ? query : limit === 2 ? builder : builder.asUint8Array();
    const answer = await invoke(carrier, Nearest.find, request);
    t.true(answer instanceof Answer);
    t.is(answer.hitsLength(), 1);
    const hit = answer.hits(0)!;
    t.deepEqual([hit.id(), hit.title(), hit.distance()], [2n ** 63n, 'Amélie', 0.5]);
    t.deepEqual(seen.at(-1), query);
  }
  t.is(await invoke(carrier, Nearest.forget, whole), undefined);
});

test('a handler reads the received bytes themselves; arrays are views of no memory but the body', (t) => {
  const body = finished(whole).asUint8Array();
  const source = Buffer.concat([Buffer.alloc(8), body]);
  const head = { ...emptyCallHead(), codec: codecIds.flatbuffers };
  const query = codec.formFor(head, 'demo.Nearest/find')!.decode(source, 8, source.length) as Query;
  const at = source.indexOf(Buffer.from(Uint32Array.of(7).buffer));
  source.writeUInt32LE(9, at);
  t.is(query.limit(), 9, 'in place');
  for (const before of [8, 9, 3]) {
    const vector = received(body, before).vectorArray()!;
    t.deepEqual([...vector], [1, 2.5, -3]);
    t.is(vector.buffer.byteLength, body.length, 'of others nothing is within reach');
  }
});

test('what is written must be a FlatBuffer of the class', async (t) => {
  const carrier = nearest({ find: () => new Builder() });
  await t.throwsAsync(invoke(carrier, Nearest.find, { limit: 1 } as never), {
    code: 'INVALID_ARGUMENT',
    message: /expected a finished Builder, bytes or an object with pack\(\) for Query, got an object/,
  });
  const unnamed = new Builder();
  unnamed.finish(whole.pack(unnamed));
  await t.throwsAsync(invoke(carrier, Nearest.find, unnamed), { message: /not Query: its file identifier is "/ });
  await t.throwsAsync(invoke(carrier, Nearest.find, whole), {
    code: 'INTERNAL',
    message: /returned what its contract does not allow: .* was finish\(\) called on the builder/,
  });
  // A pack that fails leaves nothing behind for the next.
  await t.throwsAsync(invoke(nearest({ find: () => new AnswerT([new HitT()]) }), Nearest.find, whole), {
    code: 'INTERNAL',
  });
  t.is((await invoke(nearest({}), Nearest.find, whole)).hitsLength(), 0);
  class Other {}
  class Struct {
    __init(): void {}
  }
  // @ts-expect-error it has no accessor
  t.throws(() => flatbuffers(Other), { message: /the request must be a class that flatc made of a table/ });
  // @ts-expect-error a struct is no body
  t.throws(() => flatbuffers(Struct), { message: /the request must be a class that flatc made of a table/ });
  // @ts-expect-error a struct is no body
  t.throws(() => flatbuffers(Query, Struct), { message: /the response must be a class that flatc made of a table/ });
  t.throws(() => received(Buffer.from('short')), { code: 'INVALID_ARGUMENT' });
});

test('other codecs are refused by name', async (t) => {
  const head = { ...emptyCallHead(), codec: codecIds.json };
  t.throws(() => codec.formFor(head, 'demo.Nearest/find'), {
    code: 'UNIMPLEMENTED',
    message: 'demo.Nearest/find can travel in flatbuffers, not in json (codec 1); send it in one of those',
  });
  await t.throwsAsync(invoke(nearest({}), Nearest.find, whole, { codec: 'json' }), { code: 'UNIMPLEMENTED' });
});

test('no bytes do more than fail: nothing is read outside of the body, and reading ends', (t) => {
  const query = finished(whole).asUint8Array();
  const builder = new Builder();
  const hits = Array.from({ length: 3 }, (_, index) => new HitT(BigInt(index), 'title', index));
  builder.finish(new AnswerT(hits).pack(builder));
  const answer = builder.asUint8Array();
  const mutated = (good: Uint8Array) =>
    fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = Buffer.from(good);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  const bodies = fc.oneof(
    mutated(answer),
    mutated(query),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(answer.length).map((length) => Buffer.from(answer.subarray(0, length))),
  );
  const read = flatbuffers(Answer, Answer).formFor({ ...emptyCallHead(), codec: codecIds.flatbuffers }, 'x/y')!;
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        (read.decode(body, 0, body.length) as Answer).unpack();
        received(body).vectorArray();
        received(body).unpack();
      } catch (error) {
        // RangeError: of a typed array, which checks its own end.
        if (error instanceof RangeError) return;
        t.true(error instanceof HeddleError && error.code === 'INVALID_ARGUMENT', String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a claim of two billion elements fails when their number is asked for', (t) => {
  const body = Buffer.from(finished(whole).asUint8Array());
  body.writeInt32LE(2 ** 31 - 1, body.indexOf(Buffer.from(Float32Array.of(1, 2.5).buffer)) - 4);
  t.throws(() => received(body).vectorLength(), {
    code: 'INVALID_ARGUMENT',
    message: /it leads to 2147483647 bytes at/,
  });
});

test('parts that are shared are read only so often', (t) => {
  const builder = new Builder();
  const hit = new HitT(1n, 'one', 0).pack(builder);
  const hits = Answer.createHitsVector(builder, new Array(1_000).fill(hit));
  builder.finish(Answer.createAnswer(builder, hits));
  const body = Buffer.from(builder.asUint8Array());
  const answer = (stepsMax: number) => {
    const checked = new CheckedBuffer(body, stepsMax);
    return new Answer().__init(checked.checkRoot(), checked);
  };
  // Its number; for each the element, the table and its three fields, and the text.
  const steps = 1 + 1_000 * (1 + readSteps.table + 3 + 1);
  t.is(answer(steps).unpack().hits.length, 1_000);
  t.throws(() => answer(steps - 1).unpack(), { code: 'INVALID_ARGUMENT', message: /read again and again/ });
});

test('docs/codecs.md says how much a body may be read', (t) => {
  const page = readFileSync(new URL('../../../docs/codecs.md', import.meta.url), 'utf8');
  const { floor, perByte, table, textBytes } = readSteps;
  t.true(page.includes(`${floor.toLocaleString('en')} steps and ${perByte} more for each byte`));
  t.true(page.includes(`a table that is reached is ${table} of them, and a text one for each ${textBytes} bytes`));
});

test('a text costs what it is long', (t) => {
  const builder = new Builder();
  const hit = new HitT(1n, 'x'.repeat(400_000), 0).pack(builder);
  builder.finish(Answer.createAnswer(builder, Answer.createHitsVector(builder, new Array(1_000).fill(hit))));
  const checked = new CheckedBuffer(Buffer.from(builder.asUint8Array()));
  const answer = new Answer().__init(checked.checkRoot(), checked);
  let read = 0;
  t.throws(
    () => {
      for (; read < 1_000; read++) answer.hits(read)!.title();
    },
    { message: /read again and again/ },
  );
  t.true(read > 10 && read < 50, `${read} texts`);
});

const treeForm = flatbuffers(Tree, Tree).formFor({ ...emptyCallHead(), codec: codecIds.flatbuffers }, 'x/y')!;
/** The objects that unpacking makes. */
function unpacked(body: Buffer): number {
  const before = TreeT.made;
  try {
    (treeForm.decode(body, 0, body.length) as Tree).unpack();
  } catch (error) {
    if ((error as HeddleError).code !== 'INVALID_ARGUMENT') throw error;
  }
  return TreeT.made - before;
}

test('half a kilobyte unpacks to no more than a megabyte or two, a megabyte to no more tables than fit into it', (t) => {
  const small = sharing(25, 2);
  t.true(small.length < 600);
  t.true(unpacked(small) < 32_768);
  const large = Buffer.concat([small, Buffer.alloc(1_000_000)]);
  t.true(unpacked(large) < large.length / 3);
  // What shares nothing is read whole.
  t.is(unpacked(sharing(2_000, 1)), 2_001);
});

test('what only JavaScript notices in a body is the fault of its sender, and nothing else is', async (t) => {
  const good = Buffer.from(finished(whole).asUint8Array());
  const numbers = good.indexOf(Buffer.from(Float32Array.of(1, 2.5).buffer)) - 4;
  // The offset to the vector leads one byte too far; its length there is 3.
  const odd = Buffer.concat([good, Buffer.from([0, 3, 0, 0, 0, ...new Array(16).fill(0)])]);
  for (let at = 0; at < numbers; at += 4)
    if (at + odd.readUInt32LE(at) === numbers) odd.writeUInt32LE(good.length + 1 - at, at);
  const long = Buffer.from(good);
  long.writeUInt32LE(good.length - numbers - 4, numbers);
  const asked = async (body: Buffer, find: Handlers<typeof Nearest>['find']) =>
    (await t.throwsAsync(invoke(nearest({ find }), Nearest.find, body))) as HeddleError;
  const reads: Handlers<typeof Nearest>['find'] = (query) => new AnswerT([new HitT(BigInt(query.vectorArray()![0]!))]);
  for (const body of [odd, long]) {
    const { code, message } = await asked(body, reads);
    t.is(code, 'INVALID_ARGUMENT');
    t.regex(message, /an array in it lies at an odd place or leads out of it: .*(multiple of 4|Invalid typed array)/);
  }
  t.is((await asked(good, () => new Float32Array(-1) as never)).code, 'INTERNAL');
  const endless = (): never => endless();
  t.is((await asked(good, endless)).code, 'INTERNAL');

  const Trees = service('test.Trees', { count: method(flatbuffers(Tree)) });
  const trees = new Loopback(implement(Trees, { count: (tree) => void tree.unpack() }));
  await t.throwsAsync(invoke(trees, Trees.count, sharing(20_000, 1)), {
    code: 'INVALID_ARGUMENT',
    message: /nested too deep to be unpacked/,
  });
});

test('a handler that does not wait may use one builder for all requests, whatever its finalizers wait for', async (t) => {
  const one = new Builder();
  const carrier = nearest({
    find(query, fiber) {
      fiber.defer(() => fiber.sleep(5));
      one.clear();
      one.finish(new AnswerT([new HitT(BigInt(query.limit()), 'x', 0)]).pack(one));
      return one;
    },
  });
  const ids = [1, 2, 3].map(async (limit) =>
    (await invoke(carrier, Nearest.find, new QueryT([], limit))).hits(0)!.id(),
  );
  t.deepEqual(await Promise.all(ids), [1n, 2n, 3n]);
});

test('each kind of scalar is read as the builder wrote it, and a received buffer is not written', (t) => {
  const builder = new Builder();
  const write = ['Int8', 'Int16', 'Int32', 'Float32', 'Float64'] as const;
  for (const kind of write) builder[`add${kind}`](-5);
  builder.addInt64(-5n);
  const bytes = Buffer.from(builder.dataBuffer().bytes());
  const checked = new CheckedBuffer(bytes);
  const plain = builder.dataBuffer();
  for (let at = 0; at + 8 <= bytes.length; at++) {
    for (const kind of [...write, 'Uint8', 'Uint16', 'Uint32', 'Int64', 'Uint64'] as const) {
      t.is(checked[`read${kind}`](at), plain[`read${kind}`](at));
    }
  }
  t.throws(() => checked.writeFloat64(0, 1), { code: 'FAILED_PRECONDITION' });
  t.is(new Hit().__init(0, checked).bb, checked);
});
