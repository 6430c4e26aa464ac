// Where two plain values differ, for people: `pools.ranking.threads`. Runs on main, at a reload.

import { keyOf } from '../../runtime/setting-changes.ts';

/** Paths that are listed at most; what lies beyond is one more line. */
export const pathsMax = 50;

/** Paths of what differs, lists of named things by name. Units are left out: `timeoutMs` is `timeout`, as it is written. */
export function changedPaths(left: unknown, right: unknown): string[] {
  const found: string[] = [];
  compare(left, right, '', found);
  return found;
}

/** As many as a person reads. */
export function shownPaths(paths: readonly string[]): string[] {
  if (paths.length <= pathsMax) return [...paths];
  return [...paths.slice(0, pathsMax), `and ${paths.length - pathsMax} more`];
}

/** As shownPaths; of things with names that came or went it says so: `degraders.light (gone)`. */
export function shownChanges(paths: readonly string[], before: object, after: object): string[] {
  return shownPaths(
    paths.map((path) => {
      const [kind = ''] = path.split('.', 1);
      const name = path.slice(kind.length + 1);
      const [was, is] = [hasNamed(before, kind, name), hasNamed(after, kind, name)];
      if (was === is) return path;
      return `${path} (${was ? 'gone' : 'new'})`;
    }),
  );
}

function hasNamed(settings: object, kind: string, name: string): boolean {
  const things: unknown = new Map(Object.entries(settings)).get(kind);
  return Array.isArray(things) && things.some((one) => isNamed(one) && one.name === name);
}

/** Names of what differs between two maps with names that users choose. */
export function changedNames(left: object, right: object): string[] {
  const [ours, theirs] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names].filter((name) => !isSame(ours.get(name), theirs.get(name)));
}

/** Whether two plain values say the same. What is undefined is not there. */
export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return false;
  return changedNames(left, right).length === 0;
}

function compare(left: unknown, right: unknown, path: string, found: string[]): void {
  if (Object.is(left, right)) return;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) {
    found.push(path === '' ? 'everything' : path);
    return;
  }
  const [ours, theirs] = [entriesOf(left), entriesOf(right)];
  const before = found.length;
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const keyPath = path === '' ? key : `${path}.${key}`;
    compare(ours.get(key), theirs.get(key), keyPath, found);
  }
  if (
    path !== '' &&
    Array.isArray(left) &&
    found.length === before &&
    [...ours.keys()].join() !== [...theirs.keys()].join()
  ) {
    found.push(`${path} (their order)`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function entriesOf(value: object): Map<string, unknown> {
  if (!Array.isArray(value)) return new Map(Object.entries(value).map(([key, one]) => [withoutUnit(key), one]));
  return new Map(value.map((one: unknown, index) => [isNamed(one) ? one.name : `${index + 1}`, one]));
}

function isNamed(value: unknown): value is { name: string } {
  return isObject(value) && 'name' in value && typeof value.name === 'string';
}

/** As heddle.yaml calls it. */
function withoutUnit(key: string): string {
  // The gap of a degrader has another name in the file.
  return key === 'gapMs' ? 'every' : keyOf(key);
}
