// A shop, and the stock that it asks; the stock runs in processes of its own.

import { json, method, service } from 'heddle';
import { z } from 'zod';

const item = z.object({ item: z.string() });

export const Stock = service('shop.Stock', {
  /** How many there are, and which thread of which process has counted. */
  count: method(json(item, z.object({ count: z.number(), from: z.string() })), { reads: true }),
});

export const Shop = service('shop.Shop', {
  offer: method(json(item, z.object({ offer: z.string(), from: z.string() })), { reads: true }),
});
