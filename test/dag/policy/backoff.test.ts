// The pause before a retry.

import test from 'ava';
import fc from 'fast-check';
import { retryPauseMs } from '../../../dag/policy/backoff.ts';
import { seededRandom } from '../../../runtime/clock.ts';

test('lies between half of it and all of it, and doubles with each attempt', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (ms, attempts, seed) => {
      const pauseMs = retryPauseMs(ms, attempts, seededRandom(seed));
      const fullMs = ms * 2 ** (attempts - 1);
      if (pauseMs < fullMs / 2 || pauseMs >= fullMs) throw new Error(`${pauseMs} of ${fullMs}`);
    }),
  );
  t.is(
    retryPauseMs(10, 1, () => 0),
    5,
  );
  t.is(
    retryPauseMs(10, 3, () => 0.5),
    30,
  );
});

test('without a backoff there is no pause, and no chance is drawn', (t) => {
  const never = () => {
    throw new Error('chance was drawn');
  };
  t.is(retryPauseMs(0, 5, never), 0);
});
