import test from 'ava';
import { HeddleError } from '../../runtime/errors.ts';
import { acceptorCounters, poolCounters, threadCounters } from '../../runtime/shared/counters.ts';
import { eager, eventually, goingThreads } from '../faults/rig.ts';
import { Side, Work } from '../faults/services/contracts.ts';
import { type MetricFamily, parseMetrics, sum } from './exposition.ts';
import { adminRig, ask, services } from './rig.ts';

const yaml = `
io: { threads: 2 }
pools: { work: { threads: 2 }, side: { threads: 1 } }
${services}`;

test.serial('a scrape equals what clients were told, over all threads and past the death of one', async (t) => {
  await using rig = await adminRig(yaml, { restart: eager });
  const clients = [rig.client(Work), rig.client(Work), rig.client(Side)];
  const scrape = async () => parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
  const call = (many: number) =>
    Promise.all(
      Array.from({ length: many }, (_, id) => clients[id % 3]!.echo({ id, text: 'x', sleepMs: id % 4, spinMs: 0 })),
    );
  const echoes = ['method="echo"', 'from="socket"'];
  await call(90);
  const before = await scrape();
  t.is(sum(before, 'heddle_requests_total', 'service="faults.Work"', ...echoes), 60);
  t.is(sum(before, 'heddle_requests_total', 'service="faults.Side"', ...echoes, 'code="OK"'), 30);

  const { code } = (await t.throwsAsync(clients[0]!.doom({ how: 'exit', ms: 0, id: 1 }), { instanceOf: HeddleError }))!;
  t.is(code, 'UNAVAILABLE');
  await eventually('it is replaced', () => goingThreads(rig.pool('work')).length === 2);
  await call(90);
  const after = await scrape();
  t.is(sum(after, 'heddle_requests_total', 'service="faults.Work"', ...echoes, 'code="OK"'), 120);
  t.is(sum(after, 'heddle_requests_total', 'method="doom"', 'code="UNAVAILABLE"'), 1);
  t.is(sum(after, 'heddle_requests_total'), 181);
  t.is(sum(after, 'heddle_request_duration_seconds', '_count', 'method="echo"'), 180);
  t.is(sum(after, 'heddle_pool_deaths_total', 'pool="work"', 'cause="exit"'), 1);
  t.is(sum(after, 'heddle_pool_deaths_total'), 1);
  t.is(sum(after, 'heddle_pool_restarts_total'), 1);
  t.is(sum(after, 'heddle_connections'), 3);
  t.is(sum(after, 'heddle_requests_in_flight'), 0);
  for (const [name, { type, samples }] of before) {
    if (type !== 'counter' && type !== 'histogram') continue;
    if (name.startsWith('heddle_thread_')) continue;
    for (const [labels, value] of samples) {
      t.true((after.get(name)!.samples.get(labels) ?? -1) >= value, `${name}${labels} fell`);
    }
  }
});

test.serial('every metric is well formed and says what it is; every counter of the process is there', async (t) => {
  await using rig = await adminRig(yaml);
  await rig.client(Work).echo({ id: 1, text: 'x', sleepMs: 0, spinMs: 30 });
  const { headers, text } = await ask(rig.address, 'GET', '/metrics');
  t.regex(headers['content-type']!, /^text\/plain; version=0\.0\.4/);
  const families = parseMetrics(text);
  for (const [name, { type, help }] of families) {
    t.regex(name, /^(heddle|process)_[a-z_]+$/);
    t.true(help.length > 10, name);
    t.is(name.endsWith('_total'), type === 'counter', name);
  }
  const labels = (name: string, label: string) =>
    [...families.get(name)!.samples.keys()].map((key) => new RegExp(`${label}="([^"]*)"`).exec(key)![1]);
  t.deepEqual(labels('heddle_events_total', 'event'), Object.keys(threadCounters));
  t.deepEqual(
    new Set(labels('heddle_pool_deaths_total', 'cause')),
    new Set(Object.keys(poolCounters).flatMap((name) => /^death-(.*)/.exec(name)?.[1] ?? [])),
  );
  t.deepEqual(
    labels('heddle_connections_refused_total', 'reason'),
    Object.keys(acceptorCounters).flatMap((name) => /^refused-(.*)/.exec(name)?.[1] ?? []),
  );
  checkHistogram(
    families.get('heddle_request_duration_seconds')!,
    'service="faults.Work",method="echo"',
    (le, count) => {
      // 30 ms of computing lie in the bucket up to 32.8 ms, or above on a busy machine; never below.
      if (le < 0.03) t.is(count, 0, String(le));
      if (le === Number.POSITIVE_INFINITY) t.is(count, 1);
    },
  );
});

test.serial('a connection that is refused is counted with its reason', async (t) => {
  await using rig = await adminRig(`limits: { deny: ["127.0.0.0/8"] }\n${yaml}`);
  await t.throwsAsync(rig.client(Work, { timeoutMs: 500 }).echo({ id: 1, text: '', sleepMs: 0, spinMs: 0 }));
  const families = parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
  t.true(sum(families, 'heddle_connections_refused_total', 'reason="denied"') >= 1);
});

function checkHistogram({ samples }: MetricFamily, labels: string, look: (le: number, count: number) => void): void {
  let below = 0;
  let total = 0;
  for (const [key, count] of samples) {
    if (!key.startsWith('_bucket') || !key.includes(labels)) continue;
    const le = /le="([^"]+)"/.exec(key)![1]!;
    if (count < below) throw new Error(`bucket ${le} has ${count}, less than the one before`);
    below = count;
    total = count;
    look(le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count);
  }
  if (samples.get(`_count{${labels}}`) !== total) throw new Error('the last bucket and the count differ');
}
