// The handlers of the front in the scenario `fanout`: as docs/fibers.md asks several services at once.

import { implement } from '../../../index.ts';
import { backends, Front } from './contract.ts';
import { merge } from './task.ts';

export default implement(Front, {
  search: async (query, fiber) => {
    const answers = await fiber.all(
      backends.map(
        ({ search }) =>
          (child) =>
            child.call(search, query),
      ),
    );
    return {
      hits: merge(
        answers.map(({ hits }) => hits),
        query.limit,
      ),
    };
  },
});
