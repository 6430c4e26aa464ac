// The functions that nodes of the examples run: (input, fiber) => output. A node of a pool runs its function on a thread of
// that pool, all others on the thread of the request.

import type { FiberContext } from 'heddle';

/** The price of the catalog, for when the real one can't be had. */
export function listPrice({ id }: { id: string }): { cents: number } {
  return { cents: 1000 + id.length * 100 };
}

interface Ranked {
  ids: string[];
}

/** Work for the CPU: best first, and it takes its time. */
export function rank({ ids }: { ids: string[] }, fiber: FiberContext): Ranked {
  return { ids: ids.toSorted((a, b) => hardScore(b, fiber) - hardScore(a, fiber)) };
}

/** The cheap variant: by length of the name. */
export function rankLight({ ids }: { ids: string[] }): Ranked {
  return { ids: ids.toSorted((a, b) => a.length - b.length) };
}

/** How well one half of a product's page reads, 0 to 1. CPU-heavy. */
export function readability({ text }: { text: string }, fiber: FiberContext): { score: number } {
  return { score: hardScore(text, fiber) };
}

function hardScore(text: string, fiber: FiberContext): number {
  let hash = text.length;
  for (let round = 0; round < 20_000; round++) {
    // A run that nobody waits for any more ends here.
    if (round % 1000 === 0) fiber.check();
    for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  }
  return (hash >>> 0) / 2 ** 32;
}
