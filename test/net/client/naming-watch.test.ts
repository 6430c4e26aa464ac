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

const hosts = (text: string) => [...text].map((host) => ({ host, port: 1 }));
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

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

test('what is no list, or can not be read, changes nothing', (t) => {
  const { say, lists, logged } = open();
  say([{ host: 'a', port: 1 }]);
  const gone = Proxy.revocable([], {});
  gone.revoke();
  for (const said of [undefined, null, 'a:1', { host: 'a', port: 1 }, gone.proxy]) say(said);
  t.deepEqual(lists, ['a 1']);
  t.is(logged.length, 5);
});

test('a list of which nothing is an address changes nothing; an empty one means nobody', (t) => {
  const { say, lists, logged } = open();
  const slips = {
    get host(): string {
      throw new Error('a slip');
    },
    port: 1,
  };
  say(hosts('ab'));
  for (const bad of [{ host: 'a', port: '1' }, { host: 'a', port: '1' }, slips]) say([bad]);
  say(hosts('ab'));
  say([slips, ...hosts('a')]);
  say([]);
  t.deepEqual(lists, ['a 1,b 1', 'a 1', '']);
  t.deepEqual(
    logged.map((line) => line.split(':')[0]),
    [
      'the naming gives nothing but what is no address, so nothing changes',
      'the naming gives nothing but what is no address, so nothing changes',
      'the naming gives what is no address, which is left out',
    ],
  );
});

test('an IPv6 address is one in whatever spelling; its zone stays as it is', (t) => {
  const { say, lists } = open();
  say(['::1', '0:0:0:0:0:0:0:1', '2001:DB8::0:1', 'FE80::1%Eth0'].map((host) => ({ host, port: 1 })));
  t.deepEqual(lists, ['::1 1,2001:db8::1 1,fe80::1%Eth0 1']);
});

test('another order is no change', (t) => {
  const { say, lists, logged } = open(3);
  for (const text of ['abc', 'bca', 'cab']) say(hosts(text));
  t.deepEqual(lists, ['a 1,b 1,c 1']);
  for (const text of ['abcd', 'dcba', 'bdac']) say(hosts(text));
  t.is(logged.length, 1);
});

test('more addresses than fit are cut off, and the log says so', (t) => {
  const { say, lists, logged } = open(2);
  say(['a', 'b', 'c'].map((host) => ({ host, port: 1 })));
  t.deepEqual(lists, ['a 1,b 1']);
  t.regex(logged[0]!, /more addresses than fit one client.*"given":3/);
});

test('where not all addresses fit, those in use stay and the first of the others fill up', (t) => {
  const { say, lists } = open(3);
  for (const text of ['bcd', 'abcde', 'eadb', 'ecfa']) say(hosts(text));
  t.deepEqual(lists, ['b 1,c 1,d 1', 'b 1,c 1,d 1', 'd 1,b 1,e 1', 'e 1,c 1,f 1']);
});

test('a closed watch was ended once, and is not heard any more', (t) => {
  const { watch, say, lists, ends } = open();
  watch.close();
  watch.close();
  say([{ host: 'a', port: 1 }]);
  t.is(ends(), 1);
  t.deepEqual(lists, []);
});

test('an end that rejects is logged', async (t) => {
  const logged: object[] = [];
  const log: Logger = { ...silentLogger, error: (fields, message) => logged.push({ ...fields, message }) };
  const reason = new Error('not deregistered');
  const end = async () => {
    throw reason;
  };
  const client = { addressesMax: 1, setAddresses: () => t.fail() };
  new NamingWatch({ name: 'consul', watch: () => end }, target, client, log, 'here').close();
  await turn();
  const line = { service: 'shop.Stock', target: 'consul://shop-stock?tag=eu', err: reason };
  t.deepEqual(logged, [{ ...line, message: 'the naming did not end its watch' }]);
});

test('a watch that throws, or gives no function, fails with the place and the target', async (t) => {
  const logged: string[] = [];
  const log: Logger = { ...silentLogger, error: (fields, message) => logged.push(`${message}: ${Object(fields).err}`) };
  const watching = (watch: unknown) => () =>
    new NamingWatch(
      { name: 'consul', watch: watch as NamingDefinition['watch'] },
      target,
      { addressesMax: 1, setAddresses: () => t.fail() },
      log,
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
  t.throws(
    watching(async () => slips(target, () => {})),
    { code: 'FAILED_PRECONDITION' },
  );
  await turn();
  t.deepEqual(logged, ['the naming did not begin its watch: Error: no such tag: eu']);
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
