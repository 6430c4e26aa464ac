// What the notes service offers. It knows nothing of the protocols that carry it.

import { json, method, service } from 'heddle';
import { z } from 'zod';

export const Notes = service('demo.Notes', {
  add: method(json(z.object({ text: z.string().min(1) }), z.object({ count: z.int() }))),
  list: method(json(z.object({}), z.object({ notes: z.array(z.string()) })), { reads: true }),
});
