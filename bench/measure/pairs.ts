// measurePairs: the CPU time of two ways to do the same, in turns: A B A B … What else the machine does hits both sides
// of a pair alike, so their difference says more than either number. Several subjects take turns too, a pair of each: so a
// bad minute costs each of them a pair or two and none of them its median.

/** Does the same thing `runs` times. */
export type Side = (runs: number) => Promise<void>;

export interface Subject {
  readonly base: Side;
  readonly other: Side;
}

export interface PairOptions {
  readonly pairs: number;
  /** Time for one side of one pair, ms. */
  readonly sampleMs: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** CPU µs per run, all threads of the process included. */
export interface Pairs {
  readonly base: Spread;
  readonly other: Spread;
  /** Of the pairs' differences: other less base. */
  readonly difference: Spread;
}

/** Each side is warmed up for the time of so many samples, and for so many runs at least. */
const warmUpSamples = 3;
const warmUpRuns = 200;

/** Of each subject, in their order. `onPair` is told the number of each, from 1. */
export async function measurePairs(
  subjects: readonly Subject[],
  { pairs, sampleMs }: PairOptions,
  onPair: (pair: number) => void,
): Promise<Pairs[]> {
  const counts: { base: number; other: number }[] = [];
  for (const { base, other } of subjects) {
    counts.push({ base: await warmUp(base, sampleMs), other: await warmUp(other, sampleMs) });
  }
  const found: { base: number; other: number }[][] = subjects.map(() => []);
  for (let pair = 1; pair <= pairs; pair++) {
    onPair(pair);
    for (const [at, { base, other }] of subjects.entries()) {
      const runs = counts[at]!;
      found[at]!.push({ base: await cpuOf(base, runs.base), other: await cpuOf(other, runs.other) });
    }
  }
  return found.map((samples) => ({
    base: spreadOf(samples.map(({ base }) => base)),
    other: spreadOf(samples.map(({ other }) => other)),
    difference: spreadOf(samples.map(({ base, other }) => other - base)),
  }));
}

/** Runs that fill a sample, once the code is compiled. */
async function warmUp(side: Side, sampleMs: number): Promise<number> {
  await side(warmUpRuns);
  let runs = warmUpRuns;
  let tookMs = 0;
  for (let spentMs = 0; spentMs < warmUpSamples * sampleMs; spentMs += tookMs) {
    const startMs = performance.now();
    await side(runs);
    tookMs = Math.max(performance.now() - startMs, 0.001);
    runs = Math.max(1, Math.round((runs * sampleMs) / tookMs));
  }
  return runs;
}

async function cpuOf(side: Side, runs: number): Promise<number> {
  const before = process.cpuUsage();
  await side(runs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}
