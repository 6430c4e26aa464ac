// What the quotes service offers, shared with its callers.

import { json, method, service } from 'heddle';
import { z } from 'zod';

export const Quotes = service('shop.Quotes', {
  quote: method(
    json(
      z.object({ item: z.string(), user: z.string() }),
      z.object({ cents: z.int(), exact: z.boolean(), audited: z.boolean() }),
    ),
    { reads: true, example: { item: 'lamp', user: 'ada' } },
  ),
});
