import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { openChannel, until } from './channel-helpers.ts';
import { ask, deadPort, replyFrame, ScriptedServer, type SeenRequest } from './scripted-server.ts';

const echo = {
  onRequest: (request: SeenRequest, peer: { reply(id: number, body: string): void }) =>
    peer.reply(request.id, request.body),
};

test('calls before the first connection wait for it', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  t.like(client.channel.stats, { inFlight: 1, waiting: 1, ready: 0, connections: 0 });
  t.is((await asked.outcome).text, 'x');
});

test('a target that was never up fails calls as soon as each address has failed once, naming them', async (t) => {
  const [one, two] = [await deadPort(), await deadPort()];
  await using client = openChannel([one, two], { timeoutMs: 0 });
  const outcome = await ask(client.channel, 'x').outcome;
  t.like(outcome, { code: 'UNAVAILABLE', retry: 'yes' });
  for (const port of [one, two])
    t.regex(outcome.text, new RegExp(`127.0.0.1:${port}: no connection \\(ECONNREFUSED\\)`));
  t.is(client.channel.stats.inFlight, 0);
});

test('while each address waits for its next attempt a call is refused at once, saying when', async (t) => {
  const clock = new VirtualClock();
  await using client = openChannel([await deadPort()], {}, { clock, random: () => 0.99 });
  await ask(client.channel, 'x').outcome;
  const refused = ask(client.channel, 'x');
  t.is(refused.handle, -1);
  t.like(await refused.outcome, { code: 'UNAVAILABLE', retry: 'yes', retryAfterMs: 50 });
});

test('a call made during a restart waits and is answered', async (t) => {
  const before = await ScriptedServer.open(echo);
  const { port } = before;
  await using client = openChannel([port], { reconnectGraceMs: 60_000, backoffFirstMs: 5, backoffMaxMs: 20 });
  t.is((await ask(client.channel, '1').outcome).text, '1');
  await before.close();
  await until(() => client.channel.stats.ready === 0);
  const asked = ask(client.channel, '2');
  await client.event('client-connect-failed');
  t.is(asked.replies, 0);
  await using _after = await ScriptedServer.open({ ...echo, port });
  t.is((await asked.outcome).text, '2');
});

test('a call made during an outage fails when the grace is over', async (t) => {
  const clock = new VirtualClock();
  const server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port], { reconnectGraceMs: 1_000, timeoutMs: 0 }, { clock });
  t.is((await ask(client.channel, '1').outcome).text, '1');
  await server.close();
  await until(() => client.channel.stats.ready === 0);
  const asked = ask(client.channel, '2');
  while (!client.events.includes('client-connect-failed')) await clock.advance(10);
  t.true(clock.nowMs() < 500);
  t.is(asked.replies, 0);
  while (asked.replies === 0) await clock.advance(10);
  t.true(clock.nowMs() >= 1_000);
  t.like(await asked.outcome, { code: 'UNAVAILABLE', retry: 'yes' });
});

test('a call that waits for a connection still ends at its deadline', async (t) => {
  const clock = new VirtualClock();
  const server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port], { reconnectGraceMs: 60_000 }, { clock });
  await ask(client.channel, '1').outcome;
  await server.close();
  await until(() => client.channel.stats.ready === 0);
  const asked = ask(client.channel, '2', { deadlineMs: clock.nowMs() + 300 });
  while (asked.replies === 0) await clock.advance(10);
  t.is((await asked.outcome).code, 'DEADLINE_EXCEEDED');
  t.regex((await asked.outcome).text, /no connection within 300 ms/);
  t.like(client.channel.stats, { inFlight: 0, waiting: 0, ready: 0 });
});

test('a waiting call can be cancelled', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port]);
  const cancelled = ask(client.channel, 'never');
  const kept = ask(client.channel, 'kept');
  client.channel.cancel(cancelled.handle);
  t.is((await kept.outcome).text, 'kept');
  t.is(cancelled.replies, 0);
  t.is(client.channel.stats.inFlight, 0);
});

test('calls that wait are bounded in bytes', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port], { writeBufferBytes: 1_024 });
  const kept = ask(client.channel, 'x'.repeat(1_024));
  const refused = await ask(client.channel, 'x'.repeat(800)).outcome;
  t.like(refused, { code: 'RESOURCE_EXHAUSTED', retry: 'yes' });
  t.is((await kept.outcome).code, 'OK');
});

test('calls in flight on a lost connection fail, to be repeated only if idempotent; a new connection comes', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = [ask(client.channel, '1'), ask(client.channel, '2')];
  const peer = await server.peer();
  await peer.request();
  peer.socket.destroy();
  for (const { outcome } of asked) t.like(await outcome, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  const next = ask(client.channel, '3');
  const again = await server.peer();
  again.reply((await again.request()).id, 'ok');
  t.is((await next.outcome).text, 'ok');
});

test('calls that were never written to a lost connection have not run', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { writeBufferBytes: 40_000_000 });
  client.channel.open();
  const peer = await server.peer();
  await until(() => client.channel.stats.ready === 1);
  peer.socket.pause();
  const written = ask(client.channel, 'written');
  await new Promise<void>((resolve) => setImmediate(resolve));
  for (let index = 0; index < 3; index++) ask(client.channel, 'x'.repeat(9_000_000));
  await new Promise<void>((resolve) => setImmediate(resolve));
  const unwritten = ask(client.channel, 'unwritten');
  await new Promise<void>((resolve) => setImmediate(resolve));
  peer.socket.destroy();
  t.like(await written.outcome, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  t.like(await unwritten.outcome, { code: 'UNAVAILABLE', retry: 'yes' });
});

test('a reply cut in the middle is an error, never a short reply', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  const frame = replyFrame((await peer.request()).id, 'a whole sentence');
  peer.socket.end(frame.subarray(0, frame.length - 3));
  const outcome = await asked.outcome;
  t.like(outcome, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  t.regex(outcome.text, /closed it in the middle of a frame/);
});

test('after GOAWAY what is in flight finishes and new calls take a new connection', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const running = ask(client.channel, 'running');
  const old = await server.peer();
  const request = await old.request();
  old.goaway();
  await until(() => client.channel.stats.ready === 0);
  const next = ask(client.channel, 'next');
  const fresh = await server.peer();
  fresh.reply((await fresh.request()).id, 'from the new one');
  t.is((await next.outcome).text, 'from the new one');
  old.reply(request.id, 'from the old one');
  t.is((await running.outcome).text, 'from the old one');
  await old.closed();
  await until(() => client.channel.stats.connections === 1);
});

test('after a final GOAWAY what has no answer has not run', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  await peer.request();
  peer.goaway({ final: true, message: 'maintenance' });
  t.like(await asked.outcome, { code: 'UNAVAILABLE', retry: 'yes' });
  t.regex((await asked.outcome).text, /maintenance/);
});

test('a GOAWAY with an error closes and says why', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  await peer.request();
  peer.goaway({ code: 12, message: 'version 1 is not spoken here' });
  t.like(await asked.outcome, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  t.regex((await asked.outcome).text, /UNIMPLEMENTED version 1 is not spoken here/);
});

test('a server that speaks something else is left, counted, and not asked again without backoff', async (t) => {
  const clock = new VirtualClock();
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], {}, { clock, random: () => 0.999 });
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  await peer.request();
  peer.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  t.like(await asked.outcome, { code: 'UNAVAILABLE' });
  t.true(client.events.includes('client-malformed'));
  await clock.advance(51);
  const second = await server.peer();
  await second.ping();
  second.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  await second.closed();
  await clock.advance(60);
  t.is(server.peers.length, 2);
  await clock.advance(50);
  await until(() => server.peers.length === 3);
});

test('a reply that can not be read fails its call alone', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const bad = ask(client.channel, 'bad');
  const good = ask(client.channel, 'good');
  const peer = await server.peer();
  const frame = replyFrame((await peer.request()).id, 'x');
  // Codec 9 is none.
  frame[12] = 9;
  peer.socket.write(frame);
  peer.reply((await peer.request()).id, 'fine');
  t.like(await bad.outcome, { code: 'INTERNAL', retry: 'no' });
  t.is((await good.outcome).text, 'fine');
});

test('replies to ids that were never used are ignored', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  const { id } = await peer.request();
  for (const wrong of [0, 1, id + 1, 0xffff_ffff, 0x8000_0000 | id]) peer.reply(wrong >>> 0, 'lies');
  peer.reply(id, 'truth');
  t.is((await asked.outcome).text, 'truth');
});

test('a peer that gives no sign of life after a ping is left', async (t) => {
  const clock = new VirtualClock();
  await using server = await ScriptedServer.open();
  const options = { pingIntervalMs: 1_000, pingTimeoutMs: 100, timeoutMs: 0 };
  await using client = openChannel([server.port], options, { clock });
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  await peer.request();
  await peer.ping();
  await until(() => client.channel.stats.ready === 1);
  peer.pongs = false;
  while (peer.count('ping') === 0) await clock.advance(100);
  t.true(clock.nowMs() >= 1_000);
  t.is(asked.replies, 0);
  while (asked.replies === 0) await clock.advance(10);
  t.regex((await asked.outcome).text, /no sign of life within 100 ms of a ping/);
  t.true(client.events.includes('client-ping-timeout'));
});

test('a peer that answers pings is kept, however long a call takes', async (t) => {
  const clock = new VirtualClock();
  await using server = await ScriptedServer.open();
  const options = { pingIntervalMs: 1_000, pingTimeoutMs: 100, timeoutMs: 0 };
  await using client = openChannel([server.port], options, { clock });
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  const { id } = await peer.request();
  for (let round = 0; round < 5; round++) {
    while (peer.count('ping') === 0) await clock.advance(20);
    await peer.ping();
    // Its PONG crosses real sockets while virtual time stands still.
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  peer.reply(id, 'slow');
  t.is((await asked.outcome).text, 'slow');
});

test('a kernel that accepts for a process that hangs is found out by the first ping', async (t) => {
  const clock = new VirtualClock();
  await using server = await ScriptedServer.open();
  server.pongs = false;
  await using client = openChannel([server.port], { pingTimeoutMs: 500, timeoutMs: 0 }, { clock });
  const asked = ask(client.channel, 'x');
  await (await server.peer()).request();
  while (asked.replies === 0) await clock.advance(50);
  t.is((await asked.outcome).code, 'UNAVAILABLE');
});

test('an attempt to connect ends after connectTimeoutMs', async (t) => {
  const clock = new VirtualClock();
  const { openSocket } = (await import('../../../net/client/host.ts')).makeHost();
  await using server = await ScriptedServer.open();
  // A socket whose `connect` event never comes, as with a lost SYN.
  const stuck: typeof openSocket = (ip, port, onread) => {
    const socket = openSocket(ip, port, onread);
    const emit = socket.emit.bind(socket);
    socket.emit = (event: string | symbol, ...values: unknown[]) =>
      event === 'connect' ? false : emit(event as 'close', ...(values as [boolean]));
    return socket;
  };
  await using client = openChannel(
    [server.port],
    { connectTimeoutMs: 200, timeoutMs: 0 },
    { clock, openSocket: stuck },
  );
  const asked = ask(client.channel, 'x');
  while (asked.replies === 0) await clock.advance(20);
  t.regex((await asked.outcome).text, /no connection within 200 ms \(connectTimeoutMs\)/);
});

test('a name with several addresses is tried address by address within one attempt', async (t) => {
  await using server = await ScriptedServer.open(echo);
  const resolver = { resolve: async () => ['127.0.0.2', '127.0.0.3', '127.0.0.1'] };
  const addresses = [{ host: 'backend.example', port: server.port }];
  await using client = openChannel([], { addresses }, { resolver });
  t.is((await ask(client.channel, 'x').outcome).text, 'x');
  t.is(client.events.filter((event) => event === 'client-connect-failed').length, 2);
});

test('localhost is loopback, without asking anybody', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([], { addresses: [{ host: 'localhost', port: server.port }] });
  t.is((await ask(client.channel, 'x').outcome).text, 'x');
});

test('a name that can not be resolved fails calls with its reason', async (t) => {
  const resolver = {
    resolve: async (host: string): Promise<string[]> => {
      throw new HeddleError('UNAVAILABLE', `the name ${host} could not be resolved: ENOTFOUND`, { retry: 'yes' });
    },
  };
  await using client = openChannel([], { addresses: [{ host: 'nowhere.example', port: 1 }] }, { resolver });
  const outcome = await ask(client.channel, 'x').outcome;
  t.like(outcome, { code: 'UNAVAILABLE', retry: 'yes' });
  t.regex(outcome.text, /nowhere\.example could not be resolved: ENOTFOUND/);
});
