// A bound on what is under way.

import test from 'ava';
import fc from 'fast-check';
import { Limiter } from '../../../dag/policy/limiter.ts';

test('who enters is under way until it leaves, while fewer than max are', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 60 }), (max, enters) => {
      const limiter = new Limiter(max);
      let running = 0;
      let refused = 0;
      for (const enter of enters) {
        if (enter) {
          if (limiter.enter() !== running < max) throw new Error(`entered beside ${running} of ${max}`);
          if (running < max) running++;
          else refused++;
        } else if (running > 0) {
          limiter.leave();
          running--;
        }
        if (limiter.running !== running || limiter.refused !== refused) throw new Error('counts');
      }
    }),
  );
  t.pass();
});

test('enters up to max, and again when one has left', (t) => {
  const limiter = new Limiter(2);
  t.deepEqual([limiter.enter(), limiter.enter(), limiter.enter()], [true, true, false]);
  limiter.leave();
  t.true(limiter.enter());
});

test('refuses to be left by who has not entered', (t) => {
  t.throws(() => new Limiter(1).leave(), { message: /nobody had entered/ });
});
