// The functions of strategies/search.yaml, run on the thread of the search: they take a text apart, and put together what
// the services answered.

import { HeddleError } from 'heddle';
import { candidates } from './films/candidates.ts';
import type { Film } from './films/film.ts';
import { union } from './films/film-index.ts';
import { parseQuery } from './films/query.ts';
import type { ScoredFilm } from './films/score.ts';

/** Films of one reply. */
const limitMax = 100;
/** Films that the light variant ranks. */
const fewMax = 100;

/** The terms of a text, and which of them may be genres or years. */
export interface Plan {
  terms: { words: readonly string[]; near: boolean }[];
  /** `term`: its index. */
  genres: { term: number; genres: readonly string[] }[];
  years: { term: number; from: number; to: number }[];
}

/** Ids of films, as movies.Recall answers. */
interface Found {
  ids: number[];
}

/** Throws INVALID_ARGUMENT for a text without words, and for limits that are none. */
export function understand({ text, limit }: { text: string; limit: number }): Plan {
  if (limit < 1 || limit > limitMax) {
    throw new HeddleError('INVALID_ARGUMENT', `limit is ${limit}; it must be from 1 to ${limitMax}`);
  }
  const { terms } = parseQuery(text);
  return {
    // A genre or a year is no slip of the finger.
    terms: terms.map(({ words, genres, years }) => ({ words, near: genres === undefined && years === undefined })),
    genres: terms.flatMap(({ genres }, term) => (genres === undefined ? [] : [{ term, genres }])),
    years: terms.flatMap(({ years }, term) => (years === undefined ? [] : [{ term, from: years[0], to: years[1] }])),
  };
}

export interface MergeInput {
  plan: Plan;
  limit: number;
  /** One for each term. */
  titles: Found[];
  /** One for each of `plan.genres`, and of `plan.years`. */
  genres: Found[];
  years: Found[];
  /** One for each term; none: nobody asked. */
  directors: Found[];
}

/** The films that are worth ranking, all and few; and the best known, as an answer without any ranking. */
export function merge({ plan, limit, titles, genres, years, directors }: MergeInput) {
  const foundByTerm = plan.terms.map((_, term) => {
    const lists = [titles[term], directors[term]].filter((list) => list !== undefined);
    for (const [index, one] of plan.genres.entries()) if (one.term === term) lists.push(genres[index]!);
    for (const [index, one] of plan.years.entries()) if (one.term === term) lists.push(years[index]!);
    return union(lists.map(({ ids }) => ids));
  });
  const { ids, found } = candidates(foundByTerm);
  return { ids, few: ids.slice(0, fewMax), known: ids.slice(0, limit).map((id) => ({ id, score: null })), found };
}

export interface ShowInput {
  films: Film[];
  /** As long as `films`, in the same order. */
  order: (Omit<ScoredFilm, 'score'> & { score: number | null })[];
}

/** Films with their scores. */
export function show({ films, order }: ShowInput) {
  return films.map((film, place) => ({ ...film, score: order[place]!.score }));
}
