// What the scenario `fanout` does, for Heddle and all peers alike: each of five backends has a few hits, the front takes the
// best of all. Imports nothing, since the servers and clients of peers load it too.

/** Backends that each request calls, all at once. */
export const backendCount = 5;
/** How long each waits before it answers, by a timer, ms. */
export const backendMs = 2;

const hitsPerBackend = 4;

export interface Query {
  readonly text: string;
  /** Hits wanted. */
  readonly limit: number;
}

export interface Hit {
  readonly id: number;
  readonly score: number;
}

export const query: Query = { text: 'silent films about the sea', limit: 10 };

/** Of the backend with this number, from 0: the best first. */
export function hitsOf(backend: number): Hit[] {
  return Array.from({ length: hitsPerBackend }, (_, place) => ({
    id: backend * 1000 + place,
    score: 100 - place * backendCount - backend,
  }));
}

/** The best of all, the best first. */
export function merge(lists: readonly (readonly Hit[])[], limit: number): Hit[] {
  return lists
    .flat()
    .sort((left, right) => right.score - left.score)
    .slice(0, limit);
}

/** The right answer to `query`: with these scores the best of each backend comes before the second best of any. */
const right: readonly Hit[] = Array.from({ length: query.limit }, (_, place) => {
  const [backend, at] = [place % backendCount, Math.floor(place / backendCount)];
  return { id: backend * 1000 + at, score: 100 - place };
});

/** Throws when an answer is not the right one: then it does not count. */
export function checkHits(hits: readonly Hit[]): void {
  const isRight =
    hits.length === right.length &&
    right.every(({ id, score }, at) => hits[at]!.id === id && hits[at]!.score === score);
  if (!isRight) throw new Error(`the answer is not the best of all backends: ${JSON.stringify(hits)}`);
}
