// BenchOptions: what commander hands to `heddle bench`.

import type { CallCommandOptions } from '../command-options.ts';

/** How many different random times there are: seeds are 0 up to this. */
export const seeds = 2 ** 32;

/** What commander hands over, parsed. */
export interface BenchOptions {
  inFlight?: number;
  connections?: number;
  /** Per second. */
  rate?: number;
  maxInFlight?: number;
  precise?: true;
  /** ms, like the two below. */
  duration: number;
  warmUp: number;
  timeout: number;
  meta?: string[];
  priority: CallCommandOptions['priority'];
  codec: CallCommandOptions['codec'];
  /** Undefined: by chance. */
  seed?: number;
  /** A file, or `-`: standard output. */
  json?: string;
}
