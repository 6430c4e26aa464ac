// Laws of mirrors: who is copied never notices, whatever becomes of the copy; copies are marked, counted and bounded.

import test, { type ExecutionContext } from 'ava';
import { mirrorInFlightMax } from '../../../net/traffic/mirror.ts';
import { callFlags } from '../../../runtime/call.ts';
import { encodeMetadata } from '../../../runtime/metadata.ts';
import { comesToRest, eventually, type Rig, settingsOf } from '../../faults/rig.ts';
import { event, newKey } from '../../spine/events.ts';
import { rejection } from '../../spine/rejection.ts';
import { Probe, Work } from '../../spine/services/contracts.ts';
import { cancelFrame, http, requestFrame, Wire } from '../../spine/wire.ts';
import { deadPort, type Peer, ScriptedServer } from '../client/scripted-server.ts';
import { becomes, counted, frontYaml, startBack, startFront, targetOf } from './servers.ts';

/** A mirror for all calls. */
function all(port: number): string {
  return `mirror: [{ target: "heddle://127.0.0.1:${port}", percent: 100 }]`;
}

/** Calls until the first copy has been sent: the mirror's connection is up. Returns how often. */
async function untilMirrored(front: Rig): Promise<number> {
  const probe = front.client(Probe);
  let calls = 0;
  await becomes('a copy', async () => {
    calls++;
    await probe.raw(Buffer.from('first'));
    return counted(front, 'mirrored') > 0;
  });
  return calls;
}

/** Every kind of call is answered as without a mirror; in how many ms. */
async function answersAll(t: ExecutionContext, front: Rig): Promise<number> {
  const beganMs = performance.now();
  const probe = front.client(Probe, { maxAttempts: 1 });
  t.deepEqual(await probe.greet({ name: 'Ada' }), { text: 'hello Ada' });
  for (const size of [0, 300, 70_000, 1_000_000]) {
    const body = Buffer.alloc(size, size);
    t.true(body.equals(await probe.raw(body)), `${size} bytes`);
  }
  t.is((await rejection(probe.fail({ how: 'heddle' }))).code, 'ABORTED');
  const key = newKey();
  await probe.note({ key }, { oneWay: true });
  await event(key, 'done');
  const many = Array.from({ length: 100 }, (_, index) => probe.sum({ values: [index, 1] }));
  t.deepEqual(
    (await Promise.all(many)).map(({ total }) => total),
    many.map((_, index) => index + 1),
  );
  const address = `127.0.0.1:${front.port('http')}`;
  t.deepEqual((await http(address, 'GET', '/test.Probe/greet?name=Bo')).json, { text: 'hello Bo' });
  return performance.now() - beganMs;
}

test.serial('a copy is what came, and says that it is one', async (t) => {
  await using mirror = await ScriptedServer.open({ onRequest: () => {} });
  const seen: { method: string; body: string; flags: number; metadata: object; budgetUs: number }[] = [];
  await using watched = await ScriptedServer.open({
    onRequest: ({ id, method, body, flags, metadata, budgetUs }, peer) => {
      seen.push({ method, body, flags, metadata: Object.fromEntries(metadata), budgetUs });
      peer.reply(id, 'nobody reads this');
    },
  });
  await using front = await startFront(
    `timeout: 9s, mirror: [
        { target: "heddle://127.0.0.1:${watched.port}", percent: 100 },
        { target: "heddle://127.0.0.1:${mirror.port}", percent: 0 }]`,
  );
  await untilMirrored(front);
  const probe = front.client(Probe);
  await eventually('the first', () => seen.length === counted(front, 'mirrored'));
  seen.length = 0;
  const metadata = { from: 'a test' };
  t.deepEqual(await probe.greet({ name: 'Ada' }, { codec: 'json', metadata }), { text: 'hello Ada' });
  await probe.note({ key: newKey() }, { oneWay: true, codec: 'json' });
  await http(`127.0.0.1:${front.port('http')}`, 'GET', '/test.Probe/greet?name=Bo');
  await eventually('the copies', () => seen.length === 3);
  const [greet, note, get] = seen;
  const copier = (greet!.metadata as Record<string, string>)['heddle-mirror'];
  t.regex(copier ?? '', /^[0-9a-f]{24}$/);
  t.deepEqual(greet!.metadata, { 'heddle-mirror': copier, ...metadata });
  t.regex(greet!.body, /"name":"Ada"/);
  t.true(greet!.budgetUs > 1e6 && greet!.budgetUs <= 9e6);
  t.deepEqual([note!.method, note!.flags & callFlags.oneWay], ['note', 1]);
  t.deepEqual([get!.metadata, get!.body], [{ 'heddle-query': '1', 'heddle-mirror': copier }, '{"name":"Bo"}']);
  await eventually('the answers are read', () => watched.peers.every(({ socket }) => socket.writableLength === 0));
  t.is(counted(front, 'mirror-failed'), 0);
  t.is(mirror.peers[0]?.count('request') ?? 0, 0, 'of 0 percent none');
});

const bad: [what: string, open: () => Promise<{ port: number; close?: () => Promise<void> }>][] = [
  ['is not there', async () => ({ port: await deadPort() })],
  ['never answers', () => ScriptedServer.open({ onRequest: () => {} })],
  ['answers errors', () => ScriptedServer.open({ onRequest: ({ id }, peer) => peer.error(id, 'INTERNAL', 'no') })],
  ['talks garbage', () => ScriptedServer.open({ onRequest: (_request, peer) => void peer.socket.write('garbage') })],
  ['closes at each call', () => ScriptedServer.open({ onRequest: (_request, { socket }) => void socket.destroy() })],
  ['reads nothing', () => opened((peer) => void peer.socket.pause())],
  ['answers no ping', () => opened((peer) => (peer.pongs = false))],
];

/** A server that does this to each connection, and answers nothing. */
async function opened(onPeer: (peer: Peer) => void): Promise<ScriptedServer> {
  const server = await ScriptedServer.open({ onRequest: () => {} });
  void (async () => {
    for (;;) onPeer(await server.peer());
  })();
  return server;
}

test.serial('nobody notices a mirror that is bad in any way, nor all of them together', async (t) => {
  const servers = await Promise.all(bad.map(([, open]) => open()));
  const mirrors = servers.map(({ port }) => `{ target: "heddle://127.0.0.1:${port}", percent: 100 }`);
  await using front = await startFront('maxConnections: 1000');
  await answersAll(t, front);
  const withoutMs = await answersAll(t, front);
  // Far more than the machine's noise, far less than any wait for a mirror would be.
  const allowedMs = withoutMs * 5 + 500;
  for (const [index, mirror] of mirrors.entries()) {
    const { changed } = await front.server.reload(settingsOf(frontYaml(`maxConnections: 1000, mirror: [${mirror}]`)));
    t.true(changed.length > 0, bad[index]![0]);
    await answersAll(t, front);
    const withMs = await answersAll(t, front);
    t.true(withMs < allowedMs, `${bad[index]![0]}: ${withMs} ms with it, ${withoutMs} ms without`);
  }
  await front.server.reload(settingsOf(frontYaml(`maxConnections: 1000, mirror: [${mirrors.join()}]`)));
  await answersAll(t, front);
  await answersAll(t, front);
  t.true(counted(front, 'mirrored') > 0);
  t.true(counted(front, 'mirror-dropped') > 0);
  t.true(counted(front, 'mirror-failed') > 0);
  t.is(counted(front, 'forwarded'), 0);
  await comesToRest(t, front.server);
  for (const server of servers) await server.close?.();
});

test.serial(
  'a mirror that answers nothing holds so many copies and no more, and no place of limits.requests',
  async (t) => {
    await using mirror = await ScriptedServer.open({ onRequest: () => {} });
    await using front = await startFront(all(mirror.port), 'limits: { requests: 1 }');
    await untilMirrored(front);
    const probe = front.client(Probe, { maxAttempts: 1 });
    for (let call = 0; call < mirrorInFlightMax + 100; call++) await probe.raw(Buffer.from('x'));
    t.is(counted(front, 'mirrored'), mirrorInFlightMax);
    t.true(counted(front, 'mirror-dropped') >= 100);
    await comesToRest(t, front.server);
  },
);

test.serial('a mirror that reads nothing holds a bounded number of bytes', async (t) => {
  await using mirror = await opened((peer) => void peer.socket.pause());
  await using front = await startFront(all(mirror.port));
  await untilMirrored(front);
  const probe = front.client(Probe, { maxAttempts: 1 });
  const body = Buffer.alloc(1_000_000, 7);
  for (let call = 0; call < 40; call++) t.true(body.equals(await probe.raw(body)));
  // What the kernel's buffers take, and 1 MiB with one call across it.
  t.true(counted(front, 'mirror-dropped') >= 20);
});

test.serial('the thread that follows a dead one copies on', async (t) => {
  await using mirror = await ScriptedServer.open({ onRequest: () => {} });
  await using front = await startFront(all(mirror.port));
  await untilMirrored(front);
  const before = counted(front, 'mirrored');
  await [...front.server.ioPool.threads][0]!.worker!.terminate();
  const probe = front.client(Probe);
  await becomes('a copy', async () => {
    await probe.sum({ values: [1] }, { timeoutMs: 10_000 });
    return counted(front, 'mirrored') > before;
  });
  await comesToRest(t, front.server);
});

test.serial('no process copies a call twice: mirrors that look at each other end', async (t) => {
  await using one = await startFront('timeout: 5s');
  await using two = await startFront(`timeout: 5s, ${all(one.port('heddle'))}`);
  await one.server.reload(settingsOf(frontYaml(`timeout: 5s, ${all(two.port('heddle'))}`)));
  let calls = (await untilMirrored(one)) + (await untilMirrored(two));
  const probe = one.client(Probe);
  const copies = (): number => counted(one, 'mirrored') + counted(two, 'mirrored');
  // There, and back again.
  const wanted = copies() + 40;
  for (let call = 0; call < 20; call++, calls++) await probe.raw(Buffer.from('x'));
  await eventually('the copies', () => copies() >= wanted);
  await comesToRest(t, one.server);
  await comesToRest(t, two.server);
  t.true(copies() <= 2 * calls, `${copies()} copies of ${calls} calls`);
});

test.serial('no mark that a stranger makes up keeps his call from being copied', async (t) => {
  await using mirror = await ScriptedServer.open({ onRequest: () => {} });
  await using front = await startFront(all(mirror.port));
  await untilMirrored(front);
  const before = counted(front, 'mirrored');
  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  for (const [index, value] of ['1', '9', '0'.repeat(24)].entries()) {
    const source = encodeMetadata([['heddle-mirror', value]]);
    const head = { source, metadataEnd: source.length };
    wire.send(requestFrame(index + 1, 'context', {}, { service: 'test.Probe', head }));
    t.is((await wire.one()).is, 'reply');
  }
  await eventually('the copies', () => counted(front, 'mirrored') === before + 3);
});

test.serial('what nobody reaches behind a listener is not copied; what is forwarded is', async (t) => {
  const seen: string[] = [];
  await using mirror = await ScriptedServer.open({
    onRequest: ({ id, service, method, metadata }, peer) => {
      seen.push(`${service}/${method} ${metadata.get('heddle-hops') ?? 0}`);
      peer.reply(id, '');
    },
  });
  await using back = await startBack();
  await using front = await startFront(all(mirror.port));
  await untilMirrored(front);
  await eventually('the first', () => seen.length === counted(front, 'mirrored'));
  seen.length = 0;
  t.is((await rejection(front.client(Work).busy({ ms: 1 }))).code, 'NOT_FOUND');
  await front.client(Probe).raw(Buffer.from('x'));
  await eventually('the copy', () => seen.length === 1);
  t.deepEqual(seen, ['test.Probe/raw 0']);
  await front.server.reload(settingsOf(frontYaml(`${all(mirror.port)}, forward: "${targetOf(back)}"`)));
  await becomes('forwarded', () =>
    front
      .client(Work)
      .busy({ ms: 1 })
      .then(
        () => true,
        () => false,
      ),
  );
  await eventually('the copy', () => seen.length >= 2);
  // The copy is of what came, not of what goes on.
  t.is(seen.at(-1), 'test.Work/busy 0');
});

test.serial('what a caller takes back, the mirror finishes', async (t) => {
  const seen: string[] = [];
  await using mirror = await ScriptedServer.open({ onRequest: ({ body }) => void seen.push(body) });
  await using front = await startFront(all(mirror.port));
  await untilMirrored(front);
  using wire = await Wire.to(`127.0.0.1:${front.port('heddle')}`);
  const service = 'test.Probe';
  wire.send(requestFrame(1, 'raw', Buffer.from('taken back'), { service }), cancelFrame(1));
  t.is((await wire.one()).code, 'CANCELLED');
  wire.send(requestFrame(2, 'raw', Buffer.from('the last'), { service }));
  await eventually('the copies', () => seen.includes('the last'));
  t.true(seen.includes('taken back'));
  t.true(mirror.peers.every((peer) => peer.count('cancel') === 0));
});
