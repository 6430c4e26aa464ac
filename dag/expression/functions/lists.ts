// Functions of lists. Each makes a new list or takes from one; no list is ever changed.

import { includes } from '../equality.ts';
import { failAt, type Site } from '../evaluation-error.ts';
import { pay, payForChars } from '../meter.ts';
import { sorted } from '../sorting.ts';
import { itemOf, listOf, numberType, type Type } from '../types.ts';
import { collection, define, list, number, optional } from './spec.ts';

const itemOfFirst = ([first]: readonly Type[]) => itemOf(first!);
const listOfFirst = ([first]: readonly Type[]) => listOf(itemOf(first!));

/** A text's size counts characters (code points), as people do, not UTF-16 units. */
function sizeOf(site: Site, value: string | readonly unknown[] | Readonly<Record<string, unknown>>): number {
  if (typeof value !== 'string') return Array.isArray(value) ? value.length : Object.keys(value).length;
  payForChars(value.length, site);
  let pairs = 0;
  for (let at = 1; at < value.length; at++) {
    const isPair = isHigh(value.charCodeAt(at - 1)) && isLow(value.charCodeAt(at));
    if (isPair) pairs++;
  }
  return value.length - pairs;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function atEnd(site: Site, items: readonly unknown[], end: 'first' | 'last'): unknown {
  if (items.length === 0) {
    const instead = end === 'first' ? 'list[?0].orValue(…)' : 'size(list) > 0 ? list.last() : …';
    failAt(site, 'FAILED_PRECONDITION', `${end} of an empty list; where it may be empty: ${instead}`);
  }
  return items[end === 'first' ? 0 : items.length - 1];
}

function distinct(site: Site, items: readonly unknown[]): unknown[] {
  const scalars = new Set<unknown>();
  const others: unknown[] = [];
  pay(items.length, site);
  return items.filter((item) => {
    if (typeof item === 'object' && item !== null) {
      if (includes(others, item, site)) return false;
      others.push(item);
      return true;
    }
    if (scalars.has(item)) return false;
    scalars.add(item);
    return true;
  });
}

export const listFunctions = [
  define('size', [collection], numberType, sizeOf),
  define('first', [list], itemOfFirst, (site, items) => atEnd(site, items, 'first')),
  define('last', [list], itemOfFirst, (site, items) => atEnd(site, items, 'last')),
  define('slice', [list, number, optional(number)], listOfFirst, (site, items, start, end = items.length) => {
    for (const offset of [start, end]) {
      if (!Number.isInteger(offset) || offset < 0) {
        failAt(site, 'FAILED_PRECONDITION', `slice takes whole numbers from 0 up, got ${offset}`);
      }
    }
    pay(Math.max(0, Math.min(end, items.length) - start), site);
    return items.slice(start, end);
  }),
  define('reverse', [list], listOfFirst, (site, items) => {
    pay(items.length, site);
    return items.toReversed();
  }),
  define('distinct', [list], listOfFirst, distinct),
  define('sort', [list], listOfFirst, (site, items) => sorted(items, items, site)),
];
