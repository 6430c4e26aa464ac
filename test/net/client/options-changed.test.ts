// Laws of options that change while a channel lives.

import test from 'ava';
import { ClientChannel } from '../../../net/client/channel.ts';
import { makeHost } from '../../../net/client/host.ts';
import { type ChannelOptionsInput, checkOptions } from '../../../net/client/options.ts';
import { RetryPolicy } from '../../../net/client/retry-policy.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { until } from './channel-helpers.ts';
import { ask, ScriptedServer } from './scripted-server.ts';

const at = (...servers: { port: number }[]) => servers.map(({ port }) => ({ host: '127.0.0.1', port }));

function open(input: ChannelOptionsInput) {
  const host = makeHost();
  const options = checkOptions({ name: 'demo.Echo', ...input });
  const channel = new ClientChannel(host, options);
  return {
    channel,
    retry: new RetryPolicy(host, options),
    change(next: Partial<ChannelOptionsInput>) {
      Object.assign(options, next);
      channel.optionsChanged();
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
}

test('connections to each address come and go, also where naming gives the addresses', async (t) => {
  await using server = await ScriptedServer.open();
  for (const namedBy of [undefined, 'consul://echo']) {
    await using client = open(namedBy === undefined ? { addresses: at(server) } : { namedBy });
    client.channel.open();
    client.change({ connections: 2 });
    if (namedBy !== undefined) client.channel.setAddresses(at(server));
    await until(() => client.channel.stats.ready === 2);
    const asked = ask(client.channel, 'x');
    const peers = server.peers.slice(-2);
    client.change({ connections: 1 });
    t.is(client.channel.stats.ready, 1);
    const busy = await Promise.race(peers.map(async (peer) => ({ peer, id: (await peer.request()).id })));
    busy.peer.reply(busy.id, 'y');
    t.is((await asked.outcome).text, 'y', 'what was in flight is answered');
    await until(() => client.channel.stats.connections === 1);
    client.change({ connections: 3 });
    await until(() => client.channel.stats.ready === 3);
  }
});

test('of more addresses than may be connected to the first ones are taken', async (t) => {
  await using server = await ScriptedServer.open();
  const many = Array.from({ length: 200 }, (_, index) => ({ host: `127.0.1.${index}`, port: 1 }));
  await using client = open({ addresses: [...at(server), ...many] });
  client.change({ addresses: [...at(server), ...many.slice(1)] });
  client.change({ connections: 64 });
  client.channel.open();
  await until(() => client.channel.stats.ready === 64);
  t.true(client.channel.stats.connections <= 256);
});

test('a bound of calls holds for those that come, and ends none that are there', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = open({ addresses: at(server), maxInFlight: 3 });
  const asked = ['a', 'b', 'c'].map((text) => ask(client.channel, text));
  t.true(client.channel.isFull);
  client.change({ maxInFlight: 2 });
  t.true(client.channel.isFull);
  t.is((await ask(client.channel, 'd').outcome).code, 'RESOURCE_EXHAUSTED');
  client.change({ maxInFlight: 60_000 });
  t.false(client.channel.isFull);
  asked.push(...Array.from({ length: 500 }, () => ask(client.channel, 'e')));
  const peer = await server.peer();
  for (const _ of asked) peer.reply((await peer.request()).id, 'here');
  t.true((await Promise.all(asked.map(({ outcome }) => outcome))).every(({ text }) => text === 'here'));
});

test('retries and their budget are those of the options as they are now', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = open({ addresses: at(server), maxAttempts: 1, retryMinPerSecond: 0, retryBudgetPercent: 0 });
  const { retry } = client;
  const lost = new HeddleError('UNAVAILABLE', 'lost', { retry: 'yes' });
  const grants = () => retry.grant(lost, true, false, 1, Number.POSITIVE_INFINITY) >= 0;
  for (let call = 0; call < 10; call++) retry.begin(Number.POSITIVE_INFINITY);
  client.change({ retryBudgetPercent: 10 });
  t.false(grants(), 'one attempt is no retry');
  client.change({ maxAttempts: 2 });
  t.true(grants());
  t.false(grants(), 'a tenth of ten calls');
  client.change({ retryBudgetPercent: 20 });
  t.true(grants());
  client.change({ timeoutMs: 5 });
  t.true(retry.begin(Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY);
});
