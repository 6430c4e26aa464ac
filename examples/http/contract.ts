// A small shop as plain JSON over HTTP: which methods read (and so answer GET), and what their bodies must look like.

import { json, method, service } from 'heddle';
import { z } from 'zod';

const item = z.object({ id: z.string(), name: z.string().min(1).max(100), cents: z.int().min(0) });

export const Items = service('shop.Items', {
  get: method(json(z.object({ id: z.string() }), item), { reads: true, example: { id: 'lamp' } }),
  search: method(
    json(z.object({ text: z.string(), limit: z.coerce.number().int().min(1).max(50).default(10) }), z.array(item)),
    { reads: true, example: { text: 'la' } },
  ),
  put: method(json(item, z.object({ created: z.boolean() }))),
});
