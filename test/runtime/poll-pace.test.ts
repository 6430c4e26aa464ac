// When a thread polls before it parks.

import test from 'ava';
import { PollPace } from '../../runtime/poll-pace.ts';

const pollMs = 0.05;

/** A thread that wakes, works, finds nothing at these times after its work, and so on. */
function paced(pollMsMax = pollMs) {
  const clock = { nowMs: () => now, wallMs: () => 0, setTimer: () => 0, clearTimer: () => {} };
  const pace = new PollPace(clock, pollMsMax);
  let now = 1000;
  /** Wakes `afterMs` after it has parked and works; whether it polls then. Ends parked, having polled to the end. */
  const wakes = (afterMs: number): boolean => {
    const parkedAtMs = now;
    now += afterMs;
    pace.woken(now, parkedAtMs);
    pace.worked();
    const polls = pace.pollsOn();
    now += 2 * pollMs;
    if (polls && pace.pollsOn()) throw new Error('it polls for ever');
    return polls;
  };
  /** As `wakes`, and work comes while it polls. */
  const wakesAndFinds = (afterMs: number): boolean => {
    const parkedAtMs = now;
    now += afterMs;
    pace.woken(now, parkedAtMs);
    const polls = pace.pollsOn();
    if (polls) pace.worked();
    now += 2 * pollMs;
    pace.pollsOn();
    return polls;
  };
  return { wakes, wakesAndFinds };
}

test('a thread polls when it is woken soon after it has parked, and not after a long sleep', (t) => {
  const { wakes } = paced();
  t.true(wakes(0.01));
  t.false(wakes(10));
});

test('a thread that may not poll parks at once', (t) => {
  t.false(paced(0).wakes(0.001));
});

test('polls in vain end the polling, but for a try now and then', (t) => {
  const { wakes } = paced();
  for (let count = 0; count < 3; count++) t.true(wakes(0.01));
  const polls = Array.from({ length: 640 }, () => wakes(0.01));
  t.is(polls.filter((polled) => polled).length, 10);
});

test('a try that finds work begins the polling anew', (t) => {
  const { wakes, wakesAndFinds } = paced();
  for (let count = 0; count < 3; count++) wakes(0.01);
  let tries = 1;
  while (!wakesAndFinds(0.01)) tries++;
  t.true(tries <= 64);
  t.true(wakes(0.01));
});
