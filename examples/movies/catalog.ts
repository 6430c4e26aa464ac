// movies.Catalog: films by id. Shares the pool `lookup` with movies.Recall, and with it the films in memory.

import { HeddleError, implement } from 'heddle';
import { Catalog } from './contract.ts';
import { filmOfId, films } from './films/load.ts';

/** Films of one reply. */
const idsMax = 1000;

export default implement(Catalog, {
  get({ id }) {
    const film = filmOfId(id);
    if (film === undefined)
      throw new HeddleError('NOT_FOUND', `there is no film ${id}; ids go from 1 to ${films.length}`);
    return film;
  },

  getMany({ ids }) {
    if (ids.length > idsMax) {
      throw new HeddleError('INVALID_ARGUMENT', `${ids.length} ids are more than ${idsMax}; ask for them in parts`);
    }
    const known = ids.map(filmOfId).filter((film) => film !== undefined);
    return { films: known, unknown: ids.filter((id) => filmOfId(id) === undefined) };
  },
});
