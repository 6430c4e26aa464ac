// How a process ended, in words and as an exit code. Pure functions of the guardian and of the process that follows.

import { constants } from 'node:os';
import type { PreviousProcess } from '../net/server/server-options.ts';
import { formatDuration } from '../runtime/units.ts';
import { exitCodes } from './exit-codes.ts';

export type ProcessEnd = Pick<PreviousProcess, 'signal' | 'exitCode'>;

/** What most likely stands behind a signal that nobody here has sent. */
const causes: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "kill -9, or the system's out-of-memory killer",
  SIGABRT: 'an abort: V8 had no heap left, or native code gave up; what it wrote stands above',
  SIGTRAP: 'an abort of V8; what it wrote stands above',
  SIGSEGV: 'a crash in native code',
  SIGBUS: 'a crash in native code',
  SIGILL: 'a crash in native code',
  SIGFPE: 'a crash in native code',
};

/** `was ended by SIGSEGV (a crash in native code) after 12s`, `ended with exit code 4 (…) after 3m before it was ready`. */
export function endText({ signal, exitCode, upMs, ready }: PreviousProcess): string {
  const how = signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
  const cause =
    signal !== undefined
      ? causes[signal]
      : exitCode === exitCodes.internal
        ? 'an exception that nobody caught on its main thread'
        : undefined;
  const when = `after ${uptimeText(upMs)}${ready ? '' : ', before it was ready'}`;
  return [how, ...(cause === undefined ? [] : [`(${cause})`]), when].join(' ');
}

/** The exit code for somebody who ends because a process has ended so: its own, or 128 + the number of the signal. */
export function exitCodeOf({ signal, exitCode }: ProcessEnd): number {
  return signal === undefined ? (exitCode ?? exitCodes.failed) : 128 + constants.signals[signal];
}

function uptimeText(ms: number): string {
  return formatDuration(ms < 1000 ? ms : Math.round(ms / 1000) * 1000);
}
