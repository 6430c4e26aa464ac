// complain: the log's own trouble, for which there is no log. On main and on the log thread.

import { writeSync } from 'node:fs';
import { type Logger, silentLogger } from '../logger.ts';

/** One sentence on standard error; never throws. */
export function complain(sentence: string): void {
  try {
    writeSync(2, `heddle: ${sentence}\n`);
  } catch {
    // Standard error is gone too: there is nobody left to tell.
  }
}

/** For those who make the log: warnings and worse go to standard error. */
export const complainLogger: Logger = {
  ...silentLogger,
  warn: (_, message) => complain(message),
  error: (_, message) => complain(message),
  fatal: (_, message) => complain(message),
  child: () => complainLogger,
};
