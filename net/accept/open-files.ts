// How many files the process may open, and how many are open: sockets, pipes and files of all its threads count as one.
// Asked on main.

import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { devNull } from 'node:os';

/** RLIMIT_NOFILE (soft), read once when a server is made. Infinity where it can't be known: only Linux tells without a native module. */
export function openFilesMax(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const found = /^Max open files\s+(\d+)/m.exec(limits);
  return found === null ? Number.POSITIVE_INFINITY : Number(found[1]);
}

/**
 * Files that are open now. Infinity: not one more can be opened, by the limit of the process or of the machine. Where the
 * system does not count them, the lowest number that is free, so at least as many as this are open. Takes some 10 µs.
 */
export function openFiles(): number {
  let lowestFree: number;
  try {
    lowestFree = openSync(devNull, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? Number.POSITIVE_INFINITY : 0;
  }
  closeSync(lowestFree);
  return Math.max(lowestFree, countedFiles());
}

/** Linux 6.2 and later tell the number of open files as the size of this folder; 0: not told. */
function countedFiles(): number {
  return statSync('/proc/self/fd', { throwIfNoEntry: false })?.size ?? 0;
}
