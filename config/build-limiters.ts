// Limiters of a service: the list as the threads are told, the one mistake that a file alone shows, and what
// `heddle config --explain` says of them. Which names there are only the plugins know, when they are installed.

import type { Place, ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { ServiceSettings } from '../runtime/settings.ts';
import type { Origins } from './origins.ts';

/** As a checked file has them. */
type Written = readonly { value: string | undefined; place: Place }[];

export function buildLimiters(
  written: Written,
  origins: Origins,
  problems: ProblemList,
): Pick<ServiceSettings, 'limiters'> {
  const limiters: string[] = [];
  for (const { value, place } of written) {
    if (value === undefined) continue;
    if (limiters.includes(value)) {
      problems.add(place, `limiter ${quote(value)} stands twice in this list; take one of them out`);
      continue;
    }
    origins.note(limiters, String(limiters.length), place);
    limiters.push(value);
  }
  return limiters.length === 0 ? {} : { limiters };
}

/** Lines without indent: a heading, then a row of cells for each limiter. */
export function explainLimiters(
  { name, limiters = [] }: ServiceSettings,
  origins: Origins,
): { heading: string; rows: string[][] } {
  if (limiters.length === 0) return { heading: 'limiters of its requests from outside: none', rows: [] };
  const rows = limiters.map((limiter, at) => [
    `${at + 1}.`,
    limiter,
    `services.${name}.limiters (${origins.of(limiters, String(at))})`,
  ]);
  return { heading: 'limiters of its requests from outside, in the order in which they are asked', rows };
}
