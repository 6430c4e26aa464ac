// changedPaths: where two plain values differ, for people: `pools.ranking.threads`. Runs on main, at a reload.

/** Keys of Settings that no config has: what is in them is written where they are. */
const unwritten = new Set(['traffic']);

/** Paths that are listed at most; what lies beyond is one more line. */
export const pathsMax = 50;

/** Paths of what differs, lists of named things by name. Units are left out: `timeoutMs` is `timeout`, as it is written. */
export function changedPaths(left: unknown, right: unknown): string[] {
  const found: string[] = [];
  compare(left, right, '', found);
  if (found.length <= pathsMax) return found;
  return [...found.slice(0, pathsMax), `and ${found.length - pathsMax} more`];
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
    compare(ours.get(key), theirs.get(key), unwritten.has(key) ? path : keyPath, found);
  }
  if (Array.isArray(left) && found.length === before && [...ours.keys()].join() !== [...theirs.keys()].join()) {
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
  return written[key] ?? key.replace(/(?<=[a-z])(Ms|Bytes)$/, '');
}

/** What has another name in the file than its unit alone explains. */
const written: Readonly<Record<string, string>> = {
  gapMs: 'every',
  queueLength: 'queue',
  moduleUrl: 'module',
  logEveryMs: 'log',
};
