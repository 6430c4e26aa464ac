// StandardSink, and what a destination of the log is. The log thread writes lines with the synchronous calls of node:fs, on purpose: the
// asynchronous ones run on the four pool threads that the whole process shares, where a few password hashes in a handler
// could hold up the log for seconds, and they would need a queue of their own. A thread that does nothing but write may wait.

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { DirectLogSink, DirectLogSinkDefinition } from '../plugins/log-sink.ts';

/** The sink for which lines wait in their rings. Used by LogDrain only, on one thread. */
export type LogDestination = Pick<DirectLogSink, 'human' | 'writeSync' | 'close'>;

/** Standard output or error. */
export class StandardSink implements DirectLogSinkDefinition {
  readonly name: string;
  readonly human: boolean;
  readonly #fd: number;
  readonly #opened: boolean;

  constructor(fd: 1 | 2) {
    this.name = fd === 1 ? 'stdout' : 'stderr';
    this.human = isatty(fd);
    const own = openWithoutWaiting(fd);
    this.#fd = own ?? fd;
    this.#opened = own !== undefined;
  }

  writeSync(bytes: Buffer): number {
    return writeNow(this.#fd, bytes);
  }

  close(): void {
    if (this.#opened) closeSync(this.#fd);
  }
}

/** One write. A full pipe (EAGAIN) is no error: 0. */
export function writeNow(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/**
 * A pipe or terminal whose reader has stopped would hold the log thread inside write(2), where nothing can end it, and
 * with it the exit of the process. Linux gives a second, non-blocking handle on the same pipe that leaves the flags of
 * the shared one alone. A file must not be opened twice (each handle has its own position) and a socket can't be.
 */
function openWithoutWaiting(fd: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = fstatSync(fd);
    if (!stat.isFIFO() && !isatty(fd)) return undefined;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined; // No /proc, or no right to it: the inherited handle works too, it may only wait.
  }
}
