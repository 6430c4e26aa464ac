// query: `text=star&limit=5` -> the JSON body of a GET. An IO thread knows no schema, so every value stays text and a
// mark in the metadata says so; the codec, where the fiber runs, reads the text as the schema wants it
// (net/codec/query.ts).

import { HeddleError } from '../../../runtime/errors.ts';

/**
 * An object of strings, as JSON; a parameter that is repeated becomes an array in the order of appearance. `+` and
 * `%20` are spaces. Throws INVALID_ARGUMENT on bad percent-encoding.
 */
export function queryToJson(query: string): string {
  // Without a prototype: a parameter may be called __proto__.
  const values: Record<string, string | string[]> = Object.create(null);
  let start = 0;
  while (start < query.length) {
    const ampersand = query.indexOf('&', start);
    const end = ampersand === -1 ? query.length : ampersand;
    if (end > start) addParameter(values, query.slice(start, end));
    start = end + 1;
  }
  return JSON.stringify(values);
}

function addParameter(values: Record<string, string | string[]>, pair: string): void {
  const equals = pair.indexOf('=');
  const name = decode(equals === -1 ? pair : pair.slice(0, equals), pair);
  const value = equals === -1 ? '' : decode(pair.slice(equals + 1), pair);
  const before = values[name];
  if (before === undefined) values[name] = value;
  else if (typeof before === 'string') values[name] = [before, value];
  else before.push(value);
}

function decode(text: string, pair: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `query parameter ${JSON.stringify(pair.slice(0, 100))}: bytes that are not letters or digits must be %XX of UTF-8`,
      { cause },
    );
  }
}
