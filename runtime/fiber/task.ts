// task: names a function so that another thread can import and run it. Called at the top of user modules, on any thread.

import { HeddleError } from '../errors.ts';
import type { FiberContext, Task } from './context.ts';

/**
 * A function for `fiber.offload` and `fiber.parallel`. Input and output are structured-cloned.
 *
 *     export const score = task(import.meta.url, 'score', (films: Film[], fiber) => …);
 *
 * Throws INVALID_ARGUMENT when `moduleUrl` is no file URL or `exportName` no identifier: no other thread could find it.
 */
export function task<Input, Output>(
  moduleUrl: string,
  exportName: string,
  run: (input: Input, fiber: FiberContext) => Output | PromiseLike<Output>,
): Task<Input, Output> {
  if (!moduleUrl.startsWith('file:')) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `task ${exportName}: ${moduleUrl} is not a file URL; give import.meta.url`,
    );
  }
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(exportName)) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `task ${JSON.stringify(exportName)} of ${moduleUrl}: give the name it is exported under, or default`,
    );
  }
  return Object.freeze({ moduleUrl, exportName, run });
}
