// Law: a caller's cancel, its disconnect and its deadline reach the fiber that runs for it, wherever that is, and each
// request gets one answer at most.

import test, { type ExecutionContext } from 'ava';
import { event, newKey, unawaited } from './events.ts';
import { nothingHeld, settled } from './held.ts';
import { rejection } from './rejection.ts';
import { Work } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { cancelFrame, http, requestFrame, Wire } from './wire.ts';

for (const pool of ['{ threads: 2 }', 'io']) {
  test.serial(`cancels and deadlines reach fibers: pool ${pool}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Work: { module: ./work.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  test.Relay: { module: ./relay.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`);
    await byClient(t, spine);
    await byDisconnect(t, spine);
    await byHttpDisconnect(t, spine);
    await byDeadline(t, spine);
    await nested(t, spine);
    await offloaded(t, spine);
    await ignored(t, spine);
    if (pool !== 'io') await busy(t, spine);
    t.deepEqual(await settled(spine.server), nothingHeld);
  });
}

async function byClient(t: ExecutionContext, spine: Spine): Promise<void> {
  const work = spine.client(Work);
  for (const how of ['sleep', 'signal'] as const) {
    const key = newKey();
    const stop = new AbortController();
    const call = rejection(work[how]({ key, ms: 60_000 }, { signal: stop.signal }));
    await event(key, 'started');
    stop.abort();
    t.is((await call).code, 'CANCELLED');
    await event(key, 'cancel CANCELLED');
    await event(key, 'CANCELLED cancelled');
  }
}

async function byDisconnect(t: ExecutionContext, spine: Spine): Promise<void> {
  const keys = [newKey(), newKey()];
  const wire = await Wire.to(spine.address('heddle'));
  wire.send(...keys.map((key, index) => requestFrame(index + 1, 'sleep', { key, ms: 60_000 })));
  for (const key of keys) await event(key, 'started');
  wire.socket.resetAndDestroy();
  for (const key of keys) await event(key, 'CANCELLED cancelled');
  t.pass();
}

async function byHttpDisconnect(t: ExecutionContext, spine: Spine): Promise<void> {
  const key = newKey();
  const stop = new AbortController();
  const call = http(spine.address('http'), 'POST', '/test.Work/sleep', {
    body: { key, ms: 60_000 },
    signal: stop.signal,
  });
  await event(key, 'started');
  stop.abort();
  await t.throwsAsync(call);
  await event(key, 'CANCELLED cancelled');
}

async function byDeadline(t: ExecutionContext, spine: Spine): Promise<void> {
  using wire = await Wire.to(spine.address('heddle'));
  for (const how of ['sleep', 'signal']) {
    const key = newKey();
    wire.send(requestFrame(1, how, { key, ms: 60_000 }, { budgetUs: 400_000 }));
    t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
    await event(key, 'cancel DEADLINE_EXCEEDED');
    await event(key, 'DEADLINE_EXCEEDED cancelled');
  }
  const key = newKey();
  const answer = await http(spine.address('http'), 'POST', '/test.Work/sleep', {
    body: { key, ms: 60_000 },
    headers: { 'heddle-timeout': '400ms' },
  });
  t.is(answer.status, 504);
  await event(key, 'DEADLINE_EXCEEDED cancelled');
}

/** The cancel of a caller two fibers away. */
async function nested(t: ExecutionContext, spine: Spine): Promise<void> {
  const stop = new AbortController();
  const key = newKey();
  const call = rejection(spine.client(Work).nested({ key, ms: 60_000 }, { signal: stop.signal }));
  await event(key, 'started');
  stop.abort();
  t.is((await call).code, 'CANCELLED');
  await event(`${key}-outer`, 'CANCELLED cancelled');
  await event(key, 'CANCELLED cancelled');

  using wire = await Wire.to(spine.address('heddle'));
  const late = newKey('relay');
  wire.send(requestFrame(1, 'sleep', { key: late, ms: 60_000 }, { service: 'test.Relay', budgetUs: 400_000 }));
  t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
  await event(late, 'DEADLINE_EXCEEDED cancelled');
}

/** A task on another pool ends with the fiber that waits for it. */
async function offloaded(t: ExecutionContext, spine: Spine): Promise<void> {
  const key = newKey();
  const stop = new AbortController();
  const call = rejection(spine.client(Work).task({ name: 'sleeps', key }, { signal: stop.signal }));
  await event(key, 'task started');
  stop.abort();
  t.is((await call).code, 'CANCELLED');
  await event(key, 'task CANCELLED');
}

/** A handler that goes on all the same answers nobody: what comes next on the connection is the next answer. */
async function ignored(t: ExecutionContext, spine: Spine): Promise<void> {
  using wire = await Wire.to(spine.address('heddle'));
  const [cancelled, late] = [newKey(), newKey()];
  wire.send(requestFrame(1, 'stubborn', { key: cancelled, ms: 1000 }));
  await event(cancelled, 'started');
  wire.send(cancelFrame(1));
  t.is((await wire.one()).code, 'CANCELLED');
  // The id is free again, and the old run's answer must not be taken for the new one's.
  wire.send(requestFrame(1, 'stubborn', { key: late, ms: 800 }, { budgetUs: 400_000 }));
  t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
  await event(cancelled, 'returned');
  await event(late, 'returned');
  wire.send(requestFrame(1, 'self', { depth: 0 }));
  const { is, body } = await wire.one();
  t.is(is, 'reply');
  t.deepEqual(JSON.parse(body.toString()), { levels: 0 });
}

/** Code that computes sees it at its next check. */
async function busy(t: ExecutionContext, spine: Spine): Promise<void> {
  using wire = await Wire.to(spine.address('heddle'));
  const [cancelled, late] = [newKey('spin'), newKey('spin')];
  wire.send(requestFrame(1, 'spin', { key: cancelled, ms: 20_000 }));
  await event(cancelled, 'started');
  wire.send(cancelFrame(1));
  t.is((await wire.one()).code, 'CANCELLED');
  await event(cancelled, 'CANCELLED cancelled');
  wire.send(requestFrame(2, 'spin', { key: late, ms: 20_000 }, { budgetUs: 400_000 }));
  t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
  await event(late, 'DEADLINE_EXCEEDED cancelled');
  t.deepEqual(unawaited(late), ['started', 'cancel DEADLINE_EXCEEDED']);
}
