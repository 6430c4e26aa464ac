// Outgoing calls: what fibers call in other processes. Here the other processes are other servers in the test's own.

import test from 'ava';
import { event, newKey } from './events.ts';
import { rejection } from './rejection.ts';
import { Relay } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { requestFrame, Wire } from './wire.ts';

const back = `
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
  test.Work: { module: ./work.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`;

/** A server whose relay calls test.Probe and test.Work elsewhere. */
function front(target: string, via: string, pool = '{ threads: 1 }', more = ''): Promise<Spine> {
  return startSpine(`
io: { threads: 2 }
services:
  test.Relay: { module: ./relay.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
${more}
clients:
  test.Probe: { target: "heddle://${target}", via: ${via}, connectTimeout: 200ms }
  test.Work: { target: "heddle://${target}", via: ${via} }
`);
}

for (const [via, pool] of [
  ['io', '{ threads: 1 }'],
  ['caller', '{ threads: 1 }'],
  ['io', 'io'],
] as const) {
  test.serial(`everything of a fiber goes along to another process: via ${via}, pool ${pool}`, async (t) => {
    await using there = await startSpine(back);
    await using here = await front(there.address('heddle'), via, pool);
    const relay = here.client(Relay);
    t.deepEqual(await relay.greet({ name: 'far' }), { text: 'hello far' });
    for (const size of [0, 1, 256, 257, 33_000, 1_000_000]) {
      const body = Buffer.alloc(size, size);
      t.true(body.equals(await relay.raw(body)), `${size} bytes`);
    }
    const far = await relay.context({ metadata: { hop: '2' } }, { timeoutMs: 4000, priority: 'high' });
    t.true(far.there.remainingMs <= far.here.remainingMs, 'deadlines only shrink');
    t.true(far.there.remainingMs > 2000);
    t.is(far.there.priority, 'high');
    t.deepEqual(far.there.metadata, { hop: '2' });
    const short = await relay.context({ timeoutMs: 1000 }, { timeoutMs: 4000 });
    t.true(short.there.remainingMs <= 1000 && short.here.remainingMs > 1000);
    const chosen = await rejection(relay.fail({ how: 'heddle' }));
    t.deepEqual(
      [chosen.code, chosen.message, chosen.retry, chosen.retryAfterMs],
      ['ABORTED', 'chosen by the handler', 'if-idempotent', 77],
    );
    const key = newKey();
    await relay.note({ key });
    await event(key, 'done');

    // Trace context and cancel, by hand.
    using wire = await Wire.to(here.address('heddle'));
    const trace = Uint32Array.of(1, 2, 3, 0xffff_fff4, 5, 6);
    wire.send(requestFrame(1, 'context', {}, { service: 'test.Relay', head: { trace, traceFlags: 1 } }));
    const seen = JSON.parse((await wire.one()).body.toString());
    t.is(seen.here.traceId, '000000010000000200000003fffffff4');
    t.is(seen.there.traceId, seen.here.traceId);
    t.is(seen.there.parentSpanId, '0000000500000006');
    t.is(seen.there.traceFlags, 1);

    const slept = newKey();
    const stop = new AbortController();
    const call = rejection(relay.sleep({ key: slept, ms: 60_000 }, { signal: stop.signal }));
    await event(slept, 'started');
    stop.abort();
    t.is((await call).code, 'CANCELLED');
    await event(slept, 'CANCELLED cancelled');
    const late = newKey();
    t.is((await rejection(relay.sleep({ key: late, ms: 60_000 }, { timeoutMs: 500 }))).code, 'DEADLINE_EXCEEDED');
    // The deadline goes along; the cancel of a caller that no longer waits may come just before it.
    t.is((await event(late, /^(DEADLINE_EXCEEDED|CANCELLED) cancelled$/)).key, late);
  });
}

test.serial('calls take their turns over the addresses that are up; with none UNAVAILABLE comes at once', async (t) => {
  const one = await startSpine(back);
  const two = await startSpine(back);
  // A port that refuses: somebody had it and left.
  const gone = await startSpine(back);
  const dead = gone.address('heddle');
  await gone[Symbol.asyncDispose]();
  try {
    await using here = await front([dead, one.address('heddle'), two.address('heddle')].join(','), 'io');
    const relay = here.client(Relay);
    const served = (spine: Spine): number => spine.server.stats().requestsPerSecond;
    served(one);
    served(two);
    for (let count = 0; count < 20; count++) await relay.greet({ name: 'x' });
    const [first, second] = [served(one), served(two)];
    t.true(first > 0 && second > 0, `${first} and ${second} a second`);
    await one[Symbol.asyncDispose]();
    for (let count = 0; count < 20; count++) await relay.greet({ name: 'x' });
    await two[Symbol.asyncDispose]();
    const startMs = performance.now();
    const error = await rejection(relay.greet({ name: 'x' }, { timeoutMs: 10_000 }));
    t.is(error.code, 'UNAVAILABLE');
    // Of a handler that has run, about a call that was repeated already: no reason to repeat the handler.
    t.is(error.retry, 'no');
    t.true(performance.now() - startMs < 5000);
  } finally {
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
  }
});

test.serial(
  'a client of the config wins over a service of this process; without either NOT_FOUND says what to do',
  async (t) => {
    await using there = await startSpine(back);
    await using here = await front(
      there.address('heddle'),
      'io',
      undefined,
      '  test.Probe: { module: ./probe.ts, pool: local, listen: [] }\npools: { local: { threads: 1 } }',
    );
    const { there: probe } = await here.client(Relay).context({});
    t.is(probe.pool, 'test.Probe');
    await using alone = await startSpine(`
services:
  test.Relay: { module: ./relay.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`);
    const error = await rejection(alone.client(Relay).greet({ name: 'x' }));
    t.is(error.code, 'NOT_FOUND');
    t.regex(error.message, /no service test\.Probe in this process, and no client of that name/);
  },
);
