// Exceptions on the log thread that no plugin has caught, on a clock that stands still.

import test from 'ava';
import { StrayExceptions } from '../../../runtime/log/stray-exceptions.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

test('stray exceptions are told of once a minute, and each is counted', async (t) => {
  const clock = new VirtualClock();
  const told: object[] = [];
  const log: Logger = { ...silentLogger, error: (fields: object) => void told.push(fields) };
  const stray = new StrayExceptions(log, clock);
  for (const reason of ['a', 'b', 'c']) stray.take(reason);
  await clock.advance(60_000);
  stray.take('d');
  stray.take('e');
  stray.take('f');
  stray.tellRest();
  stray.tellRest();
  t.deepEqual(told, [
    { err: 'a', times: 1 },
    { err: 'd', times: 3 },
    { err: 'f', times: 2 },
  ]);
});
