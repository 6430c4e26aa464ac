// The contract of the example's service.

import { json, method, service } from 'heddle';
import { z } from 'zod';

export const Films = service('demo.Films', {
  show: method(json(z.object({ title: z.string() }), z.object({ title: z.string(), year: z.number() })), {
    reads: true,
    example: { title: 'Alien' },
  }),
});
