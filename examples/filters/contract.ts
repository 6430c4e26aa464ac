// The contracts of the example's two services.

import { json, method, service } from 'heddle';
import { z } from 'zod';

const symbol = z.object({ symbol: z.string() });

export const Prices = service('demo.Prices', {
  quote: method(json(symbol, z.object({ price: z.number(), user: z.string() })), {
    reads: true,
    example: { symbol: 'ACME' },
  }),
});

export const Exchange = service('demo.Exchange', {
  last: method(json(symbol, z.number()), { reads: true }),
});
