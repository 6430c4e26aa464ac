// The contracts of the examples: a shop, which is the backend that strategies call, and a service that runs a strategy by
// its name.

import { json, method, service } from 'heddle';
import { z } from 'zod';

const product = z.object({ id: z.string() });

export const Shop = service('demo.Shop', {
  product: method(json(product, z.object({ id: z.string(), name: z.string(), brand: z.string() })), {
    reads: true,
    example: { id: 'kettle' },
  }),
  price: method(json(product, z.object({ cents: z.number() })), { reads: true }),
  reviews: method(json(product, z.object({ stars: z.number(), count: z.number() })), { reads: true }),
  similar: method(json(product, z.object({ ids: z.array(z.string()) })), { reads: true }),
  stock: method(
    json(z.object({ id: z.string(), city: z.string() }), z.object({ city: z.string(), count: z.number() })),
    { reads: true },
  ),
});

export const Strategies = service('demo.Strategies', {
  /** Runs any of the strategies of this folder. */
  run: method(json(z.object({ strategy: z.string(), request: z.record(z.string(), z.unknown()) }), z.unknown()), {
    reads: true,
    example: { strategy: 'shop.page', request: { id: 'kettle' } },
  }),
  /** One of them as a method of its own. */
  page: method(json(product, z.object({ name: z.string(), cents: z.number(), stars: z.number() })), {
    reads: true,
    example: { id: 'kettle' },
  }),
});
