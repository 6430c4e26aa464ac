// What a limiter does wrong is told once a second at most, and what a definition must have.

import test from 'ava';
import { BoundLimiter } from '../../../net/limiters/bound-limiter.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import type { EndedCall, LimitedCall, LimiterDefinition } from '../../../runtime/plugins/limiter.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

test('failures are logged at once, then together, at most once a second', (t) => {
  const logged: { where: string; failures: number }[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => logged.push(fields as never) };
  const clock = new VirtualClock();
  const fails = (): never => {
    throw new TypeError('a slip');
  };
  const limiter = new BoundLimiter({ name: 'slips', admit: fails, ended: fails }, clock, log);
  for (let turn = 0; turn < 5; turn++) t.not(limiter.admit({} as LimitedCall), undefined);
  clock.advanceSync(1_000);
  limiter.ended({} as EndedCall);
  t.deepEqual(
    logged.map(({ where, failures }) => ({ where, failures })),
    [
      { where: 'admit', failures: 1 },
      { where: 'ended', failures: 5 },
    ],
  );
});

test('a promise that ended gives against its type may reject: that is one more failure, logged as seldom', async (t) => {
  const logged: { where: string; failures: number; err: unknown }[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => logged.push(fields as never) };
  const reason = new Error('redis is gone');
  const ended = (async () => {
    throw reason;
  }) as never;
  const clock = new VirtualClock();
  const limiter = new BoundLimiter({ name: 'slips', admit: () => undefined, ended }, clock, log);
  for (let turn = 0; turn < 3; turn++) limiter.ended({} as EndedCall);
  await new Promise<void>((resolve) => setImmediate(resolve));
  t.deepEqual(logged, [{ limiter: 'slips', where: 'ended', failures: 1, err: reason }] as never);
});

test('a definition that can be no limiter is refused', (t) => {
  const { limiter } = new ThreadExtensions().ioPoints('tests');
  const wrong = (definition: unknown, message: string) =>
    t.throws(() => limiter(definition as LimiterDefinition), { code: 'INVALID_ARGUMENT', message });
  wrong(
    { name: 'none' },
    'limiter "none": it has no admit(call); it returns undefined, or { message, retryAfterMs } to refuse',
  );
  wrong(
    { name: 'text', admit: () => undefined, ended: 'x' },
    'limiter "text": ended must be a function, or be left out',
  );
  limiter({ name: 'one', admit: () => undefined });
  t.throws(() => limiter({ name: 'one', admit: () => undefined }), { code: 'ALREADY_EXISTS' });
  t.false('limiter' in new ThreadExtensions().cpuPoints('tests'));
});
