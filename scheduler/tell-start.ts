// tellStart: the end of a thread's start, as main is told of it: what the thread serves, or why it does not. On each CPU and
// IO thread.

import { HeddleError } from '../runtime/errors.ts';
import type { ThreadEndpoint } from '../runtime/thread-endpoint.ts';
import type { ServedRow } from './pool-thread.ts';

/** Resolves with whether the thread serves; never rejects. */
export async function tellStart(
  endpoint: Pick<ThreadEndpoint, 'tell'>,
  loading: Promise<ServedRow[]>,
): Promise<boolean> {
  try {
    endpoint.tell({ type: 'ready', methods: await loading });
    return true;
  } catch (reason) {
    const { code, message } = HeddleError.from(reason, String(reason instanceof Error ? reason.stack : reason));
    endpoint.tell({ type: 'failed', code, message });
    return false;
  }
}
