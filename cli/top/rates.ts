// Rates: what happened between two answers of /services: the counts are from the start of the process, so their
// differences are the last interval's.

import type { MethodReport, ServicesAnswer } from '../../admin/shapes.ts';
import type { Answered } from './poll.ts';

export interface Rate {
  /** Answers per second, to sockets and fibers. */
  requests: number;
  /** Of them, not OK. */
  errors: number;
  /** Of them, asked by fibers of this process. */
  inside: number;
  /** The most frequent failure. */
  mostly: string | undefined;
}

export interface Rates {
  /** When the interval began and ended, ms of the clock. */
  fromMs: number;
  toMs: number;
  total: Rate;
  /** By `service/method`. */
  methods: ReadonlyMap<string, Rate>;
}

/** Undefined: the two do not belong together, or no time lies between them. */
export function ratesBetween(
  before: Answered<ServicesAnswer> | undefined,
  now: Answered<ServicesAnswer>,
): Rates | undefined {
  if (before === undefined || now.atMs <= before.atMs) return undefined;
  const seconds = (now.atMs - before.atMs) / 1000;
  const earlier = reportsByName(before.answer);
  const methods = new Map<string, Rate>();
  const all: Counts = { ok: 0, inside: 0, errors: new Map() };
  for (const [name, report] of reportsByName(now.answer)) {
    const counts = grown(earlier.get(name), report);
    // A counter that fell is another process's.
    if (counts === undefined) return undefined;
    methods.set(name, rateOf(counts, seconds));
    all.ok += counts.ok;
    all.inside += counts.inside;
    for (const [code, count] of counts.errors) all.errors.set(code, (all.errors.get(code) ?? 0) + count);
  }
  return { fromMs: before.atMs, toMs: now.atMs, total: rateOf(all, seconds), methods };
}

interface Counts {
  ok: number;
  inside: number;
  errors: Map<string, number>;
}

function reportsByName({ services }: ServicesAnswer): Map<string, MethodReport> {
  return new Map(
    services.flatMap(({ name, methods }) => methods.map((method) => [`${name}/${method.name}`, method] as const)),
  );
}

/** By how much the counts grew; undefined: one fell. */
function grown(before: MethodReport | undefined, now: MethodReport): Counts | undefined {
  const counts: Counts = { ok: 0, inside: 0, errors: new Map() };
  for (const origin of ['fromSockets', 'fromFibers'] as const) {
    for (const [code, total] of Object.entries(now[origin])) {
      const count = total - (before?.[origin][code] ?? 0);
      if (count < 0) return undefined;
      if (origin === 'fromFibers') counts.inside += count;
      if (code === 'OK') counts.ok += count;
      else if (count > 0) counts.errors.set(code, (counts.errors.get(code) ?? 0) + count);
    }
  }
  return counts;
}

function rateOf({ ok, inside, errors }: Counts, seconds: number): Rate {
  let failed = 0;
  let mostly: string | undefined;
  for (const [code, count] of errors) {
    failed += count;
    if (mostly === undefined || count > errors.get(mostly)!) mostly = code;
  }
  return { requests: (ok + failed) / seconds, errors: failed / seconds, inside: inside / seconds, mostly };
}
