// Sorting: ascending by numbers or by strings (UTF-16 order, as `<` compares), stable.

import { failAt, type Site } from './evaluation-error.ts';
import { pay } from './meter.ts';
import { describe } from './values.ts';

/** The items in the order of their keys; `keys[i]` belongs to `items[i]`. */
export function sorted(items: readonly unknown[], keys: readonly unknown[], site: Site): unknown[] {
  // n log n comparisons.
  pay(items.length * Math.max(1, Math.ceil(Math.log2(items.length + 1))), site);
  const kind = typeof keys[0];
  for (const key of keys) {
    const isSortable =
      typeof key === kind && (typeof key === 'string' || (typeof key === 'number' && !Number.isNaN(key)));
    if (!isSortable) {
      failAt(site, 'INVALID_ARGUMENT', `only numbers, or only strings, can be sorted, got ${describe(key)}`);
    }
  }
  if (keys === items) return items.toSorted((left, right) => compare(left, right));
  const order = Array.from(keys.keys()).sort((left, right) => compare(keys[left], keys[right]));
  return order.map((at) => items[at]);
}

/** Of two numbers or two strings. */
function compare(left: unknown, right: unknown): number {
  const [one, other] = [left as string, right as string];
  return one < other ? -1 : one > other ? 1 : 0;
}
