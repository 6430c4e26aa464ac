// Law: how services are mapped to threads changes no answer. The same battery against services in pools of their own, all
// in one pool, and all on the IO threads; over both protocols, in every codec, to every kind of end.

import test, { type ExecutionContext } from 'ava';
import { event, newKey, unawaited } from './events.ts';
import { nothingHeld, settled } from './held.ts';
import { rejection } from './rejection.ts';
import { Probe, Relay, Work } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { http, requestFrame, Wire } from './wire.ts';

const mappings = {
  'own pools': ['{ threads: 1 }', '{ threads: 2 }', '{ threads: 1 }'],
  'one pool': ['shared', 'shared', 'shared'],
  io: ['io', 'io', 'io'],
} as const;

for (const [name, [probe, work, relay]] of Object.entries(mappings)) {
  test.serial(`the battery is answered alike: ${name}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 2 }
pools: { shared: { threads: 2 } }
services:
  test.Probe: { module: ./probe.ts, pool: ${probe}, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  test.Work: { module: ./work.ts, pool: ${work}, listen: ["heddle://127.0.0.1:0"] }
  test.Relay: { module: ./relay.ts, pool: ${relay}, maxConcurrency: 2, listen: ["heddle://127.0.0.1:0"] }
`);
    await codecs(t, spine);
    await errors(t, spine);
    await metadata(t, spine);
    await oneWay(t, spine);
    await nested(t, spine);
    await overHttp(t, spine);
    await bounds(t, spine);
    t.deepEqual(await settled(spine.server), nothingHeld);
  });
}

async function codecs(t: ExecutionContext, spine: Spine): Promise<void> {
  const probe = spine.client(Probe);
  t.deepEqual(await probe.greet({ name: 'Ada', times: 2 }), { text: 'hello Adahello Ada' });
  t.deepEqual(await probe.greet({ name: 'Bo' }, { codec: 'json' }), { text: 'hello Bo' });
  t.deepEqual(await probe.sum({ values: [1, 2, 3.5], scale: 2 }), { total: 13, unit: 'none' });
  for (const size of [0, 1, 300, 40_000]) {
    const body = Buffer.alloc(size, size);
    t.true(body.equals(await probe.raw(body)));
  }
}

async function errors(t: ExecutionContext, spine: Spine): Promise<void> {
  const probe = spine.client(Probe);
  const chosen = await rejection(probe.fail({ how: 'heddle' }));
  t.is(chosen.code, 'ABORTED');
  t.is(chosen.message, 'chosen by the handler');
  t.is(chosen.retry, 'if-idempotent');
  t.is(chosen.retryAfterMs, 77);
  for (const how of ['error', 'string', 'undefined', 'late-error'] as const) {
    const stranger = await rejection(probe.fail({ how }));
    t.is(stranger.code, 'INTERNAL', how);
    t.is(stranger.retry, 'no');
    t.notRegex(stranger.message, /secret/, how);
  }
  const wrong = await rejection(probe.wrong({}));
  t.is(wrong.code, 'INTERNAL');
  t.regex(wrong.message, /test\.Probe\/wrong returned what its contract does not allow: count/);
  using wire = await Wire.to(spine.address('heddle'));
  const call = { service: 'test.Probe' };
  wire.send(
    requestFrame(1, 'sum', { values: 'none' }, call),
    requestFrame(2, 'sum', Buffer.from('{'), { ...call, head: { codec: 1 } }),
    requestFrame(3, 'sum', Buffer.from('x'), call),
    requestFrame(4, 'nothing', {}, call),
    requestFrame(5, 'sum', {}, { service: 'test.Nobody' }),
  );
  const codes = (await wire.take(5)).sort((a, b) => a.id - b.id).map(({ code }) => code);
  t.deepEqual(codes, ['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'UNIMPLEMENTED', 'NOT_FOUND', 'NOT_FOUND']);
}

async function metadata(t: ExecutionContext, spine: Spine): Promise<void> {
  const probe = spine.client(Probe);
  const back = new Map<string, string>();
  const onReplyMetadata = (pairs: ReadonlyMap<string, string>): void => {
    for (const [key, value] of pairs) back.set(key, value);
  };
  await probe.greet({ name: 'x' }, { metadata: { from: 'Grüße' }, onReplyMetadata });
  t.is(back.get('greeted'), 'Grüße');
  await rejection(probe.fail({ how: 'error' }, { onReplyMetadata }));
  t.is(back.get('failed'), 'error');
  const seen = await probe.context({}, { metadata: { a: '1', b: '' }, priority: 'low', timeoutMs: 5000 });
  t.deepEqual(seen.metadata, { a: '1', b: '' });
  t.is(seen.priority, 'low');
  t.true(seen.remainingMs > 0 && seen.remainingMs <= 5000);
}

async function oneWay(t: ExecutionContext, spine: Spine): Promise<void> {
  const probe = spine.client(Probe);
  const key = newKey();
  await probe.note({ key });
  await event(key, 'done');
  // Also by a REQUEST, which gets its empty REPLY at once, and from a fiber, which does not wait for the handler.
  using wire = await Wire.to(spine.address('heddle'));
  const inFrame = newKey();
  wire.send(requestFrame(1, 'note', { key: inFrame, fails: true }, { service: 'test.Probe' }));
  const answer = await wire.one();
  t.is(answer.is, 'reply');
  t.is(answer.body.length, 0);
  await event(inFrame, 'done');
  const relay = spine.client(Relay);
  const fromFiber = newKey();
  await relay.note({ key: fromFiber, fails: true });
  await event(fromFiber, 'done');
}

async function nested(t: ExecutionContext, spine: Spine): Promise<void> {
  const relay = spine.client(Relay);
  t.deepEqual(await relay.greet({ name: 'Cy' }), { text: 'hello Cy' });
  const body = Buffer.alloc(100_000, 7);
  t.true(body.equals(await relay.raw(body)));
  const { here, there } = await relay.context(
    { metadata: { hop: '2' } },
    { timeoutMs: 3000, priority: 'high', metadata: { hop: '1' } },
  );
  t.deepEqual(there.metadata, { hop: '2' });
  t.is(there.priority, 'high');
  t.true(there.remainingMs <= here.remainingMs && there.remainingMs > 1000);
  t.is((await rejection(relay.fail({ how: 'heddle' }))).message, 'chosen by the handler');
  const stranger = await rejection(relay.fail({ how: 'error' }));
  t.is(stranger.code, 'INTERNAL');
  t.notRegex(stranger.message, /secret/);
  const work = spine.client(Work);
  t.deepEqual(await work.self({ depth: 20 }), { levels: 20 });
  // Code that awaited something of its own goes on without having woken its thread.
  t.deepEqual(await work.self({ depth: 2, awaitMs: 20 }, { timeoutMs: 5000 }), { levels: 2 });
  t.is((await work.parallel({ count: 5, ms: 1 })).spans.length, 5);
  t.is((await rejection(work.task({ name: 'fails' }))).message, 'the task chose to fail');
}

async function overHttp(t: ExecutionContext, spine: Spine): Promise<void> {
  const address = spine.address('http');
  const greeted = await http(address, 'POST', '/test.Probe/greet', {
    body: { name: 'Di', times: 1 },
    headers: { 'heddle-meta-from': 'http' },
  });
  t.is(greeted.status, 200);
  t.deepEqual(greeted.json, { text: 'hello Di' });
  t.is(greeted.headers['heddle-meta-greeted'], 'http');
  const raw = await http(address, 'POST', '/test.Probe/raw', { body: Buffer.alloc(50_000, 3) });
  t.is(raw.status, 200);
  t.true(raw.body.equals(Buffer.alloc(50_000, 3)));
  const failed = await http(address, 'POST', '/test.Probe/fail', { body: { how: 'heddle' } });
  t.is(failed.status, 409);
  t.deepEqual(failed.json, {
    error: { code: 'ABORTED', message: 'chosen by the handler', retry: 'if-idempotent', retryAfterMs: 77 },
  });
  const key = newKey();
  const noted = await http(address, 'POST', '/test.Probe/note', { body: { key } });
  t.is(noted.status, 202);
  await event(key, 'done');
}

/** The service's maxConcurrency, a deadline that the handler ignores, and a cancel. */
async function bounds(t: ExecutionContext, spine: Spine): Promise<void> {
  const relay = spine.client(Relay);
  const keys = [newKey(), newKey()];
  const stop = new AbortController();
  const running = keys.map((key) => rejection(relay.sleep({ key, ms: 60_000 }, { signal: stop.signal })));
  await Promise.all(keys.map((key) => event(key, 'started')));
  const refused = await rejection(relay.greet({ name: 'third' }));
  t.is(refused.code, 'RESOURCE_EXHAUSTED');
  t.regex(refused.message, /test\.Relay runs 2 requests already/);
  stop.abort();
  for (const { code } of await Promise.all(running)) t.is(code, 'CANCELLED');
  for (const key of keys) await event(key, 'cancel CANCELLED');
  t.deepEqual(await relay.greet({ name: 'again' }), { text: 'hello again' });

  using wire = await Wire.to(spine.address('heddle'));
  const stubborn = newKey();
  wire.send(requestFrame(1, 'stubborn', { key: stubborn, ms: 800 }, { budgetUs: 300_000 }));
  t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
  t.deepEqual(unawaited(stubborn), ['started']);
  await event(stubborn, 'returned');
  // One answer: the next thing that comes is the pong.
  wire.send(Buffer.from('ed01060014000000000000000102030405060708', 'hex'));
  t.is((await wire.one()).is, 'pong');
}
