// BenchOptions: what commander hands to `heddle bench`.

import type { CallCommandOptions } from '../command-options.ts';

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
  seed: number;
  json?: string;
}
