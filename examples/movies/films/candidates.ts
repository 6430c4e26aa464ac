// candidates: which films a query is about, from what was found for each of its terms. Pure.

import { intersection, union } from './film-index.ts';

/** Films ranked for one query; over it the best known are taken. */
export const candidatesMax = 1000;

export interface Candidates {
  /** Best known first. */
  readonly ids: readonly number[];
  /** How many films were found, those over `candidatesMax` too. */
  readonly found: number;
}

/** The films that all terms found; where there is none, those that any term did. */
export function candidates(foundByTerm: readonly (readonly number[])[]): Candidates {
  const inAll = intersection(foundByTerm).sort((a, b) => a - b);
  const ids = inAll.length > 0 ? inAll : union(foundByTerm);
  return { ids: ids.slice(0, candidatesMax), found: ids.length };
}
