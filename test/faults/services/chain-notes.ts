// Notes of what happened to the fibers of a chain, and when: lines of a file that both processes of a test add to.

import { appendFileSync, readFileSync } from 'node:fs';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import type { ChainRun } from './chain-contract.ts';

export type Level = 'one' | 'two' | 'three';

export interface ChainNote {
  key: string;
  level: Level;
  what: 'began' | 'cancelled' | 'ended';
  /** Why it was cancelled, how it ended; '' for no error. */
  code: string;
  slices: number;
  /** On the machine's clock, by which processes agree. */
  atMs: number;
}

/** ms since 1970, in fractions of a millisecond. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs one level of the chain, and notes its beginning, its cancel and its end. */
export async function noted(
  level: Level,
  { key, notes }: ChainRun,
  fiber: FiberContext,
  body: () => Promise<unknown>,
  slices = (): number => 0,
): Promise<Record<string, never>> {
  const note = (what: ChainNote['what'], code = ''): void => {
    const line: ChainNote = { key, level, what, code, slices: slices(), atMs: wallMs() };
    appendFileSync(notes, `${JSON.stringify(line)}\n`);
  };
  fiber.onCancel((reason) => note('cancelled', reason.code));
  note('began');
  try {
    await body();
    note('ended');
    return {};
  } catch (reason) {
    note('ended', HeddleError.from(reason).code);
    throw reason;
  }
}

export function readNotes(file: string, key: string): ChainNote[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as ChainNote)
    .filter((note) => note.key === key);
}
