import test from 'ava';
import { CachingResolver } from '../../../net/client/resolver.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

function resolverOf(records: Record<string, { address: string; ttl: number }[]>, hosts = '') {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const resolver = new CachingResolver({
    clock,
    hostsFile: () => hosts,
    async query(host, family) {
      asked.push(`${host}/${family}`);
      const found = records[`${host}/${family}`];
      if (found === undefined) throw new Error(`queryA ENOTFOUND ${host}`);
      return found;
    },
  });
  return { clock, asked, resolver };
}

test('IP literals and localhost are never asked for', async (t) => {
  const { asked, resolver } = resolverOf({});
  t.deepEqual(await resolver.resolve('10.0.0.1'), ['10.0.0.1']);
  t.deepEqual(await resolver.resolve('::1'), ['::1']);
  t.deepEqual(await resolver.resolve('LocalHost'), ['127.0.0.1', '::1']);
  t.deepEqual(asked, []);
});

test('the hosts file goes before DNS', async (t) => {
  const hosts = '# comment\n127.0.0.1 localhost\n10.0.0.7\tbackend backend.example # mine\nnonsense backend\n';
  const { asked, resolver } = resolverOf({}, hosts);
  t.deepEqual(await resolver.resolve('Backend.Example'), ['10.0.0.7']);
  t.deepEqual(asked, []);
});

test('IPv6 is asked for only when a name has no IPv4 address', async (t) => {
  const { asked, resolver } = resolverOf({
    'four/4': [{ address: '10.0.0.1', ttl: 9 }],
    'six/4': [],
    'six/6': [{ address: 'fd00::1', ttl: 9 }],
  });
  t.deepEqual(await resolver.resolve('four'), ['10.0.0.1']);
  t.deepEqual(await resolver.resolve('six'), ['fd00::1']);
  t.deepEqual(asked, ['four/4', 'six/4', 'six/6']);
});

test('records are kept for their TTL, within bounds', async (t) => {
  const { clock, asked, resolver } = resolverOf({
    'ten/4': [{ address: '10.0.0.1', ttl: 10 }],
    'none/4': [{ address: '10.0.0.2', ttl: 0 }],
    'day/4': [{ address: '10.0.0.3', ttl: 86_400 }],
  });
  const askedFor = async (name: string): Promise<number> => {
    asked.length = 0;
    await resolver.resolve(name);
    return asked.length;
  };
  for (const [name, keptMs] of [
    ['ten', 10_000],
    ['none', 1_000],
    ['day', 60_000],
  ] as const) {
    t.is(await askedFor(name), 1);
    clock.skip(keptMs - 1);
    t.is(await askedFor(name), 0);
    clock.skip(1);
    t.is(await askedFor(name), 1);
  }
});

test('many who ask at once ask DNS once', async (t) => {
  const { asked, resolver } = resolverOf({ 'name/4': [{ address: '10.0.0.1', ttl: 10 }] });
  await Promise.all([resolver.resolve('name'), resolver.resolve('name'), resolver.resolve('NAME.')]);
  t.is(asked.length, 1);
});

test('a name without addresses is UNAVAILABLE, named, and asked for again next time', async (t) => {
  const { asked, resolver } = resolverOf({});
  for (let round = 0; round < 2; round++) {
    const error = await t.throwsAsync(resolver.resolve('nowhere.example'), { message: /nowhere\.example.*ENOTFOUND/ });
    t.like(error, { code: 'UNAVAILABLE', retry: 'yes' });
  }
  t.is(asked.length, 4);
});

test('the cache forgets the oldest name when it is full', async (t) => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const query = async (host: string) => [{ address: `10.0.0.${asked.push(host)}`, ttl: 60 }];
  const resolver = new CachingResolver({ clock, query, hostsFile: () => '', namesMax: 2 });
  for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await resolver.resolve(name);
  t.deepEqual(asked, ['a', 'b', 'c', 'a']);
});
