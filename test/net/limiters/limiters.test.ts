// Laws of limiters: what they are asked and when, what a refused caller gets, and that each call that was let in ends
// once for them, however it ends. For services on CPU threads and on IO threads.

import test from 'ava';
import { callFlags } from '../../../runtime/call.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import type { HeddleError } from '../../../runtime/errors.ts';
import { encodeMetadata } from '../../../runtime/metadata.ts';
import { comesToRest, eventually, type Rig, startRig } from '../../faults/rig.ts';
import { Front, Inline, Side, Work } from '../../faults/services/contracts.ts';
import { event, newKey, unawaited } from '../../spine/events.ts';
import { rejection } from '../../spine/rejection.ts';
import { cancelFrame, http, requestFrame, Wire } from '../../spine/wire.ts';

const yaml = `
io: { threads: 1 }
pools: { work: { threads: 1 } }
plugins: [../../net/limiters/fixtures/limiters.ts]
stop: { timeout: 50ms }
services:
  faults.Work:
    module: ./work.ts
    pool: work
    limiters: [first, second]
    maxConcurrency: 2
    listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]
  faults.Inline:
    module: ./inline.ts
    pool: io
    limiters: [first, second]
    maxConcurrency: 2
    listen: ["heddle://127.0.0.1:0"]
  faults.Side: { module: ./side.ts, pool: work, limiters: [deaf], listen: ["heddle://127.0.0.1:0"] }
  faults.Front: { module: ./front.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;

const contracts = { 'faults.Work': Work, 'faults.Inline': Inline };
type Limited = keyof typeof contracts;
const services = Object.keys(contracts) as Limited[];

const clientOf = (rig: Rig, service: Limited) => rig.client(contracts[service] as typeof Work, { maxAttempts: 1 });

/** Both limiters have heard this, and nothing else. */
async function endedOnce(service: string, key: string, code: string, took: 'long' | 'short' | '\\w+' = '\\w+') {
  for (const name of ['first', 'second']) await event(key, new RegExp(`^${name}: ${service}/\\w+ ${code} ${took}$`));
}

const slow = { id: 1, text: '', sleepMs: 60_000 };

const head = (pairs: Record<string, string>, flags = 0) => {
  const source = encodeMetadata(Object.entries(pairs));
  return { source, metadataEnd: source.length, flags };
};

test.serial('a refused caller gets the sentence and when to come again, over both protocols', async (t) => {
  await using rig = await startRig(`${yaml}admin: { address: "http://127.0.0.1:0" }\n`);
  for (const service of services) {
    const refused = await rejection(
      clientOf(rig, service).echo({ id: 1, text: '' }, { metadata: { limit: 'refuse' } }),
    );
    t.deepEqual(
      [refused.code, refused.message, refused.retry, refused.retryAfterMs],
      ['RESOURCE_EXHAUSTED', 'this tenant has had its share; come back', 'yes', 1_235],
    );
  }
  const address = `127.0.0.1:${rig.port('http')}`;
  const body = { id: 1, text: 'x' };
  const over = await http(address, 'POST', '/faults.Work/mirror', { body, headers: { 'heddle-meta-limit': 'refuse' } });
  t.deepEqual([over.status, over.headers['retry-after']], [429, '2']);
  t.like(over.json, { error: { code: 'RESOURCE_EXHAUSTED', retry: 'yes', retryAfterMs: 1_235 } });
  t.is((await http(address, 'POST', '/faults.Work/mirror', { body })).status, 200);
  t.is(rig.server.supervisor.counters.total('limited'), 3);
  const metrics = await (await fetch(`${rig.server.admin!.address}/metrics`)).text();
  t.regex(metrics, /^heddle_requests_limited_total\{service="faults\.Work",method="echo"\} 1$/m);
  t.regex(metrics, /^heddle_requests_limited_total\{service="faults\.Work",method="mirror"\} 1$/m);
  const counts = ['service="faults.Work"', 'method="mirror"', 'from="socket"', 'code="RESOURCE_EXHAUSTED"'].join();
  t.true(metrics.includes(`heddle_requests_total{${counts}} 1\n`));

  const cut = await rejection(clientOf(rig, 'faults.Work').echo({ id: 1, text: '' }, { metadata: { limit: 'long' } }));
  t.deepEqual([cut.message.length, cut.retryAfterMs], [1_000, 0]);
  const key = newKey();
  await rejection(clientOf(rig, 'faults.Work').echo({ id: 1, text: '' }, { metadata: { limit: 'refuse', key } }));
  await event(key, 'first: faults.Work/echo RESOURCE_EXHAUSTED short');
  t.deepEqual(unawaited(key), [], 'who refuses hears no end');

  const facts = await rejection(
    clientOf(rig, 'faults.Work').raw(Buffer.alloc(77), {
      metadata: { limit: 'facts' },
      timeoutMs: 4_000,
      priority: 'low',
      attempt: 3,
      idempotent: true,
    }),
  );
  t.deepEqual(JSON.parse(facts.message), {
    service: 'faults.Work',
    method: 'raw',
    priority: 'low',
    attempt: 3,
    idempotent: true,
    oneWay: false,
    bodyBytes: 77,
    listener: 'heddle://127.0.0.1:0',
    remaining: 'about 4 s',
  });

  const side = rig.client(Side, { maxAttempts: 1 });
  t.is((await rejection(side.raw(Buffer.alloc(8), { metadata: { deaf: '' } }))).message, 'no');
  t.is((await side.raw(Buffer.alloc(8))).length, 8);
  await comesToRest(t, rig.server);
});

test.serial('each call that was let in ends once, however it ends', async (t) => {
  await using rig = await startRig(yaml);
  const keys: string[] = [];
  const key = (): string => {
    keys.push(newKey());
    return keys.at(-1)!;
  };
  for (const service of services) {
    const client = clientOf(rig, service);
    const answered = key();
    await client.echo({ id: 1, text: '', sleepMs: 25 }, { metadata: { key: answered } });
    await endedOnce(service, answered, 'OK', 'long');

    const late = key();
    t.is((await rejection(client.echo(slow, { metadata: { key: late }, timeoutMs: 30 }))).code, 'DEADLINE_EXCEEDED');
    await endedOnce(service, late, '(DEADLINE_EXCEEDED|CANCELLED)', 'long');

    const unreadable = key();
    using wire = await Wire.to(`127.0.0.1:${rig.port('heddle')}`);
    wire.send(requestFrame(1, 'mirror', { id: 1 }, { service, head: head({ key: unreadable }) }));
    t.is((await wire.one()).code, 'INVALID_ARGUMENT');
    await endedOnce(service, unreadable, 'INVALID_ARGUMENT');

    const cancelled = [key(), key()];
    const stop = new AbortController();
    const taken = cancelled.map((one) => rejection(client.echo(slow, { metadata: { key: one }, signal: stop.signal })));
    await eventually('maxConcurrency', () => rig.server.stats().fibers === 2);
    const full = key();
    t.regex((await rejection(client.echo({ id: 1, text: '' }, { metadata: { key: full } }))).message, /maxConcurrency/);
    await endedOnce(service, full, 'RESOURCE_EXHAUSTED', 'short');
    stop.abort();
    await Promise.all(taken);
    for (const one of cancelled) await endedOnce(service, one, 'CANCELLED');

    const oneWay = key();
    await client.echo({ id: 1, text: '' }, { metadata: { key: oneWay }, oneWay: true });
    await endedOnce(service, oneWay, 'OK', 'short');

    // An answer and a cancel that meet: one of them ends the call.
    const raced = key();
    wire.send(requestFrame(2, 'mirror', { id: 1, text: '' }, { service, head: head({ key: raced }) }), cancelFrame(2));
    await endedOnce(service, raced, '(OK|CANCELLED)');

    const gone = key();
    const leaving = await Wire.to(`127.0.0.1:${rig.port('heddle')}`);
    leaving.send(requestFrame(1, 'doom', { how: 'reject', ms: 60_000 }, { service, head: head({ key: gone }) }));
    await eventually('it runs', () => rig.server.stats().fibers === 1);
    leaving.socket.destroy();
    await endedOnce(service, gone, 'CANCELLED');
    await comesToRest(t, rig.server);
  }
  const died = key();
  const doomed = rejection(clientOf(rig, 'faults.Work').doom({ how: 'exit' }, { metadata: { key: died } }));
  t.is((await doomed).code, 'UNAVAILABLE');
  await endedOnce('faults.Work', died, 'UNAVAILABLE');

  // Calls that fibers make, and methods that are not there, are nothing for limiters.
  const nested = key();
  const front = rig.client(Front, { maxAttempts: 3 });
  await front.relay({ id: 1, text: 'x' }, { metadata: { key: nested }, idempotent: true });
  using wire = await Wire.to(`127.0.0.1:${rig.port('heddle')}`);
  wire.send(requestFrame(1, 'nowhere', {}, { service: 'faults.Work', head: head({ key: nested }) }));
  t.is((await wire.one()).code, 'NOT_FOUND');
  wire.send(
    requestFrame(
      2,
      'mirror',
      { id: 1, text: 'x' },
      { service: 'faults.Work', head: head({ key: nested }, callFlags.oneWay) },
    ),
  );
  await endedOnce('faults.Work', nested, 'OK');
  await comesToRest(t, rig.server);
  t.deepEqual(keys.flatMap(unawaited), []);
});

test.serial('a bound on calls at once holds under load, and all its room comes back', async (t) => {
  const seed = 20_261_122;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const gated = yaml.replaceAll('[first, second]', '[gate]').replaceAll('maxConcurrency: 2', 'maxConcurrency: 6');
  await using rig = await startRig(gated);
  const clients = services.map((service) => clientOf(rig, service));
  const outcomes = new Set<string>();
  const one = async (client: (typeof clients)[number]): Promise<void> => {
    for (let call = 0; call < 40; call++) {
      const stop = new AbortController();
      if (random() < 0.3) setTimeout(() => stop.abort(), random() * 6);
      const options = { signal: stop.signal, timeoutMs: random() < 0.2 ? 3 : 10_000, oneWay: random() < 0.1 };
      const asked = client.echo({ id: call, text: '', sleepMs: random() * 5 }, options as { signal: AbortSignal });
      outcomes.add(
        await asked.then(
          () => 'OK',
          (error: HeddleError) => error.code,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: 24 }, (_, at) => one(clients[at % 2]!)));
  // A one-way call is over for its caller when it is on its way: what is answered behind it on its connection has been read after it.
  await Promise.allSettled(clients.map((client) => client.echo({ id: 0, text: '' })));
  await comesToRest(t, rig.server);
  t.deepEqual([...outcomes].toSorted(), ['CANCELLED', 'DEADLINE_EXCEEDED', 'OK', 'RESOURCE_EXHAUSTED']);
  const report = await rejection(clients[0]!.echo({ id: 0, text: '' }, { metadata: { report: '' } }));
  const gate = JSON.parse(report.message);
  t.like(gate, { running: 0, most: 8 });
  t.true(gate.admitted > 100 && gate.refused > 0);
});

test.serial('a limiter that fails refuses with INTERNAL, and its thread lives on', async (t) => {
  await using rig = await startRig(yaml);
  const client = clientOf(rig, 'faults.Work');
  for (const limit of ['throw', 'promise', 'wrong']) {
    const key = newKey();
    const error = await rejection(client.echo({ id: 1, text: '' }, { metadata: { limit, key } }));
    t.deepEqual([error.code, error.message], ['INTERNAL', 'limiter second failed; the cause is in the server log']);
    await event(key, 'first: faults.Work/echo INTERNAL short');
    t.deepEqual(unawaited(key), []);
  }
  t.is((await client.echo({ id: 7, text: 'alive' })).id, 7);
  t.is(rig.server.stats().threads, 2);
});

test.serial('what a stop cuts off has ended before the plugin is disposed', async (t) => {
  const rig = await startRig(yaml);
  const keys: string[] = [];
  const cut = services.map((service) => {
    const key = newKey();
    keys.push(key);
    return rejection(clientOf(rig, service).echo(slow, { metadata: { key } }));
  });
  await eventually('both run', () => rig.server.stats().fibers >= 2);
  await rig.server.stop();
  for (const error of await Promise.all(cut)) t.is(error.code, 'UNAVAILABLE');
  const ends = services.map((service, at) => endedOnce(service, keys[at]!, '(UNAVAILABLE|CANCELLED)'));
  await Promise.all(ends);
  await event('limiters', 'disposed');
  await rig[Symbol.asyncDispose]();
});

test.serial('a name that no plugin adds fails the start with the nearest one', async (t) => {
  await t.throwsAsync(startRig(yaml.replace('[deaf]', '[deav]')), {
    code: 'FAILED_PRECONDITION',
    message:
      'services.faults.Side.limiters: no plugin adds the limiter "deav" on this thread; there is first, second, gate, deaf; did you mean deaf?',
  });
});

test.serial('the limiter of the docs bounds each tenant by itself', async (t) => {
  const plugin = 'plugins: [{ module: ../../net/limiters/fixtures/per-tenant.ts, options: { most: 1 } }]';
  await using rig = await startRig(
    yaml
      .replace(/^plugins: .*$/m, plugin)
      .replaceAll('[first, second]', '[per-tenant]')
      .replace(', limiters: [deaf]', ''),
  );
  const client = clientOf(rig, 'faults.Work');
  const as = (tenant: string, sleepMs: number, signal?: AbortSignal) =>
    client.echo({ id: 1, text: '', sleepMs }, { metadata: { tenant }, ...(signal && { signal }) });
  const stop = new AbortController();
  const first = rejection(as('ada', 60_000, stop.signal));
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  const refused = await rejection(as('ada', 0));
  t.deepEqual(
    [refused.code, refused.message, refused.retryAfterMs],
    ['RESOURCE_EXHAUSTED', '1 requests of ada are under way', 100],
  );
  t.is((await as('grace', 0)).id, 1);
  stop.abort();
  await first;
  t.is((await as('ada', 0)).id, 1);
});
