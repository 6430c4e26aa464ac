import test from 'ava';
import { callFlags } from '../../../runtime/call.ts';
import { openChannel, until } from './channel-helpers.ts';
import { ask, deadPort, ScriptedServer } from './scripted-server.ts';

const echo = {
  onRequest: (request: { id: number; body: string }, peer: { reply(id: number, body: string): void }) =>
    peer.reply(request.id, request.body),
};

test('answers each call with its own reply, in whatever order they come', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const first = ask(client.channel, 'first');
  const second = ask(client.channel, 'second');
  const peer = await server.peer();
  const [a, b] = [await peer.request(), await peer.request()];
  peer.reply(b.id, `re ${b.body}`);
  peer.reply(a.id, `re ${a.body}`);
  t.is((await first.outcome).text, 're first');
  t.is((await second.outcome).text, 're second');
  t.deepEqual(client.channel.stats, { inFlight: 0, waiting: 0, ready: 1, connections: 1, retries: 0, ejected: 0 });
});

test('sends service, method, budget, attempt and a random call id', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { timeoutMs: 5_000 });
  ask(client.channel, 'x', { attempt: 3 });
  ask(client.channel, 'x', { callIdHigh: 1, callIdLow: 2 });
  const peer = await server.peer();
  const request = await peer.request();
  t.like(request, { service: 'demo.Echo', method: 'echo', attempt: 3 });
  t.true(request.budgetUs > 4_000_000 && request.budgetUs <= 5_000_000);
  t.not(request.callId, '0:0');
  t.is((await peer.request()).callId, '1:2');
});

test('leaves the head of the caller as it was', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port]);
  const head = { flags: 0, callIdHigh: 0, callIdLow: 0 };
  await ask(client.channel, 'x', head).outcome;
  t.deepEqual(head, { flags: 0, callIdHigh: 0, callIdLow: 0 });
});

test("passes the server's error on: code, sentence, retry hint", async (t) => {
  await using server = await ScriptedServer.open({
    onRequest: (request, peer) => peer.error(request.id, 'NOT_FOUND', 'no such film', 'yes'),
  });
  await using client = openChannel([server.port]);
  t.like(await ask(client.channel, 'x').outcome, { code: 'NOT_FOUND', text: 'no such film', retry: 'yes' });
});

test('answers DEADLINE_EXCEEDED and sends CANCEL when the server is silent', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { timeoutMs: 30 });
  client.channel.open();
  const peer = await server.peer();
  await until(() => client.channel.stats.ready === 1);
  const asked = ask(client.channel, 'x');
  const request = await peer.request();
  t.is(await peer.cancel(), request.id);
  t.like(await asked.outcome, { code: 'DEADLINE_EXCEEDED', retry: 'no' });
  t.regex((await asked.outcome).text, /demo\.Echo\/echo: 127\.0\.0\.1:\d+ sent no reply within \d+ ms/);
});

test("the shorter of the client's timeout and the caller's deadline holds", async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { timeoutMs: 60_000 });
  const deadlineMs = client.host.clock.nowMs() + 20;
  t.is((await ask(client.channel, 'x', { deadlineMs }).outcome).code, 'DEADLINE_EXCEEDED');
});

test('a call whose deadline has passed is not sent', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x', { deadlineMs: client.host.clock.nowMs() - 1 });
  t.is(asked.handle, -1);
  t.is((await asked.outcome).code, 'DEADLINE_EXCEEDED');
  t.is(client.channel.stats.connections, 0);
});

test('cancel sends CANCEL, frees the slot and gives no reply', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { maxInFlight: 1 });
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  const request = await peer.request();
  client.channel.cancel(asked.handle);
  t.is(client.channel.stats.inFlight, 0);
  t.is(await peer.cancel(), request.id);
  t.is(asked.replies, 0);
});

test('a late reply never reaches the next call in the same slot', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { maxInFlight: 1 });
  const cancelled = ask(client.channel, 'old');
  const peer = await server.peer();
  const old = await peer.request();
  client.channel.cancel(cancelled.handle);
  const next = ask(client.channel, 'new');
  const request = await peer.request();
  peer.reply(old.id, 're old');
  peer.reply(request.id, 're new');
  t.is((await next.outcome).text, 're new');
  t.is(cancelled.replies, 0);
  t.true(client.events.includes('client-late-reply'));
});

test('a one-way call is answered once it is handed on', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const early = ask(client.channel, 'before the connection', { flags: callFlags.oneWay });
  t.is(client.channel.stats.waiting, 1);
  t.like(await early.outcome, { code: 'OK', text: '' });
  const late = ask(client.channel, 'after', { flags: callFlags.oneWay });
  t.is(late.handle, -1);
  const peer = await server.peer();
  t.like(await peer.request(), { body: 'before the connection', flags: callFlags.oneWay });
  t.is((await peer.request()).body, 'after');
  t.is(client.channel.stats.inFlight, 0);
});

test('over maxInFlight a call is refused at once', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { maxInFlight: 2 });
  ask(client.channel, '1');
  ask(client.channel, '2');
  const refused = await ask(client.channel, '3').outcome;
  t.like(refused, { code: 'RESOURCE_EXHAUSTED', retry: 'yes' });
  t.regex(refused.text, /maxInFlight/);
});

test('a request over frameBytes is refused, and not to be repeated', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { frameBytes: 1_024 });
  t.like(await ask(client.channel, 'x'.repeat(1_024)).outcome, { code: 'RESOURCE_EXHAUSTED', retry: 'no' });
});

test('a reply over frameBytes fails its call alone', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { frameBytes: 1_024 });
  const big = ask(client.channel, 'big');
  const small = ask(client.channel, 'small');
  const peer = await server.peer();
  peer.reply((await peer.request()).id, 'x'.repeat(200_000));
  peer.reply((await peer.request()).id, 'ok');
  t.like(await big.outcome, { code: 'RESOURCE_EXHAUSTED', retry: 'no' });
  t.is((await small.outcome).text, 'ok');
});

test('a server that stops reading costs writeBufferBytes and then refusals', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port], { writeBufferBytes: 1_000_000, frameBytes: 1_000_000 });
  client.channel.open();
  const peer = await server.peer();
  await until(() => client.channel.stats.ready === 1);
  peer.socket.pause();
  const body = 'x'.repeat(100_000);
  let taken = 0;
  const calls = [];
  for (;;) {
    const asked = ask(client.channel, body);
    calls.push(asked);
    if (asked.handle < 0) break;
    taken++;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  t.like(await calls.at(-1)!.outcome, { code: 'RESOURCE_EXHAUSTED', retry: 'yes' });
  // The kernel's buffers take some megabytes; ours no more than its bound.
  t.true(taken >= 9 && taken < 500, `${taken}`);
  peer.socket.resume();
  for (let index = 0; index < taken; index++) peer.reply((await peer.request()).id, 'ok');
  for (const { outcome } of calls.slice(0, -1)) t.is((await outcome).text, 'ok');
});

test('a large request and reply go through in one piece', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port]);
  const body = 'film '.repeat(1_500_000);
  const small = ask(client.channel, 'small');
  const large = ask(client.channel, body);
  const after = ask(client.channel, 'after');
  t.is((await small.outcome).text, 'small');
  t.true((await large.outcome).text === body);
  t.is((await after.outcome).text, 'after');
});

test('calls of one turn leave in one write', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  client.channel.open();
  const peer = await server.peer();
  await until(() => client.channel.stats.ready === 1);
  await peer.ping();
  let reads = 0;
  peer.socket.on('data', () => reads++);
  for (let index = 0; index < 50; index++) ask(client.channel, `${index}`);
  for (let index = 0; index < 50; index++) t.is((await peer.request()).body, `${index}`);
  t.is(reads, 1);
});

test('round robin gives each address its turn', async (t) => {
  const served = [0, 0];
  await using one = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, `${served[0]!++}`) });
  await using two = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, `${served[1]!++}`) });
  await using client = openChannel([one.port, two.port]);
  client.channel.open();
  await until(() => client.channel.stats.ready === 2);
  for (let index = 0; index < 6; index++) await ask(client.channel, 'x').outcome;
  t.deepEqual(served, [3, 3]);
});

test('a dead address costs no call', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([await deadPort(), server.port]);
  for (let index = 0; index < 10; index++) t.is((await ask(client.channel, `${index}`).outcome).text, `${index}`);
  t.true(client.events.includes('client-connect-failed'));
});

test('opens `connections` to each address', async (t) => {
  await using server = await ScriptedServer.open(echo);
  await using client = openChannel([server.port], { connections: 3 });
  client.channel.open();
  await until(() => client.channel.stats.ready === 3);
  await until(() => server.peers.length === 3);
  t.is(client.channel.stats.connections, 3);
});

test('close answers what is in flight, cancels it at the server and closes the sockets', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x');
  const peer = await server.peer();
  const request = await peer.request();
  const closed = client.channel.close();
  t.is((await asked.outcome).code, 'CANCELLED');
  t.is(await peer.cancel(), request.id);
  await peer.closed();
  await closed;
  t.deepEqual(client.channel.stats, { inFlight: 0, waiting: 0, ready: 0, connections: 0, retries: 0, ejected: 0 });
  t.is(client.host.timers.size, 0);
  t.is((await ask(client.channel, 'x').outcome).code, 'FAILED_PRECONDITION');
});

test('close sends what was handed on before', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openChannel([server.port]);
  await ask(client.channel, 'warm', { flags: callFlags.oneWay }).outcome;
  await ask(client.channel, 'last words', { flags: callFlags.oneWay }).outcome;
  await client.channel.close();
  const peer = await server.peer();
  await peer.request();
  t.is((await peer.request()).body, 'last words');
});
