// Functions of strings. Case changes are Unicode's, without regard to language.

import { failAt } from '../evaluation-error.ts';
import { pay, payForChars } from '../meter.ts';
import { booleanType, listOf, stringType } from '../types.ts';
import { define, optional, strings, text } from './spec.ts';

export const stringFunctions = [
  define('contains', [text, text], booleanType, (site, whole, part) => {
    payForChars(whole.length, site);
    return whole.includes(part);
  }),
  define('startsWith', [text, text], booleanType, (_site, whole, start) => whole.startsWith(start)),
  define('endsWith', [text, text], booleanType, (_site, whole, end) => whole.endsWith(end)),
  define('lower', [text], stringType, (site, value) => {
    payForChars(value.length, site);
    return value.toLowerCase();
  }),
  define('upper', [text], stringType, (site, value) => {
    payForChars(value.length, site);
    return value.toUpperCase();
  }),
  define('trim', [text], stringType, (site, value) => {
    payForChars(value.length, site);
    return value.trim();
  }),
  define('split', [text, text], listOf(stringType), (site, value, separator) => {
    // An empty separator gives one piece per UTF-16 unit, which no other function counts in.
    if (separator === '') failAt(site, 'FAILED_PRECONDITION', 'split needs a separator that is not empty');
    payForChars(value.length, site);
    const pieces = value.split(separator);
    pay(pieces.length, site);
    return pieces;
  }),
  define('join', [strings, optional(text)], stringType, (site, items, separator = '') => {
    pay(items.length, site);
    let chars = separator.length * items.length;
    for (const item of items) {
      if (typeof item !== 'string') {
        failAt(site, 'INVALID_ARGUMENT', 'join takes a list of strings; others go through .map(x, string(x)) first');
      }
      chars += item.length;
    }
    payForChars(chars, site);
    return items.join(separator);
  }),
];
