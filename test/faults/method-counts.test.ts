// What is counted of requests that were given up or refused is the same whichever thread ran them: one of a pool's, or
// the very IO thread that they came to.

import test from 'ava';
import { bodyHash } from '../../runtime/body-hash.ts';
import { codeNumber } from '../../runtime/errors.ts';
import { fates, threadNumberMax } from '../../runtime/shared/layout.ts';
import { emptyMethodCounts, MethodCounters, type MethodCounts } from '../../runtime/shared/method-counters.ts';
import { eventually, type Rig, startRig } from './rig.ts';
import { Guarded } from './services/guarded-contract.ts';

const services = (pool: string) => `
io: { threads: 1 }
pools: { guarded: { threads: 1 } }
services:
  faults.Guarded: { module: ./guarded.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`;

function indexOf(rig: Rig, method: string): number {
  return rig.server.methods.find((row) => row.method === method)!.index;
}

/** Of all threads together. */
function countsOf(rig: Rig, method: string): MethodCounts {
  const { supervisor, methods } = rig.server;
  const counts = emptyMethodCounts();
  for (let number = 1; number <= threadNumberMax; number++) {
    if (supervisor.board.fate(number) !== fates.alive) continue;
    const memory = supervisor.methodCounters(number, methods.length + 1);
    new MethodCounters(memory).addTo(indexOf(rig, method), counts);
  }
  return counts;
}

const sum = (numbers: Float64Array): number => numbers.reduce((total, one) => total + one, 0);

for (const pool of ['guarded', 'io']) {
  test.serial(`a request that its client gave up counts once, as CANCELLED: pool ${pool}`, async (t) => {
    await using rig = await startRig(services(pool));
    const guarded = rig.client(Guarded, { maxAttempts: 1 });
    const calls = 3;
    for (let call = 0; call < calls; call++) {
      const abort = new AbortController();
      const outcome = t.throwsAsync(guarded.outstay({ ms: 700 }, { signal: abort.signal }), { code: 'CANCELLED' });
      await eventually('it runs', () => rig.server.stats().fibers > 0);
      abort.abort();
      await outcome;
      await eventually('its handler has ended', () => rig.server.stats().fibers === 0);
    }
    const { codes, latency } = countsOf(rig, 'outstay');
    t.is(codes.socket[codeNumber('CANCELLED')], calls);
    t.is(sum(codes.socket), calls);
    t.is(sum(codes.fiber), 0);
    t.is(sum(latency), 0, 'what had no answer took no time');
  });

  test.serial(`a request that was refused before it ran does not count as a long one: pool ${pool}`, async (t) => {
    await using rig = await startRig(services(pool));
    const guarded = rig.client(Guarded, { maxAttempts: 1 });
    const body = Buffer.from(JSON.stringify({ id: 1 }));
    const untilMs = performance.now() + 60_000;
    (pool === 'io' ? rig.server.ioPool : rig.pool(pool)).inUse.refuse([
      { method: indexOf(rig, 'echo'), body: bodyHash(body, 0, body.length), untilMs, kills: 2 },
    ]);
    const startMs = performance.now();
    for (let refused = false; !refused; ) {
      refused = await guarded.echo({ id: 1 }).then(
        () => false,
        ({ code }) => code === 'FAILED_PRECONDITION',
      );
    }
    const tookMs = performance.now() - startMs;
    const { codes, latency, latencySumMs } = countsOf(rig, 'echo');
    t.is(codes.socket[codeNumber('FAILED_PRECONDITION')], 1);
    t.is(sum(latency), sum(codes.socket));
    t.true(latencySumMs <= tookMs, `${latencySumMs} ms of ${tookMs}`);
  });
}
