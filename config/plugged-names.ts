// pluggedNames: a list of filters or limiters as the threads are told, and the mistakes that a file alone shows: a name twice
// around one request or call. Which names there are only the plugins know, when they are installed.

import type { Place, ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { Origins } from './origins.ts';

/** As a checked file has them. */
type Written = readonly { value: string | undefined; place: Place }[];

/** `around`: those that lie around these already: the whole process's. */
export function pluggedNames(
  what: 'filter' | 'limiter',
  written: Written,
  around: Written,
  origins: Origins,
  problems: ProblemList,
): string[] {
  const names: string[] = [];
  const outer = new Set(around.map(({ value }) => value));
  for (const { value, place } of written) {
    if (value === undefined) continue;
    if (names.includes(value)) {
      problems.add(place, `${what} ${quote(value)} stands twice in this list; take one of them out`);
    } else if (outer.has(value)) {
      const message = `${what} ${quote(value)} lies around everything already, by \`${what}s\` at the top of the file; take it out here or there`;
      problems.add(place, message);
    } else {
      origins.note(names, String(names.length), place);
      names.push(value);
    }
  }
  return names;
}
