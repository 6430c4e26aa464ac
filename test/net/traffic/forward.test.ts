// Laws of forwarding: a call goes on as it came and its reply comes back as it is; what becomes of the target becomes of
// the call, and no more.

import { gzipSync } from 'node:zlib';
import test from 'ava';
import { z } from 'zod';
import { json, method, service } from '../../../index.ts';
import { callFlags } from '../../../runtime/call.ts';
import { encodeMetadata } from '../../../runtime/metadata.ts';
import { comesToRest, eventually, settingsOf, startRig } from '../../faults/rig.ts';
import { event, newKey } from '../../spine/events.ts';
import { rejection } from '../../spine/rejection.ts';
import { Probe, Work } from '../../spine/services/contracts.ts';
import { http, requestFrame, Wire } from '../../spine/wire.ts';
import { deadPort, replyFrame, ScriptedServer, type SeenRequest } from '../client/scripted-server.ts';
import { becomes, counted, frontYaml, startBack, startFront, startNarrowFront, targetOf, works } from './servers.ts';

test.serial('a forwarded call is what it was, and so is its reply', async (t) => {
  await using back = await startBack();
  await using front = await startFront(`forward: "${targetOf(back)}"`);
  const probe = front.client(Probe);
  t.deepEqual(await probe.greet({ name: 'Ada', times: 2 }), { text: 'hello Adahello Ada' });
  t.deepEqual(await probe.greet({ name: 'Bo' }, { codec: 'json' }), { text: 'hello Bo' });
  for (const size of [0, 1, 300, 40_000, 1_000_000]) {
    const body = Buffer.alloc(size, size);
    t.true(body.equals(await probe.raw(body)), `${size} bytes`);
  }
  const tight = front.client(Probe, { compression: 'gzip', compressAboveBytes: 100 });
  t.true(Buffer.alloc(40_000, 1).equals(await tight.raw(Buffer.alloc(40_000, 1))), 'compressed both ways');
  const metadata = { from: 'a test' };
  let replied: ReadonlyMap<string, string> | undefined;
  await probe.greet({ name: 'x' }, { metadata, onReplyMetadata: (pairs) => (replied = pairs) });
  t.is(replied?.get('greeted'), 'a test');

  const seen = await probe.context({}, { timeoutMs: 4_000, priority: 'low', metadata });
  t.deepEqual([seen.pool, seen.priority, seen.metadata], ['back', 'low', { ...metadata, 'heddle-hops': '1' }]);
  t.true(seen.remainingMs > 1_000 && seen.remainingMs <= 4_000);

  const error = await rejection(probe.fail({ how: 'heddle' }));
  t.deepEqual(
    [error.code, error.message, error.retry, error.retryAfterMs],
    ['ABORTED', 'chosen by the handler', 'if-idempotent', 77],
  );

  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  const trace = Uint32Array.of(1, 2, 3, 4, 5, 6);
  wire.send(requestFrame(1, 'context', {}, { service: 'test.Probe', head: { trace, traceFlags: 1 } }));
  const traced = JSON.parse((await wire.one()).body.toString());
  t.deepEqual([traced.traceId, traced.traceFlags], ['00000001000000020000000300000004', 1]);

  const key = newKey();
  await probe.note({ key }, { oneWay: true });
  await event(key, 'done');
  t.true(counted(front, 'forwarded') >= 11);
  t.is(counted(front, 'forward-failed'), 0);
  await comesToRest(t, front.server);
});

test.serial(
  'also to services that this process does not have; what nobody has is NOT_FOUND by the target',
  async (t) => {
    await using back = await startBack();
    await using front = await startFront(`forward: "${targetOf(back)}", timeout: 800ms`);
    const work = front.client(Work);
    t.true((await work.busy({ ms: 1 })).endMs > 0);
    const Nowhere = service('test.Nowhere', { call: method(json(z.object({}))) });
    const error = await rejection(front.client(Nowhere).call({}));
    t.deepEqual([error.code, error.message], ['NOT_FOUND', 'there is no service "test.Nowhere" here']);

    // A caller who gives up, and one whose time is up, take the call back at the target.
    const slept = newKey();
    const stop = new AbortController();
    const call = rejection(work.sleep({ key: slept, ms: 60_000 }, { signal: stop.signal }));
    await event(slept, 'started');
    stop.abort();
    t.is((await call).code, 'CANCELLED');
    await event(slept, 'CANCELLED cancelled');
    const late = newKey();
    // The listener's `timeout` holds as for calls that stay.
    t.is((await rejection(work.sleep({ key: late, ms: 60_000 }))).code, 'DEADLINE_EXCEEDED');
    await event(late, /^(DEADLINE_EXCEEDED|CANCELLED) cancelled$/);
    const gone = newKey();
    const wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
    wire.send(requestFrame(1, 'sleep', { key: gone, ms: 60_000 }, { service: 'test.Work' }));
    await event(gone, 'started');
    wire.socket.destroy();
    await event(gone, 'CANCELLED cancelled');
    await comesToRest(t, front.server);
  },
);

test.serial('http is forwarded too: POST of any method, GET of those that a contract here says to read', async (t) => {
  await using back = await startBack();
  await using front = await startFront(`forward: "${targetOf(back)}"`);
  const address = `127.0.0.1:${front.port('http')}`;
  t.deepEqual((await http(address, 'GET', '/test.Probe/greet?name=Ada&times=2')).json, { text: 'hello Adahello Ada' });
  t.deepEqual((await http(address, 'POST', '/test.Probe/sum', { body: { values: [1, 2] } })).json, {
    total: 3,
    unit: 'none',
  });
  t.is((await http(address, 'POST', '/test.Work/busy', { body: { ms: 1 } })).status, 200);
  const unknown = await http(address, 'GET', '/test.Work/busy?ms=1');
  t.deepEqual([unknown.status, unknown.headers.allow], [405, 'POST']);
  const nobody = await http(address, 'POST', '/test.Nowhere/call', { body: {} });
  t.is(nobody.status, 404);
  t.is((await http(address, 'GET', '/healthz')).body.toString(), 'ok\n');
  await back[Symbol.asyncDispose]();
  await eventually(
    'the loss',
    () => counted(front, 'forwarded') > 0 && front.server.supervisor.counters.total('client-connect-failed') > 0,
  );
  const health = await http(address, 'GET', '/healthz');
  t.deepEqual([health.status, health.body.toString()], [503, 'down: forward target\n']);
});

test.serial('what a forwarded call may be is not for the service of that name here to say', async (t) => {
  await using back = await startBack();
  await using front = await startRig(`
io: { threads: 1 }
services:
  test.Probe:
    module: ../../spine/services/probe.ts
    pool: io
    listen: [{ address: "http://127.0.0.1:0", forward: "${targetOf(back)}" }]
`);
  const path = '/test.Probe/greet';
  const text = JSON.stringify({ name: 'Ada', times: 1_000 });
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', 'accept-encoding': 'gzip' };
  const answers = [front, back].map((rig) =>
    http(`127.0.0.1:${rig.port('http')}`, 'POST', path, { headers, body: gzipSync(text) }),
  );
  const [forwarded, direct] = await Promise.all(answers);
  t.is(forwarded!.status, 200);
  t.is(forwarded!.headers['content-encoding'], 'gzip');
  t.is(forwarded!.headers.vary, 'accept-encoding');
  t.deepEqual(forwarded!.body, direct!.body);
  const note = { body: { key: newKey() } };
  t.is((await http(`127.0.0.1:${front.port('http')}`, 'POST', '/test.Probe/note', note)).status, 200);
});

test.serial('calls that strangers give no time take no address out, of a forward or of a mirror', async (t) => {
  const open = () => ScriptedServer.open({ onRequest: () => {} });
  await using one = await open();
  await using two = await open();
  const both = `heddle://127.0.0.1:${one.port},127.0.0.1:${two.port}`;
  await using front = await startNarrowFront(`forward: "${both}", mirror: [{ target: "${both}", percent: 100 }]`);
  const connected = (): boolean => one.peers.length + two.peers.length === 4;
  await eventually('the connections', connected);
  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  const calls = 40;
  for (let id = 1; id <= calls; id++) {
    wire.send(requestFrame(id, 'raw', Buffer.from('x'), { service: 'test.Probe', budgetUs: 5_000 }));
    t.is((await wire.one()).code, 'DEADLINE_EXCEEDED');
  }
  await eventually('the copies', () => counted(front, 'mirror-failed') + counted(front, 'mirror-dropped') === calls);
  t.true(counted(front, 'mirror-failed') >= 10);
  t.is(front.server.supervisor.counters.total('client-ejected'), 0);
});

test.serial('a circle of forwards is found out, and a reload closes and opens it', async (t) => {
  await using one = await startFront('timeout: 5s');
  await using two = await startFront(`forward: "${targetOf(one)}"`);
  const probe = two.client(Probe);
  t.deepEqual((await probe.context({})).metadata, { 'heddle-hops': '1' });
  const circle = settingsOf(frontYaml(`timeout: 5s, forward: "${targetOf(two)}"`));
  t.deepEqual((await one.server.reload(circle)).needsRestart, []);
  await becomes('the circle', async () => !(await works(probe.context({}))));
  const error = await rejection(probe.context({}));
  t.is(error.code, 'FAILED_PRECONDITION');
  t.regex(error.message, /forwarded 8 times.*circle/);
  // Whoever says it was forwarded often is believed: it only harms its own call.
  using wire = await Wire.to(`127.0.0.1:${two.port('heddle')}`);
  const source = encodeMetadata([['heddle-hops', '8']]);
  const head = { source, metadataEnd: source.length };
  wire.send(requestFrame(1, 'context', {}, { service: 'test.Probe', head }));
  t.is((await wire.one()).code, 'FAILED_PRECONDITION');
  // Nor is there an uncounted way round: a call without room for the count is not sent on.
  const full = encodeMetadata([['full', 'x'.repeat(16_370)]]);
  wire.send(
    requestFrame(2, 'context', {}, { service: 'test.Probe', head: { source: full, metadataEnd: full.length } }),
  );
  t.is((await wire.one()).code, 'INVALID_ARGUMENT');
  await one.server.reload(settingsOf(frontYaml('timeout: 5s')));
  await becomes('the circle is open', () => works(probe.context({})));
});

test.serial('calls under way are answered by the target that has them; the next go to the new one', async (t) => {
  await using old = await ScriptedServer.open();
  await using back = await startBack();
  await using front = await startNarrowFront(`forward: "heddle://127.0.0.1:${old.port}"`);
  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  wire.send(requestFrame(1, 'raw', Buffer.from('one'), { service: 'test.Probe' }));
  const peer = await old.peer();
  const { id } = await peer.request();
  await front.server.reload(settingsOf(frontYaml(`forward: "${targetOf(back)}"`, '', ['heddle'])));
  const probe = front.client(Probe);
  await becomes('the new target', () => works(probe.context({}, { timeoutMs: 100 })));
  t.deepEqual(wire.answers, []);
  peer.reply(id, 'from the old one');
  t.is((await wire.one()).body.toString(), 'from the old one');
  await peer.closed();
});

test.serial('a target that is not there is UNAVAILABLE, may be asked again, and says when', async (t) => {
  const port = await deadPort();
  await using front = await startFront(`forward: "heddle://127.0.0.1:${port}"`);
  const probe = front.client(Probe, { maxAttempts: 1 });
  const error = await rejection(probe.raw(Buffer.from('x')));
  t.deepEqual([error.code, error.retry], ['UNAVAILABLE', 'yes']);
  t.is(error.message, "the forward target of this listener can't be reached; the call was not sent");
  t.true(error.retryAfterMs >= 0);
  t.is(
    (await http(`127.0.0.1:${front.port('http')}`, 'POST', '/test.Probe/raw', { body: Buffer.from('x') })).status,
    503,
  );
  t.deepEqual([counted(front, 'forwarded'), counted(front, 'forward-failed')], [2, 2]);
  await using late = await ScriptedServer.open({ port, onRequest: ({ id }, peer) => peer.reply(id, 'late') });
  t.truthy(late);
  await becomes('the target', () => works(probe.raw(Buffer.from('x'))));
});

test.serial('a target that closes, talks garbage or reads nothing fails its calls alone', async (t) => {
  await using target = await ScriptedServer.open();
  await using front = await startNarrowFront(`forward: "heddle://127.0.0.1:${target.port}"`);
  const probe = front.client(Probe, { maxAttempts: 1 });
  const lost = rejection(probe.raw(Buffer.from('x')));
  const first = await target.peer();
  await first.request();
  first.socket.destroy();
  const error = await lost;
  t.deepEqual([error.code, error.retry], ['UNAVAILABLE', 'if-idempotent']);
  t.regex(error.message, /the connection to the forward target of this listener was lost/);

  const garbled = rejection(probe.raw(Buffer.from('x')));
  const second = await target.peer();
  await second.request();
  second.socket.write('HTTP/1.1 200 OK\r\n\r\n');
  const garbage = await garbled;
  t.is(garbage.code, 'UNAVAILABLE');
  t.deepEqual([garbage.message, garbage.retry], [error.message, 'if-idempotent']);

  // As much as its bounds allow is on its way to one that reads nothing; the rest is refused at once.
  const slow = await target.peer();
  slow.socket.pause();
  const body = Buffer.alloc(1_000_000);
  const callers = Array.from({ length: 4 }, () => front.client(Probe, { maxAttempts: 1 }));
  const stop = new AbortController();
  const options = { timeoutMs: 60_000, signal: stop.signal };
  const flood = Array.from({ length: 48 }, (_, index) => rejection(callers[index % 4]!.raw(body, options)));
  const refused = await Promise.race(flood);
  t.is(refused.code, 'RESOURCE_EXHAUSTED', refused.message);
  t.regex(refused.message, /forward target of this listener has as many calls under way/);
  stop.abort();
  await Promise.all(flood);
  await comesToRest(t, front.server);
});

test.serial('when its IO thread dies, callers see a lost connection, and the next thread forwards on', async (t) => {
  await using back = await startBack();
  await using front = await startFront(`forward: "${targetOf(back)}"`);
  const work = front.client(Work, { maxAttempts: 1 });
  const key = newKey();
  const lost = rejection(work.sleep({ key, ms: 60_000 }));
  await event(key, 'started');
  void [...front.server.ioPool.threads][0]!.worker!.terminate();
  const error = await lost;
  t.deepEqual([error.code, error.retry], ['UNAVAILABLE', 'if-idempotent']);
  // The target has seen its caller go.
  await event(key, 'CANCELLED cancelled');
  const again = front.client(Work);
  t.true((await again.busy({ ms: 1 }, { timeoutMs: 10_000, idempotent: true })).endMs > 0);
  await comesToRest(t, front.server);
});

test.serial('forwarded calls count in limits.requests, and a stop waits for them', async (t) => {
  await using target = await ScriptedServer.open();
  await using front = await startNarrowFront(`forward: "heddle://127.0.0.1:${target.port}"`, 'limits: { requests: 1 }');
  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  wire.send(requestFrame(1, 'raw', Buffer.from('one'), { service: 'test.Probe' }));
  const peer = await target.peer();
  const { id } = await peer.request();
  wire.send(requestFrame(2, 'raw', Buffer.from('two'), { service: 'test.Probe' }));
  t.is((await wire.one()).code, 'RESOURCE_EXHAUSTED');
  const stopping = front.server.stop();
  t.is((await wire.one()).is, 'goaway');
  peer.socket.write(replyFrame(id, 'in time'));
  t.is((await wire.one()).body.toString(), 'in time');
  await stopping;
});

test.serial('a one-way call is handed on, or refused when nobody is there to take it', async (t) => {
  const seen: SeenRequest[] = [];
  await using target = await ScriptedServer.open({ onRequest: (request) => void seen.push(request) });
  await using front = await startFront(`forward: "heddle://127.0.0.1:${target.port}"`);
  const address = `127.0.0.1:${front.port('http')}`;
  const options = { headers: { 'heddle-one-way': '1' }, body: {} };
  t.is((await http(address, 'POST', '/test.Any/where', options)).status, 202);
  await eventually('the call', () => seen.length === 1);
  const { service: name, method: called, flags } = seen[0]!;
  t.deepEqual([name, called, flags & callFlags.oneWay], ['test.Any', 'where', 1]);
  await target.close();
  await eventually('the loss', () => front.server.supervisor.counters.total('client-connect-failed') > 0);
  await becomes('refused', async () => (await http(address, 'POST', '/test.Any/where', options)).status === 503);
});
