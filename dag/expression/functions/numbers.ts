// Functions of numbers, and the conversions. There is one kind of number, JavaScript's, so int() only cuts off the
// fraction.

import { parseDurationMs } from '../../../runtime/units.ts';
import { failAt, type Site } from '../evaluation-error.ts';
import { pay } from '../meter.ts';
import { numberType, stringType } from '../types.ts';
import { describe } from '../values.ts';
import { define, number, numberOrList, numberOrText, numbers, optional, scalar, text } from './spec.ts';

const writtenNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function toNumber(site: Site, value: number | string): number {
  if (typeof value === 'number') return value;
  const read = writtenNumber.test(value) ? Number(value) : Number.NaN;
  if (!Number.isFinite(read)) failAt(site, 'FAILED_PRECONDITION', `${describe(value)} is not a number`);
  return read;
}

function toMs(site: Site, written: string): number {
  // Parts may follow each other, as in 1h30m.
  const parts = written.match(/[0-9.]+[a-z]+/g) ?? [];
  const ms = parts.map(parseDurationMs);
  if (parts.length === 0 || parts.join('') !== written || ms.includes(undefined)) {
    failAt(site, 'FAILED_PRECONDITION', `${describe(written)} is no duration; they go 300ms, 1.5s, 5m, 1h30m, 2d`);
  }
  return ms.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

/** Halves go away from zero, as people round; never gives -0. */
function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) + 0;
}

function extreme(name: 'min' | 'max', site: Site, first: number | readonly unknown[], second: number | undefined) {
  const pick = name === 'min' ? Math.min : Math.max;
  if (typeof first === 'number') {
    return second === undefined ? first : pick(first, second);
  }
  if (second !== undefined) failAt(site, 'INVALID_ARGUMENT', `${name} takes numbers or one list of numbers`);
  if (first.length === 0) {
    failAt(site, 'FAILED_PRECONDITION', `${name} of an empty list; guard it: size(list) > 0 ? ${name}(list) : …`);
  }
  return fold(name, site, first, pick);
}

function fold(name: string, site: Site, items: readonly unknown[], step: (sum: number, item: number) => number) {
  pay(items.length, site);
  let result: number | undefined;
  for (const item of items) {
    if (typeof item !== 'number') failAt(site, 'INVALID_ARGUMENT', `${name} takes numbers, got ${describe(item)}`);
    result = result === undefined ? item : step(result, item);
  }
  return result ?? 0;
}

export const numberFunctions = [
  define('number', [numberOrText], numberType, toNumber),
  define('double', [numberOrText], numberType, toNumber),
  define('int', [numberOrText], numberType, (site, value) => Math.trunc(toNumber(site, value)) + 0),
  define('string', [scalar], stringType, (_site, value) => String(value)),
  define('duration', [text], numberType, toMs),
  define('abs', [number], numberType, (_site, value) => Math.abs(value)),
  define('floor', [number], numberType, (_site, value) => Math.floor(value)),
  define('ceil', [number], numberType, (_site, value) => Math.ceil(value) + 0),
  define('round', [number], numberType, (_site, value) => roundHalfAway(value)),
  define('sum', [numbers], numberType, (site, items) => fold('sum', site, items, (sum, item) => sum + item)),
  define(
    'min',
    [numberOrList, optional(number)],
    numberType,
    (site, first, second) => extreme('min', site, first, second),
    { isFolded: true },
  ),
  define(
    'max',
    [numberOrList, optional(number)],
    numberType,
    (site, first, second) => extreme('max', site, first, second),
    { isFolded: true },
  ),
];
