// currentFiber: the fiber whose code runs, for code that can't be handed it (a logger, a driver). Only in services with
// `asyncContext: true`, since AsyncLocalStorage costs every request about 0.3 µs; elsewhere pass the fiber on.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { FiberContext } from './context.ts';

const storage = new AsyncLocalStorage<FiberContext>();

/** The fiber whose code calls this, also behind awaits; undefined outside of fibers and without `asyncContext: true`. */
export function currentFiber(): FiberContext | undefined {
  return storage.getStore();
}

/** Runs a fiber's code so that `currentFiber()` finds it. */
export function runWithFiber<Context extends FiberContext, Result>(
  fiber: Context,
  run: (fiber: Context) => Result,
): Result {
  return storage.run(fiber, run, fiber);
}
