// The handlers: the same sum as functions on several threads, and as a graph whose nodes run on several threads.

import { implement } from 'heddle';
import { Primes } from './contract.ts';
import { type Counted, countTask } from './count.ts';

/** Slices of equal size; the upper ones take longer, so there are more of them than threads. */
const slices = 8;

export default implement(Primes, {
  async spread({ below }, fiber) {
    const step = Math.ceil(below / slices);
    const inputs = Array.from({ length: slices }, (_, at) => {
      return { from: at * step, below: Math.min(below, (at + 1) * step) };
    });
    return sum(await fiber.parallel(countTask, inputs, { pool: 'cpu' }));
  },

  async graph({ below }, fiber) {
    const { low, high } = await fiber.run<{ below: number }, { low: Counted; high: Counted }>('demo.primes', { below });
    return sum([low, high]);
  },
});

function sum(parts: readonly Counted[]): { primes: number; threads: number } {
  const primes = parts.reduce((total, part) => total + part.primes, 0);
  return { primes, threads: new Set(parts.map(({ thread }) => thread)).size };
}
