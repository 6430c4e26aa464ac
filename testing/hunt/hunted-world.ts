// What the command hunts in: worlds in which everything that happens follows from a seed.

export type WorldName = 'queue' | 'endpoint' | 'process';

/** A law that a seed breaks. */
export interface Failure {
  world: WorldName;
  seed: number;
  /** What is wrong, as a sentence; in world `process` behind the law's name and a colon. */
  law: string;
  /** What the seed stands for, or the smallest scenario in which the same law breaks: plain data. */
  scenario: unknown;
  /** Steps that lead there, oldest first. */
  trace: readonly string[];
}

/** Lets the event loop go round, so that signals are heard; false: it is to end. */
export async function pause(signal: AbortSignal): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  return !signal.aborted;
}

/** What one seed came to. */
export interface SeedResult {
  steps: number;
  deaths: number;
  requests: number;
  failure: Failure | undefined;
}

export interface HuntedWorld {
  readonly name: WorldName;
  /**
   * The same seed does the same again. `scenario`: in the place of the one that the seed draws. `onLine`: each step in words,
   * as it comes.
   */
  run(
    seed: number,
    options?: { scenario?: unknown; onLine?: ((line: string) => void) | undefined },
  ): Promise<SeedResult>;
  /** The same law in a scenario as small and a run as short as a bounded search finds until `signal` ends it. */
  shrink(failure: Failure, signal: AbortSignal): Promise<Failure>;
}
