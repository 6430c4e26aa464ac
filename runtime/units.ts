// Units: durations and sizes as people write them (`300ms`, `512MiB`) and as code uses them (ms, bytes). Used by the
// config, by the HTTP protocol's timeout header and by everything that prints. Pure functions, any thread.

const msPerUnit = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

// Where two units give the same count, the earlier one is printed: binary before decimal, as memory is counted.
const bytesPerUnit = new Map([
  ['GiB', 2 ** 30],
  ['GB', 10 ** 9],
  ['MiB', 2 ** 20],
  ['MB', 10 ** 6],
  ['KiB', 2 ** 10],
  ['kB', 10 ** 3],
  ['KB', 10 ** 3],
  ['B', 1],
]);

/** What a duration may look like, for people and for JSON Schema. Sixteen digits reach past 2^53. */
export const durationPattern = '^\\d{1,16}(\\.\\d{1,6})?(ms|s|m|h|d)$';
/** What a size may look like; kB, MB, GB are powers of 1000, KiB, MiB, GiB powers of 1024. */
export const bytesPattern = '^\\d{1,16}(\\.\\d{1,6})?(B|kB|KB|KiB|MB|MiB|GB|GiB)$';

const writtenPattern = /^(\d{1,16})(?:\.(\d{1,6}))?([A-Za-z]{1,3})$/;

/** `300ms`, `1.5s`, `5m`, `1h`, `2d` in ms; undefined when it is anything else or comes to no whole ms below 2^53. */
export function parseDurationMs(text: string): number | undefined {
  return parseWithUnit(text, msPerUnit);
}

/** `512MiB`, `10MB`, `1.5kB`, `64B` in bytes; undefined when it is anything else or comes to no whole byte below 2^53. */
export function parseBytes(text: string): number | undefined {
  return parseWithUnit(text, bytesPerUnit);
}

/** Shortest exact writing: 90000 → `90s`. `parseDurationMs` takes it back. Rounds to whole ms; not for ms below 0. */
export function formatDuration(ms: number): string {
  return formatWithUnit(Math.round(ms), msPerUnit, 'ms');
}

/** Shortest exact writing: 10000000 → `10MB`, 1048576 → `1MiB`. `parseBytes` takes it back. Not for bytes below 0. */
export function formatBytes(bytes: number): string {
  return formatWithUnit(Math.round(bytes), bytesPerUnit, 'B');
}

function parseWithUnit(text: string, units: Map<string, number>): number | undefined {
  const match = writtenPattern.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', unit = ''] = match;
  const size = units.get(unit);
  if (size === undefined) return undefined;
  // All digits as one integer, divided last: 1.1s must not become 1100.0000000000002 ms.
  const scaled = Number(whole + fraction) * size;
  const value = scaled / 10 ** fraction.length;
  return Number.isSafeInteger(scaled) && Number.isSafeInteger(value) ? value : undefined;
}

function formatWithUnit(value: number, units: Map<string, number>, smallest: string): string {
  let best = `${value}${smallest}`;
  let count = value;
  for (const [unit, size] of units) {
    if (value === 0 || value % size !== 0 || value / size >= count) continue;
    count = value / size;
    best = `${count}${unit}`;
  }
  return best;
}
