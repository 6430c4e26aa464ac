// differenceOf: where a value is not what a test expected, in words: maps may have more keys than were written, lists
// and plain values must be equal. Pure.

import type { Data } from '../definition.ts';

/** Differences that are told of one value. */
const differencesMax = 10;
/** Longest value that a sentence shows, UTF-16 units. */
const shownMax = 120;

/** A sentence for each part that differs; none: it fits. `path` names the whole: `result`. */
export function differencesOf(expected: Data, found: unknown, path: string): string[] {
  const differences: string[] = [];
  collect(expected, found, path, differences);
  const more = differences.length - differencesMax;
  if (more <= 0) return differences;
  return [...differences.slice(0, differencesMax), `and ${more} more differences in ${path}`];
}

/** As JSON, cut short. */
export function shownData(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownMax ? `${text.slice(0, shownMax).toWellFormed()}…` : text;
}

function collect(expected: Data, found: unknown, path: string, into: string[]): void {
  if (Array.isArray(expected)) collectList(expected, found, path, into);
  else if (isMap(expected)) collectMap(expected, found, path, into);
  else if (expected !== found) into.push(`${path}: expected ${shownData(expected)}, found ${shownData(found)}`);
}

function collectList(expected: readonly Data[], found: unknown, path: string, into: string[]): void {
  if (!Array.isArray(found)) {
    into.push(`${path}: expected the list ${shownData(expected)}, found ${shownData(found)}`);
    return;
  }
  if (found.length !== expected.length) {
    const [wanted, got] = [expected, found].map((list) => `${counted(list.length)} ${shownData(list)}`);
    into.push(`${path}: expected ${wanted}, found ${got}`);
    return;
  }
  for (const [index, item] of expected.entries()) collect(item, found[index], `${path}[${index}]`, into);
}

function collectMap(expected: { readonly [key: string]: Data }, found: unknown, path: string, into: string[]): void {
  if (!isMap(found)) {
    into.push(`${path}: expected the map ${shownData(expected)}, found ${shownData(found)}`);
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    if (Object.hasOwn(found, key)) {
      collect(value, found[key], `${path}.${key}`, into);
      continue;
    }
    const keys = Object.keys(found);
    const there = keys.length === 0 ? 'the map is empty' : `there are ${keys.slice(0, 8).join(', ')}`;
    into.push(`${path}.${key}: expected ${shownData(value)}, it is not there; ${there}`);
  }
}

function isMap(value: unknown): value is { readonly [key: string]: Data } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function counted(items: number): string {
  return `${items} item${items === 1 ? '' : 's'}`;
}
