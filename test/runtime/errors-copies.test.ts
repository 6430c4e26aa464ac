// HeddleError across copies of the package: a project may bring its own beside that of the process that runs it.

import test from 'ava';
import { HeddleError } from '../../runtime/errors.ts';

test("another copy's error is one, and keeps its code and hint", async (t) => {
  const copy = (await import(`../../runtime/errors.ts?copy=${1}`)) as typeof import('../../runtime/errors.ts');
  t.not(copy.HeddleError, HeddleError);
  const error = new copy.HeddleError('NOT_FOUND', 'there is no such film', { retry: 'if-idempotent' });
  t.true(error instanceof HeddleError);
  t.is(HeddleError.from(error), error as HeddleError);
  t.false(new Error('other') instanceof HeddleError);
});

test('a subclass is known by its class, not by the mark', (t) => {
  class Own extends HeddleError {}
  t.true(new Own('INTERNAL', 'x') instanceof Own);
  t.true(new Own('INTERNAL', 'x') instanceof HeddleError);
  t.false(new HeddleError('INTERNAL', 'x') instanceof Own);
});
