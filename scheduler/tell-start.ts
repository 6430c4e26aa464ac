// tellStart: the end of a thread's start, as main is told of it: what the thread serves, or why it does not. On each CPU and
// IO thread.

import { keepCompiled } from '../runtime/compile-cache.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { ThreadInit } from '../runtime/thread-control.ts';
import type { ThreadEndpoint } from '../runtime/thread-endpoint.ts';
import type { ServedRow } from './pool-thread.ts';

/** Resolves when main has been told; never rejects. */
export async function tellStart(
  endpoint: Pick<ThreadEndpoint, 'tell'>,
  { keepsCompiled = false }: Pick<ThreadInit, 'keepsCompiled'>,
  loading: Promise<ServedRow[]>,
): Promise<void> {
  try {
    const methods = await loading;
    // While nobody waits for this thread but main: some hundred files are written, which can take seconds.
    if (keepsCompiled) keepCompiled();
    endpoint.tell({ type: 'ready', methods });
  } catch (reason) {
    const { code, message } = HeddleError.from(reason, String(reason instanceof Error ? reason.stack : reason));
    endpoint.tell({ type: 'failed', code, message });
  }
}
