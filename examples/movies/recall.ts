// movies.Recall: ids of films by words, genre, years and director, from inverted lists in memory.

import { HeddleError, implement } from 'heddle';
import { Recall } from './contract.ts';
import { FilmIndex, union } from './films/film-index.ts';
import { films } from './films/load.ts';

const index = new FilmIndex(films);

/** Words and genres of one request. */
const wordsMax = 16;

export default implement(Recall, {
  byWords({ words, near }) {
    return { ids: index.withWords(atMost(words, 'words'), near) };
  },

  byGenre({ genres }) {
    const unknown = atMost(genres, 'genres').find((genre) => !index.genres.includes(genre));
    if (unknown !== undefined) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `no film is of genre "${unknown}"; there are ${index.genres.join(', ')}`,
      );
    }
    return { ids: union(genres.map((genre) => index.withGenre(genre))) };
  },

  byYears({ from, to }) {
    if (from > to) throw new HeddleError('INVALID_ARGUMENT', `from (${from}) is after to (${to}); swap them`);
    return { ids: index.withinYears(from, to) };
  },

  byDirector({ words }) {
    return { ids: index.withDirector(atMost(words, 'words')) };
  },
});

function atMost(list: string[], name: string): string[] {
  if (list.length <= wordsMax) return list;
  throw new HeddleError('INVALID_ARGUMENT', `${list.length} ${name} are more than ${wordsMax}; leave some out`);
}
