// Where the pictures and texts of `heddle dag` go: to standard output as its terminal can show them, or to a file.

import { writeFileSync } from 'node:fs';
import { HeddleError } from '../../runtime/errors.ts';

/** Of a pipe or a file, columns. */
const plainColumns = 100;

export interface Looks {
  width: number;
  colour: boolean;
}

/** What standard output can show. */
export function looks(): Looks {
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true && process.env.TERM !== 'dumb';
  return {
    width: (isTerminal ? stdout.columns : undefined) ?? plainColumns,
    colour: isTerminal && (process.env.NO_COLOR ?? '') === '',
  };
}

/** `out` undefined: standard output. Throws FAILED_PRECONDITION when the file can't be written. */
export function put(text: string, out: string | undefined): void {
  if (out === undefined) {
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch (reason) {
    const { message } = reason as Error;
    throw new HeddleError('FAILED_PRECONDITION', `${out} can't be written: ${message}`, { cause: reason });
  }
  process.stdout.write(`${out} is written\n`);
}

/** The file of one of several: `run.html`, of several `run-1.html`, `run-2.html`. */
export function numbered(out: string, index: number, all: number): string {
  return all === 1 ? out : out.replace(/(\.[^./]*)?$/, (ending) => `-${index + 1}${ending}`);
}

export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
