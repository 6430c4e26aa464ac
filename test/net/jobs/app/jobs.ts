// Jobs that the tests of a real server run. What they do is told on a BroadcastChannel, with the input and the fiber's name.

import { BroadcastChannel, threadId } from 'node:worker_threads';
import { HeddleError } from '../../../../runtime/errors.ts';
import type { FiberContext } from '../../../../runtime/fiber/context.ts';
import { task } from '../../../../runtime/fiber/task.ts';

const channel = new BroadcastChannel('heddle jobs test');
channel.unref();

interface Told {
  what: string;
  [field: string]: unknown;
}

const tell = (told: Told): void => channel.postMessage(told);

export function quick(input: { tag: string; seen?: boolean }, fiber: FiberContext): void {
  const { name, pool, priority, trace } = fiber;
  // A copy of its own: what one run changes the next does not see.
  tell({ what: 'quick', tag: input.tag, seen: input.seen, name, pool, priority, traceId: trace?.traceId, threadId });
  input.seen = true;
}

export default quick;

export const asTask = task(import.meta.url, 'asTask', () => tell({ what: 'asTask' }));

/** Does what a handler may do, on a pool without services. */
export async function composes(_input: unknown, fiber: FiberContext): Promise<unknown> {
  const { n } = (await fiber.run('jobs.double', { n: 21 })) as { n: number };
  await fiber.offload(asTask, undefined, { pool: 'default' });
  const { name } = await fiber.spawn((child) => ({ name: child.name }), { name: 'child' }).join();
  tell({ what: 'composes', n, name });
  // Nothing that could be sent anywhere.
  return () => n;
}

export async function throws(): Promise<never> {
  await Promise.resolve();
  throw new Error('the index is gone');
}

export function refuses(): never {
  throw new HeddleError('FAILED_PRECONDITION', 'not on a Sunday');
}

export function wraps(): never {
  throw new HeddleError('ABORTED', 'the refresh of shard 7 failed', { cause: new Error('the wire is cut') });
}

/** Ends its thread; the second one by then is another. */
export function kills(): never {
  process.exit(3);
}

export async function sleeps({ ms }: { ms: number }, fiber: FiberContext): Promise<void> {
  tell({ what: 'sleeps', is: 'begun' });
  fiber.defer(() => tell({ what: 'sleeps', is: 'ended', cancelled: fiber.cancelled }));
  await fiber.sleep(ms);
}

/** Goes on for `ms`, whatever its deadline says. */
export async function deaf({ ms }: { ms: number }): Promise<void> {
  tell({ what: 'deaf', is: 'begun' });
  await new Promise((resolve) => setTimeout(resolve, ms));
  tell({ what: 'deaf', is: 'ended' });
}

/** Keeps its thread until it is ended. */
export function hangs(): never {
  tell({ what: 'hangs' });
  for (;;);
}

export const notAFunction = 7;
