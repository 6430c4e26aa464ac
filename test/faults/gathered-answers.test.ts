// Answers may go out together where the handlers between them are quick, and wait for no long one. (That they do wait for
// quick ones depends on how busy the machine is: the simulation has it always, see testing/memory.)

import test from 'ava';
import { startRig } from './rig.ts';
import { Work } from './services/contracts.ts';

const services = `
io: { threads: 1 }
pools: { work: { threads: 1, timeout: none } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;
/** Enough for trust where threads have cores of their own. */
const quickRuns = 40_000;

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
