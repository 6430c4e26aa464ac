// A movies.Rank that is always full: what the search does then is tested with it.

import { Rank } from '../../examples/movies/contract.ts';
import { HeddleError, implement } from '../../index.ts';

export default implement(Rank, {
  score() {
    throw new HeddleError('RESOURCE_EXHAUSTED', 'the ranking is full; try again');
  },
});
