// LogLines: a log file of a test's server, and what has been written to it so far.

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export class LogLines {
  readonly file = join(mkdtempSync(join(tmpdir(), 'heddle-faults-')), 'log');

  /** The section of heddle.yaml that writes there. */
  get yaml(): string {
    return `log: { level: debug, file: ${this.file} }`;
  }

  read(): LogLine[] {
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line whose message fits; undefined: none yet. */
  find(message: RegExp): LogLine | undefined {
    return this.read().find(({ msg }) => message.test(msg));
  }
}
