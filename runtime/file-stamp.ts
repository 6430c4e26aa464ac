// stampOf: a file as it was at one instant, in a text that is another once the file has changed. Called by threads for each
// file that they are about to load, and by main for the same files later: two equal stamps mean that nothing has changed.

import { statSync } from 'node:fs';

/** The stamp of a file that is not there, or can't be looked at. */
export const absent = 'absent';

/**
 * Size, times of the last change of what is in it and of the file itself, to the nanosecond, and which file it is: tools that
 * copy a file with its time still make another one. A few microseconds; uses none of libuv's threads.
 */
export function stampOf(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? absent : `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`;
  } catch {
    // A folder on the way may not be entered: whoever wants to read the file says so better.
    return absent;
  }
}

/** When the file was last changed, ms since 1970; NaN when it was not there. */
export function changedAtMs(stamp: string): number {
  const [, contentNs, fileNs] = stamp.split(' ');
  if (contentNs === undefined || fileNs === undefined) return Number.NaN;
  const latestNs = BigInt(contentNs) > BigInt(fileNs) ? BigInt(contentNs) : BigInt(fileNs);
  return Number(latestNs / 1_000_000n);
}
