// Answers go out together where the handlers between them are quick, and wait for no long one.

import test from 'ava';
import { startRig } from './rig.ts';
import { Work } from './services/contracts.ts';

const services = `
io: { threads: 1 }
pools: { work: { threads: 1, timeout: none } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;
/** More than a method needs to be trusted. */
const quickRuns = 4_000;

test('once a method took long, no answer waits for it: not even for a method that was quick for thousands of runs', async (t) => {
  await using rig = await startRig(services);
  const client = rig.client(Work, { timeoutMs: 0 });
  const echo = (id: number, spinMs = 0) => client.echo({ id, text: 'one', sleepMs: 0, spinMs });
  let sent = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (sent < quickRuns) await echo(sent++);
    }),
  );
  await echo(1, 50);
  const at: number[] = [];
  // One batch: they come to the thread's queue together.
  await Promise.all(
    Array.from({ length: 9 }, async (_, id) => {
      await echo(id, id === 8 ? 1_000 : 0);
      at[id] = performance.now();
    }),
  );
  const long = at.pop()!;
  t.true(long - Math.max(...at) > 500, `${at.map((quick) => (long - quick).toFixed(0))} ms before the long one`);
});

test('what a thread has answered is not lost when the next handler ends the thread', async (t) => {
  await using rig = await startRig(services);
  const client = rig.client(Work, { timeoutMs: 0, maxAttempts: 1 });
  let sent = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (sent < quickRuns) await client.echo({ id: sent++, text: 'one', sleepMs: 0, spinMs: 0 });
    }),
  );
  const quick = Array.from({ length: 8 }, (_, id) => client.echo({ id, text: 'one', sleepMs: 0, spinMs: 0 }));
  const doomed = client.doom({ how: 'exit', ms: 0, id: 0 });
  await t.throwsAsync(doomed, { code: 'UNAVAILABLE' });
  t.deepEqual(
    (await Promise.all(quick)).map(({ id }) => id),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});
