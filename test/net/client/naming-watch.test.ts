// Laws of a watch: what a naming may say, what of it reaches the channel, and what is logged.

import test from 'ava';
import { z } from 'zod';
import { connect, json, method, service } from '../../../client.ts';
import type { Address } from '../../../net/client/address.ts';
import { NamingWatch } from '../../../net/client/naming-watch.ts';
import { codecIds } from '../../../runtime/call.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import type { NamingDefinition, NamingListener, NamingTarget } from '../../../runtime/plugins/naming.ts';
import { replyFrameOf, ScriptedServer } from './scripted-server.ts';

const target: NamingTarget = { scheme: 'consul', text: 'shop-stock?tag=eu', client: 'shop.Stock' };

function open(addressesMax = 3) {
  const lists: string[] = [];
  const logged: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
    error: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
  };
  let say!: (said: unknown) => void;
  let ends = 0;
  const definition: NamingDefinition = {
    name: 'consul',
    watch(_target, listener) {
      say = listener as (said: unknown) => void;
      return () => void ends++;
    },
  };
  const setAddresses = (addresses: readonly Address[]) =>
    lists.push(addresses.map(({ host, port }) => `${host} ${port}`).join());
  const watch = new NamingWatch(definition, target, { addressesMax, setAddresses }, log, 'clients.shop.Stock.target');
  return { watch, say: (said: unknown) => say(said), lists, logged, ends: () => ends };
}

test('a list goes to the channel once for each change, in its order, each address once', (t) => {
  const { say, lists, logged } = open();
  say([
    { host: '10.0.0.1', port: 1 },
    { host: 'B.example', port: 2 },
    { host: '10.0.0.1', port: 1 },
  ]);
  say([
    { host: '10.0.0.1', port: 1 },
    { host: 'b.example', port: 2 },
  ]);
  say([{ host: '::1', port: 3 }]);
  say([]);
  t.deepEqual(lists, ['10.0.0.1 1,b.example 2', '::1 3', '']);
  t.deepEqual(logged, []);
});

test('what is no address is left out and logged, once for each change', (t) => {
  const { say, lists, logged } = open();
  const bad = [
    { host: 'a b', port: 1 },
    { host: 'a', port: 0 },
    { host: 'a', port: '1' },
    { host: '10.0.0', port: 1 },
    null,
    'a:1',
  ];
  say([...bad, { host: 'a', port: 1 }]);
  say([...bad, { host: 'a', port: 1 }]);
  t.deepEqual(lists, ['a 1']);
  t.is(logged.length, 1);
  t.regex(
    logged[0]!,
    /left out: \{ host: '10\.0\.0\.1', port: 7000 \} is one.*"target":"consul:\/\/shop-stock\?tag=eu".*"badCount":6/,
  );
});

test('what is no list changes nothing', (t) => {
  const { say, lists, logged } = open();
  say([{ host: 'a', port: 1 }]);
  for (const said of [undefined, null, 'a:1', { host: 'a', port: 1 }]) say(said);
  t.deepEqual(lists, ['a 1']);
  t.is(logged.length, 4);
});

test('more addresses than fit are cut off, and the log says so', (t) => {
  const { say, lists, logged } = open(2);
  say(['a', 'b', 'c'].map((host) => ({ host, port: 1 })));
  t.deepEqual(lists, ['a 1,b 1']);
  t.regex(logged[0]!, /more addresses than fit one client.*"given":3/);
});

test('a closed watch was ended once, and is not heard any more', (t) => {
  const { watch, say, lists, ends } = open();
  watch.close();
  watch.close();
  say([{ host: 'a', port: 1 }]);
  t.is(ends(), 1);
  t.deepEqual(lists, []);
});

test('a watch that throws, or gives no function, fails with the place and the target', (t) => {
  const watching = (watch: unknown) => () =>
    new NamingWatch(
      { name: 'consul', watch: watch as NamingDefinition['watch'] },
      target,
      { addressesMax: 1, setAddresses: () => t.fail() },
      silentLogger,
      'clients.shop.Stock.target',
    );
  const slips = (_target: NamingTarget, listener: NamingListener) => {
    setImmediate(() => listener([]));
    throw new Error('no such tag: eu');
  };
  t.throws(watching(slips), {
    code: 'FAILED_PRECONDITION',
    message: 'clients.shop.Stock.target: naming consul does not take consul://shop-stock?tag=eu: no such tag: eu',
  });
  t.throws(
    watching(async () => () => {}),
    {
      code: 'FAILED_PRECONDITION',
      message: /naming consul must return a function that ends the watch, not a promise$/,
    },
  );
});

test('a definition that can be no naming is refused', (t) => {
  const { naming } = new ThreadExtensions().cpuPoints('tests');
  const watch = () => () => {};
  t.throws(() => naming({ name: 'consul' } as NamingDefinition), {
    code: 'INVALID_ARGUMENT',
    message: /^naming "consul" has no watch\(target, listener\)/,
  });
  t.throws(() => naming({ name: 'heddle', watch }), {
    code: 'ALREADY_EXISTS',
    message: 'naming "heddle": heddle:// has a meaning of its own; choose another',
  });
  naming({ name: 'consul', watch });
  t.throws(() => naming({ name: 'consul', watch }), {
    code: 'ALREADY_EXISTS',
    message: 'there is a naming consul already, from plugin tests',
  });
});

test('connect takes a naming: calls go where it says, and close ends its watch', async (t) => {
  await using server = await ScriptedServer.open({
    onRequest: (request, peer) => peer.socket.write(replyFrameOf(request.id, '"hello"', codecIds.json)),
  });
  let ended = false;
  const naming: NamingDefinition = {
    name: 'consul',
    watch({ scheme, text, client }, listener) {
      t.deepEqual([scheme, text, client], ['consul', 'echo', 'demo.Echo']);
      setImmediate(() => listener([{ host: '127.0.0.1', port: server.port }]));
      return () => {
        ended = true;
      };
    },
  };
  const Echo = service('demo.Echo', { say: method(json(z.null(), z.string())) });
  const client = connect(Echo, { target: 'consul://echo', naming });
  t.is(await client.say(null), 'hello');
  await client.close();
  t.true(ended);
  const direct = connect(Echo, { target: `heddle://127.0.0.1:${server.port}`, naming });
  t.is(await direct.say(null), 'hello', 'heddle:// lists its addresses itself');
  await direct.close();
  t.throws(() => connect(Echo, { target: 'etcd://echo', naming }), {
    code: 'INVALID_ARGUMENT',
    message: 'the target "etcd://echo" must begin with consul://, which its naming looks up, or with heddle://',
  });
  t.throws(() => connect(Echo, { target: 'etcd://echo' }), { code: 'INVALID_ARGUMENT' });
});
