// movies.Search: films for a text. Takes the text apart, asks movies.Recall for all terms in parallel, has the films that
// fit ranked by movies.Rank, and fetches what to show from movies.Catalog.

import { type ErrorCode, type FiberContext, HeddleError, implement } from 'heddle';
import { Catalog, Rank, Recall, Search } from './contract.ts';
import { candidates } from './films/candidates.ts';
import { union } from './films/film-index.ts';
import { parseQuery, type Term } from './films/query.ts';
import type { ScoredFilm } from './films/score.ts';

/** Films of one reply. */
const limitMax = 100;
/** The part of the time left that ranking may take; the rest is for fetching what to show. */
const rankingShare = 0.7;
/** The longest that ranking may take when the caller set no deadline, ms. */
const rankingMaxMs = 10_000;

export default implement(Search, {
  async search({ text, limit }, fiber) {
    if (limit < 1 || limit > limitMax) {
      throw new HeddleError('INVALID_ARGUMENT', `limit is ${limit}; it must be from 1 to ${limitMax}`);
    }
    const { terms } = parseQuery(text);
    const foundByTerm = await fiber.all(terms.map((term) => (child) => recall(term, child)));
    const { ids, found } = candidates(foundByTerm);
    if (found === 0) return { films: [], found, ranked: true };

    const ranking = await rank(text, ids, limit, fiber);
    const order: readonly { id: number; score: number | null }[] =
      ranking ?? ids.slice(0, limit).map((id) => ({ id, score: null }));
    const { films } = await fiber.call(Catalog.getMany, { ids: order.map(({ id }) => id) });
    return {
      films: films.map((film, place) => ({ ...film, score: order[place]!.score })),
      found,
      ranked: ranking !== undefined,
    };
  },
});

/** Films that have what the term says: in the title, or as genre, or as year. */
async function recall({ words, genres, years }: Term, fiber: FiberContext): Promise<number[]> {
  // A genre or a year is no slip of the finger.
  const near = genres === undefined && years === undefined;
  const lists = await fiber.all([
    (child) => child.call(Recall.byWords, { words, near }),
    ...(genres === undefined ? [] : [(child: FiberContext) => child.call(Recall.byGenre, { genres })]),
    ...(years === undefined
      ? []
      : [(child: FiberContext) => child.call(Recall.byYears, { from: years[0], to: years[1] })]),
  ]);
  return union(lists.map(({ ids }) => ids));
}

/** Ranking that can't be had in time is worth an answer in a simpler order. */
const spared: ReadonlySet<ErrorCode> = new Set(['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE']);

/** Best films first; undefined: the ranking is too busy or too slow. */
async function rank(
  text: string,
  ids: readonly number[],
  limit: number,
  fiber: FiberContext,
): Promise<ScoredFilm[] | undefined> {
  const timeoutMs = Math.min(rankingMaxMs, fiber.remainingMs() * rankingShare);
  try {
    const { films } = await fiber.call(Rank.score, { text, ids, limit }, { timeoutMs });
    return films;
  } catch (reason) {
    // The search itself is to stop: there is nobody to answer.
    fiber.check();
    if (!(reason instanceof HeddleError) || !spared.has(reason.code)) throw reason;
    fiber.log.warn({ code: reason.code, films: ids.length }, 'films are not ranked');
    return undefined;
  }
}
