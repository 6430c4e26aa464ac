// A budget never gives more than ten tokens and the share of what was deposited, and loses nothing of it in rounding.

import test from 'ava';
import fc from 'fast-check';
import { TokenBudget, tokensMax } from '../../../dag/policy/token-budget.ts';

test('gives what whole-number counting gives, whatever runs and takes come in which order', (t) => {
  const step = fc.constantFrom('run', 'take', 'runs', 'takes');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.array(step, { maxLength: 120 }), (millionths, steps) => {
      const budget = new TokenBudget(millionths / 1_000_000);
      let tokens = tokensMax * 1_000_000;
      let refused = 0;
      for (const one of steps) {
        for (let times = one.endsWith('s') ? 30 : 1; times > 0; times--) {
          if (one.startsWith('run')) {
            budget.deposit();
            tokens = Math.min(tokens + millionths, tokensMax * 1_000_000);
            continue;
          }
          if (budget.take() !== tokens >= 1_000_000) throw new Error(`take at ${tokens}`);
          if (tokens >= 1_000_000) tokens -= 1_000_000;
          else refused++;
        }
      }
      if (budget.tokens !== tokens / 1_000_000 || budget.refused !== refused) throw new Error('counts');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('an overall bound: share × runs + 10', (t) => {
  const budget = new TokenBudget(0.2);
  let taken = 0;
  for (let run = 0; run < 1000; run++) {
    budget.deposit();
    while (budget.take()) taken++;
  }
  t.is(taken, 0.2 * 1000 + 9, 'the first deposit found the budget full');
});

test('ten deposits of a tenth are one whole token', (t) => {
  const budget = new TokenBudget(0.1);
  while (budget.take());
  for (let run = 0; run < 9; run++) budget.deposit();
  t.false(budget.take());
  budget.deposit();
  t.true(budget.take());
  t.is(budget.tokens, 0);
});

test('a budget without a share gives its ten tokens and no more', (t) => {
  const budget = new TokenBudget(0);
  for (let token = 0; token < tokensMax; token++) t.true(budget.take());
  budget.deposit();
  t.false(budget.take());
});
