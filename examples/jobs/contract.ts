// The contract of the example's service.

import { json, method, service } from 'heddle';
import { z } from 'zod';

export const Films = service('demo.Films', {
  list: method(json(z.object({}), z.object({ titles: z.array(z.string()), refreshes: z.number() })), {
    reads: true,
    example: {},
  }),
});
