// Admission on a real server: rates, adaptive limits, shares of a pool and of a connection; who is refused first, what the
// refused are told, what operators see, and that reloads and deaths leave nothing behind.

import { connect } from 'node:net';
import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { comesToRest, eventually, type Rig, settingsOf, startRig } from '../../faults/rig.ts';
import { Front, Inline, Side, Work } from '../../faults/services/contracts.ts';
import { http } from '../../spine/wire.ts';

const call = { id: 1, text: '', sleepMs: 0, spinMs: 0 };

/** How often each code came, `OK` for answers; and one error of each. */
async function outcomes(calls: readonly Promise<unknown>[]) {
  const counts: Record<string, number> = {};
  const errors = new Map<string, HeddleError>();
  for (const one of await Promise.allSettled(calls)) {
    const error = one.status === 'fulfilled' ? undefined : HeddleError.from(one.reason, String(one.reason));
    const code = error?.code ?? 'OK';
    counts[code] = (counts[code] ?? 0) + 1;
    if (error !== undefined) errors.set(code, error);
  }
  return { counts, errors };
}

const columnOf = (rig: Rig, service: string): number =>
  1 + rig.server.settings.services.findIndex(({ name }) => name === service);

test.serial(
  'over its rate a service says when to come again; a reload changes the rate, and takes it away',
  async (t) => {
    const yaml = (rate: string) => `
io: { threads: 1 }
pools: { work: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
services:
  faults.Work: { module: ./work.ts, pool: work, ${rate} listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`;
    await using rig = await startRig(yaml('rate: { perSecond: 0.1, burst: 3 },'));
    const work = rig.client(Work, { maxAttempts: 1 });
    const ask = (count: number) => outcomes(Array.from({ length: count }, () => work.echo(call)));
    const { counts, errors } = await ask(8);
    t.deepEqual(counts, { OK: 3, RESOURCE_EXHAUSTED: 5 });
    const error = errors.get('RESOURCE_EXHAUSTED')!;
    t.is(error.message, 'service faults.Work takes 0.1 requests a second (rate); slow down and retry');
    t.is(error.retry, 'yes');
    t.true(error.retryAfterMs > 5_000 && error.retryAfterMs <= 10_000, `${error.retryAfterMs}`);
    const over = await http(`127.0.0.1:${rig.port('http')}`, 'POST', '/faults.Work/mirror', {
      body: { id: 1, text: '' },
    });
    t.is(over.status, 429);
    t.true(Number(over.headers['retry-after']) > 5);

    // A reload that does not touch the rate gives no new burst.
    await rig.server.reload(settingsOf(yaml('weight: 2, rate: { perSecond: 0.1, burst: 3 },')));
    t.deepEqual((await ask(2)).counts, { RESOURCE_EXHAUSTED: 2 });
    const changed = await rig.server.reload(settingsOf(yaml('rate: { perSecond: 0.1, burst: 5 },')));
    t.deepEqual(changed.needsRestart, []);
    t.deepEqual((await ask(8)).counts, { OK: 5, RESOURCE_EXHAUSTED: 3 });
    await rig.server.reload(settingsOf(yaml('')));
    t.deepEqual((await ask(20)).counts, { OK: 20 });

    const base = rig.server.admin!.address;
    const { services } = (await (await fetch(`${base}/services`)).json()) as { services: { refused?: unknown }[] };
    t.deepEqual(services[0]!.refused, { rate: 11 });
    const metrics = await (await fetch(`${base}/metrics`)).text();
    t.regex(metrics, /^heddle_requests_refused_total\{service="faults\.Work",reason="rate"\} 11$/m);
  },
);

test.serial(
  'a flood of one service leaves its neighbour the share of the queue that its weight gives it',
  async (t) => {
    await using rig = await startRig(`
io: { threads: 1 }
pools: { shared: { threads: 1, queue: 64 } }
services:
  faults.Work: { module: ./work.ts, pool: shared, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: shared, weight: 3, listen: ["heddle://127.0.0.1:0"] }
`);
    const work = rig.client(Work, { maxAttempts: 1 });
    const side = rig.client(Side, { maxAttempts: 1 });
    // The one thread is busy for so long that all of the rest is put meanwhile.
    const busy = work.echo({ ...call, spinMs: 700 });
    await eventually('the thread runs', () => rig.server.stats().fibers === 1);
    const flood = Array.from({ length: 200 }, () => work.echo(call));
    const neighbours = Array.from({ length: 40 }, () => side.echo(call));
    const [flooded, served] = await Promise.all([outcomes(flood), outcomes(neighbours)]);
    await busy;
    // Half of the lane is for all, and of the rest three quarters for the one with weight 3.
    t.deepEqual(flooded.counts, { OK: 32, RESOURCE_EXHAUSTED: 168 });
    t.regex(
      flooded.errors.get('RESOURCE_EXHAUSTED')!.message,
      /^service faults\.Work has 8 requests or more in the queue/,
    );
    t.deepEqual(served.counts, { OK: 24, RESOURCE_EXHAUSTED: 16 });

    // What is late has its answer, but its place in the lane until the thread comes by.
    const again = work.echo({ ...call, spinMs: 2_000 });
    await eventually('the thread runs', () => rig.server.stats().fibers === 1);
    for (let bursts = 0; bursts < 6; bursts++) {
      await Promise.allSettled(Array.from({ length: 40 }, () => work.echo(call, { timeoutMs: 20 })));
    }
    const soon = await outcomes([...Array.from({ length: 20 }, () => side.echo(call)), again]);
    t.deepEqual(soon.counts, { OK: 21 });
  },
);

test.serial('under a flood the adaptive limit refuses the low class first, and hardly the high one', async (t) => {
  await using rig = await startRig(`
io: { threads: 1 }
pools: { work: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
services:
  faults.Work: { module: ./work.ts, pool: work, adaptive: { enabled: true }, listen: ["heddle://127.0.0.1:0"] }
`);
  const { loads } = rig.server.supervisor;
  const column = columnOf(rig, 'faults.Work');
  const client = rig.client(Work, { maxAttempts: 1 });
  t.is(loads.limit(column), 16);
  let ended = false;
  const low = { asked: 0, refused: 0 };
  const flooder = async (): Promise<void> => {
    while (!ended) {
      low.asked++;
      await client.echo({ ...call, spinMs: 5 }, { priority: 'low' }).catch(async () => {
        low.refused++;
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
    }
  };
  const flood = Array.from({ length: 60 }, flooder);
  await eventually('the limit falls', () => loads.limit(column) < 10);
  let refused = 0;
  for (let asked = 0; asked < 60; asked++) {
    await client.echo({ ...call, spinMs: 1 }, { priority: 'high' }).catch(() => refused++);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  ended = true;
  await Promise.all(flood);
  const lowShare = low.refused / low.asked;
  t.true(lowShare > 0.5 && refused / 60 < lowShare / 2, `${refused} of 60 high, ${low.refused} of ${low.asked} low`);
  const base = rig.server.admin!.address;
  const metrics = await (await fetch(`${base}/metrics`)).text();
  t.regex(metrics, /^heddle_service_adaptive_limit\{service="faults\.Work"\} \d+$/m);
  t.regex(metrics, /^heddle_requests_refused_total\{service="faults\.Work",reason="adaptive"\} \d+$/m);
  t.false(metrics.includes('reason="other"'));
});

test.serial('deaths under a flood leave no count behind, and the limit works with the threads that come', async (t) => {
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 2 } }
quarantine: { kills: none }
services:
  faults.Work: { module: ./work.ts, pool: work, adaptive: { enabled: true }, listen: ["heddle://127.0.0.1:0"] }
  faults.Front: { module: ./front.ts, pool: work, adaptive: { enabled: true }, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: { max: 1000, windowMs: 10_000, backoffFirstMs: 1, backoffMaxMs: 1 } },
  );
  const { loads } = rig.server.supervisor;
  const work = rig.client(Work, { maxAttempts: 1 });
  const front = rig.client(Front, { maxAttempts: 1 });
  for (let deaths = 0; deaths < 4; deaths++) {
    const calls = Array.from({ length: 20 }, () => work.echo({ ...call, sleepMs: 30 }));
    const relayed = Array.from({ length: 5 }, () => front.relay({ id: 1, text: '', sleepMs: 20 }));
    await Promise.allSettled([...calls, ...relayed, work.doom({ how: 'exit', ms: 5, id: deaths })]);
    await eventually('both threads', () => rig.pool('work').size === 2);
  }
  await comesToRest(t, rig.server);
  for (const service of ['faults.Work', 'faults.Front']) {
    const { ended, taken } = loads.sums(columnOf(rig, service));
    t.true(ended > 0 && taken >= ended, service);
  }
  for (let asked = 0; asked < 10; asked++) t.like(await work.echo(call), { id: 1 });
});

test.serial(
  'once half of limits.requests are there, a connection has its share of them and another one has room',
  async (t) => {
    await using rig = await startRig(`
io: { threads: 1 }
limits: { requests: 20, requestsPerConnection: 4 }
admin: { address: "http://127.0.0.1:0" }
services:
  faults.Work: { module: ./work.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`);
    const [first, second] = [0, 1].map(() => rig.client(Work, { maxAttempts: 1 })) as [
      ReturnType<typeof rig.client<typeof Work>>,
      ReturnType<typeof rig.client<typeof Work>>,
    ];
    const stop = new AbortController();
    const sleep = (client: typeof first) => client.echo({ ...call, sleepMs: 60_000 }, { signal: stop.signal });
    const over = (count: number) =>
      eventually('what is over is refused', () => rig.server.supervisor.counters.total('connection-over') === count);
    const one = outcomes(Array.from({ length: 15 }, () => sleep(first)));
    await over(5);
    const two = outcomes(Array.from({ length: 6 }, () => sleep(second)));
    await over(7);
    await eventually('the others run', () => rig.server.stats().fibers === 14);
    // Reloaded, the share is another one at once.
    const more = rig.server.settings;
    await rig.server.reload({ ...more, limits: { ...more.limits, requestsPerConnection: 5 } });
    const fifth = sleep(second).catch((reason: HeddleError) => reason.code);
    await eventually('a fifth one', () => rig.server.stats().fibers === 15);
    stop.abort();
    const [mine, yours] = await Promise.all([one, two]);
    t.deepEqual(mine.counts, { CANCELLED: 10, RESOURCE_EXHAUSTED: 5 });
    t.deepEqual(yours.counts, { CANCELLED: 4, RESOURCE_EXHAUSTED: 2 });
    t.is(await fifth, 'CANCELLED');
    t.regex(
      yours.errors.get('RESOURCE_EXHAUSTED')!.message,
      /this connection has 4 requests under way or more.*limits\.requestsPerConnection/,
    );

    // One-way requests count too, until they have ended, though their callers have long had their answers.
    await rig.server.reload({ ...more, limits: { ...more.limits, requestsPerConnection: 4 } });
    await eventually('all rest', () => rig.server.stats().fibers === 0);
    const inFlight = (): number => rig.server.supervisor.inflight.sum(0);
    for (const clientOf of [() => rig.client(Work, { maxAttempts: 1 }), () => rig.client(Inline, { maxAttempts: 1 })]) {
      const [flood, other] = [clientOf(), clientOf()];
      const before = rig.server.supervisor.counters.total('connection-over');
      const options = { oneWay: true, timeoutMs: 1_000 } as const;
      for (let count = 0; count < 30; count++) await flood.echo({ ...call, sleepMs: 60_000 }, options);
      await over(before + 20);
      t.is(inFlight(), 10);
      t.like(await other.echo(call), { id: 1 });
      await eventually('they are late', () => inFlight() === 0);
      t.like(await flood.echo(call), { id: 1 });
    }

    // And over HTTP, on one connection.
    const socket = connect(rig.port('http'), '127.0.0.1');
    t.teardown(() => socket.destroy());
    const body = JSON.stringify({ ...call, sleepMs: 60_000 });
    const headers = `host: a\r\nheddle-one-way: 1\r\nheddle-timeout: 1s\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    socket.write(`POST /faults.Work/echo HTTP/1.1\r\n${headers}\r\n\r\n${body}`.repeat(15));
    let text = '';
    const statuses = (): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!);
    socket.on('data', (chunk) => (text += chunk));
    await eventually('all are answered', () => statuses().length === 15);
    t.deepEqual(statuses(), [...new Array<string>(10).fill('202'), ...new Array<string>(5).fill('429')]);

    // All of them are answers, and no good ones: operators see them by service.
    const { services } = (await (await fetch(`${rig.server.admin!.address}/services`)).json()) as {
      services: { name: string; refused?: object }[];
    };
    t.deepEqual(
      services.map(({ refused }) => refused),
      [{ connection: 7 + 20 + 5 }, { connection: 20 }],
    );
    const metrics = await (await fetch(`${rig.server.admin!.address}/metrics`)).text();
    t.regex(metrics, /^heddle_requests_total\{service="faults\.Work",[^}]*code="RESOURCE_EXHAUSTED"\} 32$/m);
  },
);
