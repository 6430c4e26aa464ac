// Handlers that nobody waits for any more: they are told, and those that go on are named.

import test from 'ava';
import { LogLines } from './log-lines.ts';
import { eager, eventually, startRig } from './rig.ts';
import { Guarded } from './services/guarded-contract.ts';

const services = (log: LogLines, pool: string) => `
io: { threads: 1, cancelGrace: 100ms }
pools: { guarded: { threads: 1, cancelGrace: 100ms } }
services:
  faults.Guarded: { module: ./guarded.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`;

for (const pool of ['guarded', 'io']) {
  test.serial(`a handler in pool ${pool} that has failed is named after its grace if a child goes on`, async (t) => {
    const log = new LogLines();
    await using rig = await startRig(services(log, pool), { restart: eager });
    const guarded = rig.client(Guarded, { maxAttempts: 1 });
    let over = false;
    const call = t
      .throwsAsync(guarded.orphan({ ms: 1_500 }), { message: /the cause is in the server log/ })
      .then(() => {
        over = true;
      });
    const line = (await eventually('a warning', () => log.find(/nobody waits for it any more/)))!;
    t.false(over, 'it is named while the child goes on');
    t.like(line, { level: 'warn', method: 'faults.Guarded/orphan', cancelGraceMs: 100 });
    t.is(rig.server.supervisor.counters.total('overstayed'), 1);
    await call;
  });

  for (const why of ['cancelled', 'late'] as const) {
    test.serial(`a handler in pool ${pool} that goes on although ${why} is named after its grace`, async (t) => {
      const log = new LogLines();
      await using rig = await startRig(services(log, pool), { restart: eager });
      const guarded = rig.client(Guarded, { maxAttempts: 1 });
      const abort = new AbortController();
      const options = why === 'late' ? { timeoutMs: 700 } : { signal: abort.signal };
      const call = guarded.outstay({ ms: 3_000 }, options);
      await eventually('it runs', () => rig.server.stats().fibers === 1);
      if (why === 'cancelled') abort.abort();
      await t.throwsAsync(call, { code: why === 'late' ? 'DEADLINE_EXCEEDED' : 'CANCELLED' });
      const line = (await eventually('a warning', () => log.find(/nobody waits for it any more/)))!;
      t.like(line, { level: 'warn', method: 'faults.Guarded/outstay', cancelGraceMs: 100 });
      t.is(rig.server.supervisor.counters.total('overstayed'), 1);
    });

    test.serial(`a handler in pool ${pool} that obeys when ${why} is not named`, async (t) => {
      const log = new LogLines();
      await using rig = await startRig(services(log, pool), { restart: eager });
      const guarded = rig.client(Guarded, { maxAttempts: 1 });
      const abort = new AbortController();
      const options = why === 'late' ? { timeoutMs: 700 } : { signal: abort.signal };
      const call = guarded.sleep({ ms: 60_000 }, options);
      await eventually('it runs', () => rig.server.stats().fibers === 1);
      if (why === 'cancelled') abort.abort();
      await t.throwsAsync(call, { code: why === 'late' ? 'DEADLINE_EXCEEDED' : 'CANCELLED' });
      await eventually('it has ended', () => rig.server.stats().fibers === 0);
      // Time that a handler which went on would be named after.
      await guarded.sleep({ ms: 300 });
      t.is(log.find(/nobody waits/), undefined);
      t.is(rig.server.supervisor.counters.total('overstayed'), 0);
    });
  }
}
