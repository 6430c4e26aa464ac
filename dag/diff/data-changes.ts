// Differences of plain data, field by field, as short texts. Knows no names of fields but their endings and a few shares, so
// a field that a definition gains tomorrow is compared too.

import { isDeepStrictEqual } from 'node:util';
import { formatDuration } from '../../runtime/units.ts';
import type { TextChange } from './strategies-diff.ts';

/** Shares 0..1 that people write in percent. */
const shares: ReadonlySet<string> = new Set(['quantile', 'failures', 'retries', 'hedges']);

/** Objects on both sides are compared key by key; anything else as a whole. `path`: of the fields that come out. */
export function dataChanges(path: readonly string[], before: unknown, after: unknown): TextChange[] {
  if (!isObject(before) || !isObject(after)) {
    const key = path.at(-1) ?? '';
    return textChange(path.map(label).join('.'), before, after, (value) => textOf(key, value));
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => dataChanges([...path, key], before[key], after[key]));
}

/** One change, or none when both are equal. `textOf` gets what is there. */
export function textChange<Value>(
  field: string,
  before: Value,
  after: Value,
  text: (value: Exclude<Value, undefined>) => string,
): TextChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const write = (value: Value) => (value === undefined ? undefined : text(value as Exclude<Value, undefined>));
  const [was, now] = [write(before), write(after)];
  if (was !== now) return [{ field, before: was, after: now }];
  // Two files of one name in two folders: what is short does not tell them apart.
  return [{ field, before: exactText(before), after: exactText(after) }];
}

/** Two sets of names: one change for all that came and went. */
export function setChange(field: string, before: readonly string[], after: readonly string[]): TextChange[] {
  const { gained, lost } = gainsOf(before, after);
  if (gained.length === 0 && lost.length === 0) return [];
  const text = (names: readonly string[]) => (names.length === 0 ? undefined : names.join(', '));
  return [{ field, before: text(before), after: text(after) }];
}

export function gainsOf(before: readonly string[], after: readonly string[]): { gained: string[]; lost: string[] } {
  const [was, now] = [new Set(before), new Set(after)];
  return { gained: [...now].filter((name) => !was.has(name)), lost: [...was].filter((name) => !now.has(name)) };
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return textOfNumber(key, value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : value.map((item) => textOf('', item)).join(', ');
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return entries.map(([name, part]) => `${label(name)} ${textOf(name, part)}`).join(', ');
}

function textOfNumber(key: string, value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'none';
  if (key.endsWith('Ms')) return formatDuration(value);
  return shares.has(key) ? percentText(value * 100) : String(value);
}

export function percentText(percent: number): string {
  return `${Number(percent.toPrecision(6))}%`;
}

/** `timeoutMs` is written `timeout`. */
function label(key: string): string {
  return key.replace(/Ms$/, '');
}

function exactText(value: unknown): string {
  return JSON.stringify(value) ?? 'none';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
