// The pause before a retry: it doubles from attempt to attempt, and chance shortens it by up to a half, so that those who
// failed together do not come back together. Called by the executor for each retry that it considers.

import type { Random } from '../../runtime/clock.ts';

/**
 * The pause before the next attempt after `attempts` (1 or more) have been made, ms: `backoffMs`, doubled with each
 * attempt after the first, times a chance from 0.5 to 1. Without a backoff it is 0 and no chance is drawn. What bounds it
 * is the node's deadline: a retry whose pause ends after it is not made.
 */
export function retryPauseMs(backoffMs: number, attempts: number, random: Random): number {
  if (backoffMs === 0) return 0;
  return backoffMs * 2 ** (attempts - 1) * (0.5 + random() / 2);
}
