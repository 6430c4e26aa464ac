// RestartPolicy: when a dead thread is replaced.

import test from 'ava';
import { RestartPolicy } from '../../runtime/restart-policy.ts';

const limits = { max: 5, windowMs: 10_000, backoffFirstMs: 1_000, backoffMaxMs: 30_000 };

/** What a thread that dies `livedMs` after each of its starts is made to wait. */
function waits(policy: RestartPolicy, deaths: number, livedMs: number, startMs = 0): number[] {
  let nowMs = startMs;
  return Array.from({ length: deaths }, () => {
    nowMs += livedMs;
    const waitMs = policy.onDeath(nowMs);
    nowMs += waitMs;
    return waitMs;
  });
}

test('five deaths in the window are replaced at once, further ones ever later', (t) => {
  t.deepEqual(
    waits(new RestartPolicy(limits), 13, 10),
    [0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000],
  );
});

test('deaths further apart than the window allows are always replaced at once', (t) => {
  t.deepEqual(waits(new RestartPolicy(limits), 50, 2_001), Array(50).fill(0));
});

test('a thread that lived for the whole window after a wait ends the waiting', (t) => {
  const policy = new RestartPolicy(limits);
  t.deepEqual(waits(policy, 7, 10), [0, 0, 0, 0, 0, 1_000, 2_000]);
  t.is(policy.onDeath(3_070 + 10_000), 0);
  t.is(policy.deaths, 1);
});

test('threads that die during a wait are replaced when it ends, and lengthen nothing', (t) => {
  const policy = new RestartPolicy(limits);
  t.deepEqual(
    Array.from({ length: 8 }, (_, at) => policy.onDeath(at * 10)),
    [0, 0, 0, 0, 0, 1_000, 990, 980],
  );
  t.is(policy.onDeath(1_100), 2_000);
});
