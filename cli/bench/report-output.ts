// ReportOutput: where `heddle bench --json` puts its result. Opened before the load begins: a path that can't be written is
// told at once, not after an hour of load.

import { closeSync, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { HeddleError } from '../../runtime/errors.ts';

export interface ReportOutput {
  /** Standard output is the report's alone. */
  readonly isStdout: boolean;
  /** Called once, or never: then what a file had before stays in it. Throws FAILED_PRECONDITION. */
  write(report: object): void;
}

/** `path`: a file, or `-` for standard output. Throws FAILED_PRECONDITION when it can't be written. */
export function reportOutput(path: string): ReportOutput {
  if (path === '-') return { isStdout: true, write: (report) => void process.stdout.write(textOf(report)) };
  const file = told(path, () => openSync(path, 'a'));
  return {
    isStdout: false,
    write: (report) =>
      told(path, () => {
        // A pipe has nothing in it that must go.
        if (fstatSync(file).isFile()) ftruncateSync(file);
        writeFileSync(file, textOf(report));
        closeSync(file);
      }),
  };
}

function textOf(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

function told<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (reason) {
    const message = `--json ${path}: the result can't be written: ${(reason as Error).message}`;
    throw new HeddleError('FAILED_PRECONDITION', message, { cause: reason });
  }
}
