// The part of the schema about filters: the same list of names at three places.

import { list, text } from '../document/declare.ts';

/** Names of one list. */
const filtersMax = 100;

const filterPattern = /^[a-z][a-z0-9.+-]{0,63}$/;

/** Outermost first. `example`: one that belongs there. */
export function filtersType(example: string) {
  return list(
    text(`the name of a filter such as ${example}`, example, filterPattern.source, (written) =>
      filterPattern.test(written) ? { value: written } : { message },
    ),
    filtersMax,
  );
}

const message =
  'must be the name of a filter, as its plugin adds it: lower-case letters, digits, . + and -, beginning with a letter, at most 64';
