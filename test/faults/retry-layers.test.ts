// Services that call services, each of which repeats what failed: the repeats of one layer are not repeated by the next,
// and no method is said not to have run because something that it called has not.

import test from 'ava';
import { rejection } from '../spine/rejection.ts';
import { startRig } from './rig.ts';
import { Top } from './services/layers-contract.ts';
import { runsOf, shareRuns } from './services/runs.ts';

const services = (pool: string) => `
io: { threads: 1 }
pools: { top: { threads: 1 }, middle: { threads: 1 }, bottom: { threads: 1, timeout: 400ms } }
services:
  layers.Top: { module: ./layer-top.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
  layers.Middle: { module: ./layer-middle.ts, pool: middle, listen: [] }
  layers.Bottom: { module: ./layer-bottom.ts, pool: bottom, listen: [] }
clients: { layers.Gone: { target: "heddle://127.0.0.1:1", maxAttempts: 1 } }
`;
/** Attempts of one call, by default. */
const attemptsMax = 3;

for (const pool of ['top', 'io']) {
  test.serial(`of three idempotent services in a row only the last is repeated: pool ${pool}`, async (t) => {
    shareRuns();
    await using rig = await startRig(services(pool));
    const top = rig.client(Top);
    const calls = 4;
    const ids = Array.from({ length: calls }, (_, at) => 10 * at);
    for (const id of ids) t.like(await rejection(top.go({ id })), { code: 'UNAVAILABLE', retry: 'no' });
    for (const id of ids) {
      t.is(runsOf(id).began, 1, 'the first');
      t.is(runsOf(id + 1).began, 1, 'the second');
      t.true(runsOf(id + 2).began <= attemptsMax, `the last, ${runsOf(id + 2).began} times`);
    }
    t.is(runsOf(2).began, attemptsMax, 'whose repeats were within the budget');
  });

  test.serial(`a method that may not be repeated runs once if what it calls has not run: pool ${pool}`, async (t) => {
    shareRuns();
    await using rig = await startRig(services(pool));
    const error = await rejection(rig.client(Top).order({ id: 1 }));
    t.like(error, { code: 'UNAVAILABLE', retry: 'no' });
    t.is(runsOf(1).began, 1);
  });

  test.serial(`all attempts of a nested call together are bound by its method's timeout: pool ${pool}`, async (t) => {
    shareRuns();
    await using rig = await startRig(services(pool));
    const error = await rejection(rig.client(Top).skip({ id: 1, sleepMs: 300 }));
    // When too little is left for another attempt, the last one's failure is the answer.
    t.true(['DEADLINE_EXCEEDED', 'UNAVAILABLE'].includes(error.code), error.message);
    t.true(runsOf(3).began < attemptsMax);
  });
}
