// checkCron: whether a cron expression and a time zone are right, and if not, which field is wrong and what it may be. What
// is right is computed with on main, by net/jobs/due-times.ts.

import { Cron } from 'croner';
import { quote } from '../document/quote.ts';
import type { Parsed } from '../document/types.ts';
import { nearest } from '../runtime/nearest.ts';

/** The fields of an expression, the one that may be missing first. */
const fields = [
  { name: 'second', takes: '0 to 59' },
  { name: 'minute', takes: '0 to 59' },
  { name: 'hour', takes: '0 to 23' },
  { name: 'day', takes: '1 to 31, or L for the last of the month' },
  { name: 'month', takes: '1 to 12, or JAN to DEC' },
  { name: 'weekday', takes: '0 to 7, or SUN to SAT; 0 and 7 are Sunday' },
] as const;
const nicknames = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'];
/** Any instant will do: an expression has no year. */
const someDate = new Date(0);
/** How many due times are looked at for the gaps between them, and how far: within eight days all weekdays have met. */
const gapsLooked = { times: 100, spanMs: 8 * 24 * 3_600_000 } as const;

/** `0 3 * * *`, with seconds `30 0 3 * * *`, or a nickname such as `@daily`. */
export function parseCron(text: string): Parsed<string> {
  const parts = text.trim().split(/\s+/);
  if (text.trim().startsWith('@')) return parseNickname(text.trim().toLowerCase());
  if (parts.length !== 5 && parts.length !== 6) {
    const names = fields.slice(1).map(({ name }) => name);
    return {
      message: `must have five fields, ${names.join(', ')}, or six with the second first; it has ${countOf(text)}`,
    };
  }
  const known = fields.slice(fields.length - parts.length);
  for (const [at, part] of parts.entries()) {
    if (isExpression(parts.map((_, index) => (index === at ? part : '*')))) continue;
    const { name, takes } = known[at]!;
    const forms = '*, lists (1,15), ranges (1-5) and steps (*/10)';
    return { message: `has a wrong ${name}, ${quote(part)}: it takes ${takes}; ${forms}`, part };
  }
  const pattern = parts.join(' ');
  if (!isExpression(parts)) return { message: 'is no cron expression: write it as 0 3 * * *' };
  if (scheduleOf(pattern, 'UTC').nextRun(someDate) === null) {
    const day = parts.at(-3)!;
    return { message: `never comes due: no month of it has the day ${quote(day)}`, part: day };
  }
  return { value: pattern };
}

/** Between two due times one after the other, ms; Infinity: there are no two. As far as `gapsLooked` of them show it. */
export function smallestGapMs(pattern: string, timezone: string): number {
  const cron = scheduleOf(pattern, timezone);
  const first = cron.nextRun(someDate);
  let gapMs = Number.POSITIVE_INFINITY;
  let last = first;
  for (let count = 1; count < gapsLooked.times && last !== null; count++) {
    const next: Date | null = cron.nextRun(last);
    if (next === null) break;
    gapMs = Math.min(gapMs, next.getTime() - last.getTime());
    if (next.getTime() - first!.getTime() > gapsLooked.spanMs) break;
    last = next;
  }
  return gapMs;
}

/** An IANA name such as `Europe/Berlin`. */
export function parseTimeZone(text: string): Parsed<string> {
  try {
    return { value: new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone && text };
  } catch {
    const suggestion = nearest(text, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
    return { message: `names no time zone: write it as Europe/Berlin or UTC, not ${quote(text)}`, suggestion };
  }
}

function parseNickname(nickname: string): Parsed<string> {
  if (nicknames.includes(nickname)) return { value: nickname };
  const hint = nickname === '@reboot' ? '; atStart: true runs a job when the process has started' : '';
  return {
    message: `must be an expression or one of ${nicknames.join(', ')}, not ${quote(nickname)}${hint}`,
    suggestion: nearest(nickname, nicknames),
  };
}

function isExpression(parts: readonly string[]): boolean {
  try {
    scheduleOf(parts.join(' '), 'UTC');
    return true;
  } catch {
    // Its sentences name no place; the caller's does.
    return false;
  }
}

function scheduleOf(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { timezone, paused: true });
}

function countOf(text: string): string {
  const count = text.trim() === '' ? 0 : text.trim().split(/\s+/).length;
  return count === 1 ? 'one' : String(count);
}
