// The client against the server's own connection class: both ends are the product's.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'ava';
import { callFlags } from '../../../runtime/call.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { TestThread } from '../protocol/heddle/test-thread.ts';
import { openChannel, type TestChannel, until } from './channel-helpers.ts';
import { ask } from './scripted-server.ts';

interface RealServer extends AsyncDisposable {
  thread: TestThread;
  port: number;
}

async function startServer(binding: Partial<BindingSettings> = {}): Promise<RealServer> {
  const thread = new TestThread(binding);
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => thread.accept(socket));
  const sockets = new Set<Socket>();
  listener.on('connection', (socket) => sockets.add(socket));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    thread,
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of thread.connections) connection.destroy();
      for (const socket of sockets) socket.destroy();
      await once(listener, 'close');
    },
  };
}

async function ready(client: TestChannel): Promise<void> {
  client.channel.open();
  await until(() => client.channel.stats.ready > 0);
}

test('bodies of all sizes come back as they went', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port]);
  const sizes = [0, 1, 31, 32, 33, 4_095, 4_096, 65_535, 65_536, 65_537, 262_144, 262_145, 900_000];
  const calls = sizes.map((size) => ({ size, asked: ask(client.channel, 'x'.repeat(size)) }));
  for (const { size, asked } of calls) t.is((await asked.outcome).text.length, size);
});

test('ten thousand calls of one turn are all answered', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port], { maxInFlight: 10_000 });
  await ready(client);
  const calls = Array.from({ length: 10_000 }, (_, index) => ask(client.channel, `${index}`));
  for (const [index, { outcome }] of calls.entries()) t.is((await outcome).text, `${index}`);
});

test('a cancel reaches the call that runs, and its answer is ignored', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x', {}, 'hold');
  await until(() => server.thread.dispatcher.held.length === 1);
  client.channel.cancel(asked.handle);
  await until(() => server.thread.dispatcher.cancelled.length === 1);
  t.is((await ask(client.channel, 'y').outcome).text, 'y');
  t.is(asked.replies, 0);
});

test("a deadline travels as a budget and ends the call at the client's clock", async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port]);
  await ready(client);
  const asked = ask(client.channel, 'x', { deadlineMs: client.host.clock.nowMs() + 50 }, 'hold');
  await until(() => server.thread.dispatcher.held.length === 1);
  const budgetMs = server.thread.dispatcher.held[0]!.deadlineMs - server.thread.clock.nowMs();
  t.true(budgetMs > 0 && budgetMs <= 50);
  t.is((await asked.outcome).code, 'DEADLINE_EXCEEDED');
});

test('errors come back with code and sentence, one-way calls arrive', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port]);
  t.like(await ask(client.channel, 'x', {}, 'refuse').outcome, { code: 'NOT_FOUND', text: 'no such method' });
  await ask(client.channel, 'one way', { flags: callFlags.oneWay }, 'hold').outcome;
  await until(() => server.thread.dispatcher.held.length === 1);
  t.is(server.thread.dispatcher.held[0]!.body.toString(), 'one way');
});

test('when the server drains, what runs is answered and nothing is lost', async (t) => {
  await using first = await startServer();
  await using client = openChannel([first.port]);
  const running = ask(client.channel, 'running', {}, 'hold');
  await until(() => first.thread.dispatcher.held.length === 1);
  first.thread.connections[0]!.drain();
  await until(() => client.channel.stats.ready === 0);
  const next = ask(client.channel, 'next');
  first.thread.dispatcher.held[0]!.answer();
  t.is((await running.outcome).text, 'running');
  t.is((await next.outcome).text, 'next');
  await until(() => first.thread.closed === 1);
});

test('an idle connection that the server ends is replaced', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port], { backoffFirstMs: 1 });
  t.is((await ask(client.channel, '1').outcome).text, '1');
  server.thread.connections[0]!.drain();
  await until(() => server.thread.connections.length === 2 && client.channel.stats.ready === 1);
  t.is((await ask(client.channel, '2').outcome).text, '2');
});

test('a request over the server’s frame bound is answered and the connection stays', async (t) => {
  await using server = await startServer({ frameBytes: 10_000 });
  await using client = openChannel([server.port]);
  t.like(await ask(client.channel, 'x'.repeat(20_000)).outcome, { code: 'RESOURCE_EXHAUSTED', retry: 'no' });
  t.is((await ask(client.channel, 'small').outcome).text, 'small');
  t.is(server.thread.connections.length, 1);
});

test('closing the client closes the connection at the server and cancels what runs', async (t) => {
  await using server = await startServer();
  await using client = openChannel([server.port]);
  const asked = ask(client.channel, 'x', {}, 'hold');
  await until(() => server.thread.dispatcher.held.length === 1);
  await client.channel.close();
  t.is((await asked.outcome).code, 'CANCELLED');
  await until(() => server.thread.closed === 1);
  t.is(server.thread.dispatcher.cancelled.length, 1);
});
