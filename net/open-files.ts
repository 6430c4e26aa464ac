// openFilesMax: how many files the process may open (RLIMIT_NOFILE, soft). Read once, on main, when a server is made.

import { readFileSync } from 'node:fs';

/** Infinity where it can't be known: only Linux tells without a native module. */
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
