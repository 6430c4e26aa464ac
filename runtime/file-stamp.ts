// stampOf: a file as it was at one instant, in a text that is another once the file has changed. Called by threads for each
// file that they are about to load, and by main for the same files later: two equal stamps mean that nothing has changed.

import { statSync } from 'node:fs';

/** The stamp of a file that is not there, or can't be looked at. */
export const absent = 'absent';

/** Size and time of the last change, to the nanosecond. A few microseconds; uses none of libuv's threads. */
export function stampOf(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? absent : `${stats.size} ${stats.mtimeNs}`;
  } catch {
    // A folder on the way may not be entered: whoever wants to read the file says so better.
    return absent;
  }
}

/** When the file was last changed, ms since 1970; NaN when it was not there. */
export function changedAtMs(stamp: string): number {
  return stamp === absent ? Number.NaN : Number(BigInt(stamp.slice(stamp.indexOf(' ') + 1)) / 1_000_000n);
}
