// A pool whose threads die too often is down, says so to callers and to load balancers, and comes back.

import test from 'ava';
import { eventually, startRig } from './rig.ts';
import { Guarded } from './services/guarded-contract.ts';

const services = `
io: { threads: 1 }
pools: { guarded: { threads: 1 }, side: { threads: 1 } }
quarantine: { kills: none }
services:
  faults.Guarded: { module: ./guarded.ts, pool: guarded, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: [{ address: "http://localhost:0" }] }
`;

test.serial('a pool that is down says so in its answers and in /healthz, and tries again', async (t) => {
  const restart = { max: 2, windowMs: 60_000, backoffFirstMs: 1_500, backoffMaxMs: 1_500 };
  await using rig = await startRig(services, { restart });
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  const [own, other] = rig.server.addresses.filter(({ protocol }) => protocol === 'http');
  const health = async (port: number): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    return `${response.status} ${(await response.text()).trim()}`;
  };
  t.is(await health(own!.port), '200 ok');
  for (let deaths = 0; deaths < 3; deaths++) {
    await t.throwsAsync(guarded.poison({ text: `${deaths}` }), { code: 'UNAVAILABLE' });
    await eventually('the next thread, or none', () => rig.pool('guarded').size === 1 || rig.pool('guarded').down);
  }
  t.true(rig.pool('guarded').down);
  const error = await t.throwsAsync(guarded.echo({ id: 1 }), { code: 'UNAVAILABLE' });
  t.regex(error!.message, /pool guarded is down/);
  t.is(await health(own!.port), '503 down: pool guarded');
  t.is(await health(other!.port), '200 ok', 'nothing behind this listener is down');
  await eventually('the pool is up again', () => !rig.pool('guarded').down);
  t.is((await guarded.echo({ id: 2 })).id, 2);
  t.is(await health(own!.port), '200 ok');
});
