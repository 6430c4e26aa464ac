// Traces and other JSON that `heddle dag` is given: of files, of arguments, of a process's answer.

import { closeSync, openSync, readSync } from 'node:fs';
import type { RunTrace } from '../../dag/run/trace.ts';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { traceProblem } from './trace-shape.ts';

/** Of one file, bytes. */
export const jsonFileBytesMax = 64 * 1024 * 1024;
/** Lists and maps in each other. Beyond a few thousand nothing could print it any more. */
export const jsonDepthMax = 500;
const chunkBytes = 1024 * 1024;

/**
 * JSON of an argument, or of a file: `@request.json`. Throws INVALID_ARGUMENT, of files
 * FAILED_PRECONDITION; `option` begins the sentence.
 */
export function jsonArgument(text: string, option: string): unknown {
  return text.startsWith('@') ? jsonFile(text.slice(1), option) : parse(text, option, 'INVALID_ARGUMENT');
}

/** The same of a file. */
export function jsonFile(file: string, option: string): unknown {
  let bytes: Buffer;
  try {
    bytes = bytesOf(file);
  } catch (reason) {
    const { code, message } = reason as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw wrongFile(`${option}: ${file} is a folder; name a file in it`);
    throw wrongFile(`${option}: ${file} can't be read: ${message}`);
  }
  if (bytes.length > jsonFileBytesMax) {
    throw wrongFile(
      `${option}: ${file} has more than ${jsonFileBytesMax} bytes, the most that is read; cut it into parts`,
    );
  }
  return parse(bytes.toString('utf8'), `${option}: ${file}`, 'FAILED_PRECONDITION');
}

/** The runs in a file, at least one, in the order in which they stand there. */
export function tracesIn(file: string): RunTrace[] {
  const traces = tracesOf(jsonFile(file, 'trace'), file);
  if (traces.length === 0) throw wrongFile(`${file} has no run: its list is empty`);
  return traces;
}

/** One run, a list of runs, or what GET /strategies/traces answers. `where` begins the sentence when it is none. */
export function tracesOf(value: unknown, where: string): RunTrace[] {
  const [runs, at] = runsIn(value);
  return runs.map((run, index) => {
    const problem = traceProblem(run, at === undefined ? '' : `${at}[${index}]`);
    if (problem === undefined) return run as RunTrace;
    throw wrongFile(`${where} is no trace of a run, as heddle dag traces --out writes one: ${problem}`);
  });
}

/** `at`: how the list is called where they stand. */
function runsIn(value: unknown): [runs: readonly unknown[], at: string | undefined] {
  if (Array.isArray(value)) return [value, ''];
  if (typeof value === 'object' && value !== null && 'traces' in value && Array.isArray(value.traces)) {
    return [value.traces, 'traces'];
  }
  return [[value], undefined];
}

/** All of it, or a little more than is allowed: pipes and devices do not say how much they have. */
function bytesOf(file: string): Buffer {
  const from = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let read = 0; read <= jsonFileBytesMax; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = readSync(from, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      read += count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(from);
  }
}

function parse(text: string, where: string, code: ErrorCode): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (reason) {
    throw new HeddleError(code, `${where} is not JSON: ${(reason as Error).message}`);
  }
  if (isDeeper(value, jsonDepthMax))
    throw new HeddleError(code, `${where} has more than ${jsonDepthMax} lists and maps in each other`);
  return value;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inside) => isDeeper(inside, depth - 1));
}

function wrongFile(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what, { retry: 'no' });
}
