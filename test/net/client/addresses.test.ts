// Laws of addresses that change while a channel lives: who gets the calls, what becomes of those in flight, and what is
// said while there is nobody.

import test from 'ava';
import type { ChannelOptionsInput } from '../../../net/client/options.ts';
import { retiredMax } from '../../../net/client/subchannels.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { openChannel, type TestChannel, until } from './channel-helpers.ts';
import { ask, deadPort, ScriptedServer } from './scripted-server.ts';

const at = (...servers: { port: number }[]) => servers.map(({ port }) => ({ host: '127.0.0.1', port }));

const openNamed = (options: ChannelOptionsInput = {}): TestChannel =>
  openChannel([], { namedBy: 'consul://echo', addresses: undefined as never, ...options });

const named = {
  onRequest: (
    request: { id: number },
    peer: { reply(id: number, body: string): void; socket: { localPort?: number } },
  ) => peer.reply(request.id, String(peer.socket.localPort)),
};

test('while naming has not answered calls wait, and a deadline says so', async (t) => {
  await using server = await ScriptedServer.open(named);
  await using client = openNamed();
  const late = ask(client.channel, 'x', { deadlineMs: client.host.clock.nowMs() + 20 });
  const waits = ask(client.channel, 'y');
  const outcome = await late.outcome;
  t.is(outcome.code, 'DEADLINE_EXCEEDED');
  t.regex(outcome.text, /no connection within \d+ ms: naming consul has not answered yet where consul:\/\/echo is$/);
  t.is(client.channel.stats.waiting, 1);
  client.channel.setAddresses(at(server));
  t.is((await waits.outcome).text, String(server.port));
});

test('an address that went finishes what is in flight and closes; one that stays keeps its connection', async (t) => {
  await using stays = await ScriptedServer.open();
  await using goes = await ScriptedServer.open();
  await using comes = await ScriptedServer.open();
  await using client = openNamed();
  client.channel.setAddresses(at(stays, goes));
  client.channel.open();
  await until(() => client.channel.stats.ready === 2);
  const asked = [ask(client.channel, 'a'), ask(client.channel, 'b')];
  const [kept, old] = [await stays.peer(), await goes.peer()];
  const [first, inFlight] = [await kept.request(), await old.request()];
  client.channel.setAddresses(at(comes, stays));
  t.is(client.channel.stats.ready, 1, 'no new calls for the one that went');
  await until(() => client.channel.stats.ready === 2);
  const later = Array.from({ length: 4 }, () => ask(client.channel, 'c'));
  const fresh = await comes.peer();
  for (const peer of [kept, fresh]) for (const _ of [1, 2]) peer.reply((await peer.request()).id, 'later');
  t.is(old.count('closed'), 0, 'what is in flight is waited for');
  old.reply(inFlight.id, 'finished');
  await old.closed();
  kept.reply(first.id, 'finished');
  t.deepEqual(await Promise.all(asked.map(async (one) => (await one.outcome).text)), ['finished', 'finished']);
  t.true((await Promise.all(later.map((one) => one.outcome))).every(({ text }) => text === 'later'));
  t.deepEqual([stays.peers.length, goes.peers.length, comes.peers.length], [1, 1, 1]);
  t.is(old.count('request'), 0);
  await until(() => client.channel.stats.connections === 2);
});

test('what an address that went does not finish within retireTimeoutMs is lost, once, and may have run', async (t) => {
  await using goes = await ScriptedServer.open();
  await using client = openNamed({ retireTimeoutMs: 20 });
  client.channel.setAddresses(at(goes));
  const asked = ask(client.channel, 'x');
  const peer = await goes.peer();
  await peer.request();
  client.channel.setAddresses([]);
  const outcome = await asked.outcome;
  t.like(outcome, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  t.regex(outcome.text, /the connection was lost: 127\.0\.0\.1:\d+: the address was taken out$/);
  await peer.closed();
  t.is(asked.replies, 1);
  t.like(client.channel.stats, { inFlight: 0, connections: 0 });
});

test('an empty list: calls wait as after a lost connection, then naming is named', async (t) => {
  await using server = await ScriptedServer.open(named);
  await using client = openNamed({ reconnectGraceMs: 30 });
  client.channel.setAddresses([]);
  const nobody = await ask(client.channel, 'x').outcome;
  t.like(nobody, { code: 'UNAVAILABLE', retry: 'yes', retryAfterMs: 0 });
  t.is(nobody.text, 'demo.Echo/echo found no connection: naming consul gives no address for consul://echo');
  client.channel.setAddresses([]);
  t.is((await ask(client.channel, 'at once').outcome).code, 'UNAVAILABLE', 'the same list begins no new grace');
  client.channel.setAddresses(at(server));
  t.is((await ask(client.channel, 'x').outcome).text, String(server.port));
  client.channel.setAddresses([]);
  const saved = ask(client.channel, 'within the grace');
  client.channel.setAddresses(at(server));
  t.is((await saved.outcome).text, String(server.port));
});

test('a dead address is left for one that lives', async (t) => {
  await using server = await ScriptedServer.open(named);
  await using client = openNamed();
  client.channel.setAddresses(at({ port: await deadPort() }));
  t.is((await ask(client.channel, 'x').outcome).code, 'UNAVAILABLE');
  client.channel.setAddresses(at(server));
  t.is((await ask(client.channel, 'x').outcome).text, String(server.port));
});

test('an address that comes and goes and never answers is logged once a minute, and so is its coming up', async (t) => {
  const logged: string[] = [];
  const write = (_fields: object, message: string): void => void logged.push(message);
  const log: Logger = { ...silentLogger, info: write, warn: write };
  const port = await deadPort();
  await using client = openChannel([], { namedBy: 'consul://echo', addresses: undefined as never }, { log });
  client.channel.open();
  const failures = (): number => client.events.filter((event) => event === 'client-connect-failed').length;
  for (let turn = 1; turn <= 3; turn++) {
    client.channel.setAddresses(at({ port }));
    await until(() => failures() === turn);
    client.channel.setAddresses([]);
  }
  await using server = await ScriptedServer.open({ port });
  client.channel.setAddresses(at(server));
  await until(() => client.channel.stats.ready === 1);
  t.deepEqual(logged, ['no connection comes up; it is tried again and again', 'a connection is up again']);
});

test('lists that change at random under load: each call gets one answer, and none fails', async (t) => {
  const seed = 20_261_122;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const held: (() => void)[] = [];
  const servers = await Promise.all(
    Array.from({ length: 3 }, () =>
      ScriptedServer.open({
        onRequest: (request, peer) => {
          const answer = () => peer.reply(request.id, request.body);
          if (random() < 0.3) held.push(answer);
          else answer();
        },
      }),
    ),
  );
  const client = openNamed({ connections: 2 });
  const asked = [];
  for (let round = 0; round < 200; round++) {
    // Never empty: somebody is always there.
    const list = servers.filter((_, index) => index === round % 3 || random() < 0.5);
    client.channel.setAddresses(at(...list));
    for (let call = 0; call < 5; call++) asked.push(ask(client.channel, `${round} ${call}`));
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (random() < 0.5) for (const answer of held.splice(0)) answer();
  }
  client.channel.setAddresses(at(...servers));
  await until(() => {
    for (const answer of held.splice(0)) answer();
    return client.channel.stats.inFlight === 0;
  });
  const outcomes = await Promise.all(asked.map((one) => one.outcome));
  t.deepEqual([...new Set(outcomes.map(({ code }) => code))], ['OK']);
  t.true(asked.every(({ replies }) => replies === 1));
  await until(() => client.channel.stats.connections === 6 && client.channel.stats.ready === 6);
  await client.channel.close();
  await Promise.all(servers.map((server) => server.close()));
});

test('a list that flaps keeps at most retiredMax connections that still finish calls', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = openNamed();
  const asked = [];
  for (let turn = 0; turn < retiredMax + 2; turn++) {
    client.channel.setAddresses(at(server));
    asked.push(ask(client.channel, 'x'));
    await until(() => client.channel.stats.ready === 1);
    client.channel.setAddresses([]);
  }
  t.is(client.channel.stats.connections, retiredMax);
  t.deepEqual(await Promise.all(asked.slice(0, 2).map(async (one) => (await one.outcome).code)), [
    'UNAVAILABLE',
    'UNAVAILABLE',
  ]);
  t.is(client.channel.stats.inFlight, retiredMax);
});
