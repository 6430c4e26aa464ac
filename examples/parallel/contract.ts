// Counting primes in two ways, each on as many threads as the pool has.

import { json, method, service } from 'heddle';
import { z } from 'zod';

const range = z.object({ below: z.coerce.number().int().min(2).max(5_000_000) });
const answer = z.object({ primes: z.int(), threads: z.int() });

export const Primes = service('demo.Primes', {
  spread: method(json(range, answer), { reads: true, example: { below: 2_000_000 } }),
  graph: method(json(range, answer), { reads: true }),
});
