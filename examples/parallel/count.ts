// The work: primes of a range, by trial division. A task runs on any thread of a pool; input and output are cloned.

import { threadId } from 'node:worker_threads';
import { type FiberContext, task } from 'heddle';

export interface Range {
  from: number;
  below: number;
}

export interface Counted {
  primes: number;
  thread: number;
}

export function count({ from, below }: Range, fiber: FiberContext): Counted {
  let primes = 0;
  for (let number = Math.max(2, Math.ceil(from)); number < below; number++) {
    // A caller that has gone, or a deadline, ends the loop.
    if (number % 1024 === 0) fiber.check();
    if (isPrime(number)) primes++;
  }
  return { primes, thread: threadId };
}

export const countTask = task(import.meta.url, 'countTask', count);

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
