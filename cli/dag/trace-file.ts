// Traces and other JSON that `heddle dag` is given: of files, of arguments, of a process's answer.

import { readFileSync } from 'node:fs';
import type { RunTrace } from '../../dag/run/trace.ts';
import { HeddleError } from '../../runtime/errors.ts';

/** JSON of an argument, or of a file: `@request.json`. Throws INVALID_ARGUMENT; `option` begins the sentence. */
export function jsonArgument(text: string, option: string): unknown {
  return text.startsWith('@') ? jsonFile(text.slice(1), option) : parse(text, option);
}

/** The same of a file. */
export function jsonFile(file: string, option: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (reason) {
    throw wrong(`${option}: ${file} can't be read: ${(reason as Error).message}`);
  }
  return parse(text, `${option}: ${file}`);
}

/** The runs in a file, in the order in which they stand there: one, a list, or what GET /strategies/traces answers. */
export function tracesIn(file: string): RunTrace[] {
  return tracesOf(jsonFile(file, 'trace'), file);
}

/** `where` begins the sentence when it is none. */
export function tracesOf(value: unknown, where: string): RunTrace[] {
  if (Array.isArray(value)) return value.flatMap((one) => tracesOf(one, where));
  if (isTrace(value)) return [value];
  const inside = isMap(value) ? value.traces : undefined;
  if (Array.isArray(inside)) return tracesOf(inside, where);
  throw wrong(`${where} is no trace of a run: it has no strategy, nodes and durationMs`);
}

function isTrace(value: unknown): value is RunTrace {
  if (!isMap(value)) return false;
  const { strategy, nodes, durationMs, criticalPath } = value;
  const parts = Array.isArray(nodes) && Array.isArray(criticalPath);
  return typeof strategy === 'string' && typeof durationMs === 'number' && parts;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (reason) {
    throw wrong(`${where} is not JSON: ${(reason as Error).message}`);
  }
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
