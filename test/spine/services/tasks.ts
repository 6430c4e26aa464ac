// Tasks for `offload` and `parallel`.

import { HeddleError } from '../../../runtime/errors.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { busyFor } from './busy.ts';
import { post } from './events.ts';

export const busyTask = task(import.meta.url, 'busyTask', (ms: number, fiber) => ({
  span: busyFor(ms),
  pool: fiber.pool,
}));

export const failsTask = task(import.meta.url, 'failsTask', (_key: string): string => {
  throw new HeddleError('OUT_OF_RANGE', 'the task chose to fail', { retryAfterMs: 5 });
});

export const unclonableTask = task(
  import.meta.url,
  'unclonableTask',
  (_key: string) => (() => 'no') as unknown as string,
);

export const sleepsTask = task(import.meta.url, 'sleepsTask', async (key: string, fiber) => {
  fiber.onCancel(({ code }) => post(key, `task ${code}`));
  post(key, 'task started');
  await fiber.sleep(60_000);
  return 'slept';
});

// Under a name that nobody exports.
export const missingTask = task(import.meta.url, 'nobodyExportsThis', (_key: string) => 'never');
