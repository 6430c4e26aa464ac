// The part of the schema about limiters: a list of names at each service.

import { list, text } from '../document/declare.ts';

/** Names of one list: each is asked about each request. */
const limitersMax = 16;

const limiterPattern = /^[a-z][a-z0-9.+-]{0,63}$/;

const message =
  'must be the name of a limiter, as its plugin adds it: lower-case letters, digits, . + and -, beginning with a letter, at most 64';

/** In the order in which they are asked. */
export const limitersType = list(
  text('the name of a limiter such as per-tenant', 'per-tenant', limiterPattern.source, (written) =>
    limiterPattern.test(written) ? { value: written } : { message },
  ),
  limitersMax,
);
