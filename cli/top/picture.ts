// Picture: all that `heddle top` knows of a process, from one look to the next. An answer that did not come leaves the one
// before it standing, with its age. Pure: a look makes the next picture of the last one.

import type { VersionAnswer } from '../../admin/shapes.ts';
import type { AdminFailure } from './admin-client.ts';
import type { Path, Poll } from './poll.ts';
import { type Rates, ratesBetween } from './rates.ts';

/** How far back the sparkline reaches, ms. */
export const historyMs = 60_000;
/** Rates kept at most: `historyMs` at the shortest interval. */
const historyMax = 600;

export interface RatePoint {
  fromMs: number;
  toMs: number;
  /** Requests per second. */
  requests: number;
}

export interface Picture {
  address: string;
  intervalMs: number;
  /** The last answer of each path. */
  parts: Poll['answers'];
  /** Of the last look. */
  failures: Poll['failures'];
  /** Undefined: there are no two answers yet to compare, or the process does not answer. */
  rates: Rates | undefined;
  /** Oldest first. */
  history: readonly RatePoint[];
  /** The process that was seen before this one at the same address. */
  replaced: { pid: number; atMs: number } | undefined;
}

export function emptyPicture(address: string, intervalMs: number): Picture {
  return { address, intervalMs, parts: {}, failures: {}, rates: undefined, history: [], replaced: undefined };
}

export function observe(picture: Picture, { atMs, answers, failures }: Poll): Picture {
  const known = picture.parts.version?.answer;
  const seen = answers.version?.answer;
  const isAnother = known !== undefined && seen !== undefined && !isSame(known, seen);
  const before = isAnother ? {} : picture.parts;
  const rates = answers.services === undefined ? undefined : ratesBetween(before.services, answers.services);
  return {
    ...picture,
    parts: { ...before, ...answers },
    failures,
    // An admin that answers, but not this path, says nothing new; a process that does not answer has no rates.
    rates: rates ?? (answers.version !== undefined && answers.services === undefined ? picture.rates : undefined),
    history: historyWith(picture.history, rates, atMs),
    replaced: isAnother ? { pid: known.pid, atMs } : picture.replaced,
  };
}

/** In a container each process has pid 1. */
function isSame(known: VersionAnswer, seen: VersionAnswer): boolean {
  return known.pid === seen.pid && known.startedAt === seen.startedAt;
}

function historyWith(history: readonly RatePoint[], rates: Rates | undefined, nowMs: number): readonly RatePoint[] {
  const young = history.filter(({ toMs }) => nowMs - toMs < historyMs);
  if (rates !== undefined) young.push({ fromMs: rates.fromMs, toMs: rates.toMs, requests: rates.total.requests });
  return young.slice(-historyMax);
}

/** Nobody answers at the address; undefined: somebody does, or nobody was asked. */
export function absence({ failures }: Picture): AdminFailure | undefined {
  return failures.version;
}

/** How old the answer of a path is, ms; undefined: it is as young as answers are. */
export function staleMs({ parts, intervalMs }: Picture, path: Path, nowMs: number): number | undefined {
  const atMs = parts[path]?.atMs;
  if (atMs === undefined) return undefined;
  const ageMs = nowMs - atMs;
  return ageMs > Math.max(3_000, 2.5 * intervalMs) ? ageMs : undefined;
}
