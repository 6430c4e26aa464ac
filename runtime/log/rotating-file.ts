// RotatingFile: a log file that is put aside by size and by time: `heddle.log` → `heddle.log.1` → `heddle.log.2` …, the
// highest number the oldest. Lives on the log thread.
//
// Own code because no library writes synchronously within a bound: rotating-file-stream and pino-roll rotate with
// asynchronous fs on the process's shared thread pool, and sonic-boom in sync mode sleeps inside write() for as long as
// the destination is full, and keeps everything meanwhile.

import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { DirectLogSinkDefinition } from '../plugins/log-sink.ts';
import type { LogSettings } from '../settings.ts';
import { writeNow } from './sink.ts';

/** After a rotation that failed the file grows on, and the next attempt is this much later, ms. */
const rotateRetryMs = 60_000;

export interface RotatingFileOptions {
  path: string;
  settings: Pick<LogSettings, 'rotateBytes' | 'rotateEveryMs' | 'keepFiles'>;
  clock: Clock;
  /** Told why a rotation failed; lines go on into the old file. */
  complain: (sentence: string) => void;
}

export class RotatingFile implements DirectLogSinkDefinition {
  readonly name = 'file';
  readonly human = false;
  readonly #path: string;
  readonly #settings: RotatingFileOptions['settings'];
  readonly #clock: Clock;
  readonly #complain: (sentence: string) => void;
  #fd: number;
  #bytes: number;
  /** Periods of `rotateEveryMs` are counted from 1970, so that a day ends at midnight UTC and a restart changes nothing. */
  #period: number;
  #retryAtMs = 0;

  constructor({ path, settings, clock, complain }: RotatingFileOptions) {
    this.#path = path;
    this.#settings = settings;
    this.#clock = clock;
    this.#complain = complain;
    this.#fd = openSync(path, 'a');
    const stat = fstatSync(this.#fd);
    this.#bytes = stat.size;
    this.#period = this.#periodOf(stat.size > 0 ? stat.mtimeMs : clock.wallMs());
  }

  writeSync(bytes: Buffer): number {
    if (this.#bytes > 0 && this.#periodOf(this.#clock.wallMs()) !== this.#period) this.#rotate();
    let end = this.#wholeLines(bytes);
    if (end === 0 && this.#rotate()) end = this.#wholeLines(bytes);
    const written = writeNow(this.#fd, end === 0 ? bytes : bytes.subarray(0, end));
    this.#bytes += written;
    return written;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Bytes of the whole lines that still fit this file. A line longer than a file gets a file of its own. */
  #wholeLines(bytes: Buffer): number {
    const room = this.#settings.rotateBytes - this.#bytes;
    if (this.#settings.rotateBytes === 0 || bytes.length <= room) return bytes.length;
    const end = room > 0 ? bytes.lastIndexOf(0x0a, room - 1) + 1 : 0;
    if (end > 0 || this.#bytes > 0) return end;
    return bytes.indexOf(0x0a) + 1 || bytes.length;
  }

  #rotate(): boolean {
    const nowMs = this.#clock.wallMs();
    if (nowMs < this.#retryAtMs) return false;
    try {
      this.#shiftOldFiles();
      const fd = openSync(this.#path, 'a');
      closeSync(this.#fd);
      this.#fd = fd;
      this.#bytes = fstatSync(fd).size;
      this.#period = this.#periodOf(nowMs);
      return true;
    } catch (error) {
      this.#retryAtMs = nowMs + rotateRetryMs;
      this.#complain(`can't rotate the log file ${this.#path}, so it grows on: ${(error as Error).message}`);
      return false;
    }
  }

  #shiftOldFiles(): void {
    const keep = this.#settings.keepFiles;
    for (const number of this.#oldNumbers()) {
      if (number >= keep) unlinkSync(`${this.#path}.${number}`);
      else renameSync(`${this.#path}.${number}`, `${this.#path}.${number + 1}`);
    }
    try {
      if (keep > 0) renameSync(this.#path, `${this.#path}.1`);
      else unlinkSync(this.#path);
    } catch (error) {
      // Somebody else has put the file aside already; a new one is what is wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Numbers of the old files, highest first. From the folder, since `keepFiles` may have been larger once. */
  #oldNumbers(): number[] {
    const prefix = `${basename(this.#path)}.`;
    return readdirSync(dirname(this.#path))
      .filter((name) => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((a, b) => b - a);
  }

  #periodOf(wallMs: number): number {
    return this.#settings.rotateEveryMs === 0 ? 0 : Math.floor(wallMs / this.#settings.rotateEveryMs);
  }
}

/**
 * Checks on main, before any thread starts, that lines can go to `path`; makes its folder. Throws FAILED_PRECONDITION
 * when it is something else than a file (rotation would rename a device) or can't be opened.
 */
export function checkLogFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) {
      throw new Error('it is not a regular file; leave log.file out to log to standard output');
    }
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new HeddleError('FAILED_PRECONDITION', `can't write the log file ${path}: ${reason}`, { cause: error });
  }
}
