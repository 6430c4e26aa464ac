// movies.Rank: scores films for a text. CPU-heavy, so it has a pool of its own: however busy it is, lookups go on.

import { HeddleError, implement } from 'heddle';
import { Rank } from './contract.ts';
import { candidatesMax } from './films/candidates.ts';
import { filmOfId, films } from './films/load.ts';
import { parseQuery } from './films/query.ts';
import { FilmScorer } from './films/score.ts';

const scorer = new FilmScorer(films);

export default implement(Rank, {
  score({ text, ids, limit, liked, likedBonus }, fiber) {
    if (ids.length > candidatesMax) throw invalid(`${ids.length} ids are more than ${candidatesMax}; rank fewer`);
    const unknown = ids.find((id) => filmOfId(id) === undefined);
    if (unknown !== undefined) throw invalid(`there is no film ${unknown}; ids go from 1 to ${films.length}`);
    if (limit < 1) throw invalid(`limit is ${limit}; it must be at least 1`);
    // A search that nobody waits for any more ends within one film.
    const taste = { genres: liked, bonus: likedBonus };
    return { films: scorer.best(parseQuery(text), ids, limit, () => fiber.check(), taste) };
  },
});

function invalid(sentence: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', sentence);
}
