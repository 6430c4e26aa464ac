// What main's side of the strategies and the threads' sides say to each other: plain data over the threads' control ports.

import type { StrategyDefinition } from '../definition.ts';
import type { RunTrace } from '../run/trace.ts';

/** One published set of strategies. */
export interface StrategySet {
  readonly version: number;
  readonly definitions: readonly StrategyDefinition[];
}

/** What a thread keeps for a set: memory of its own counters, and that of the limits of all threads. */
export interface SetMemory {
  readonly counters: SharedArrayBuffer;
  readonly limits: SharedArrayBuffer;
}

export interface ThreadBirth {
  readonly set: StrategySet;
  readonly memory: SetMemory;
  /** By strategy: levels set by hand. */
  readonly levels: Readonly<Record<string, number>>;
}

export type ToStrategies =
  /** Load this set, then say `loaded` or `refused`; go on with the old one. */
  | { readonly say: 'offer'; readonly set: StrategySet; readonly memory: SetMemory }
  /** Runs that begin from now on are of this version. */
  | { readonly say: 'use'; readonly version: number }
  /** Another thread refused it. */
  | { readonly say: 'withdraw'; readonly version: number }
  | { readonly say: 'level'; readonly strategy: string; readonly level: number | undefined }
  /** Say `here`: all that was said before is done then. */
  | { readonly say: 'call'; readonly call: number };

export type FromStrategies =
  | { readonly say: 'loaded'; readonly version: number }
  | { readonly say: 'refused'; readonly version: number; readonly why: string }
  | { readonly say: 'here'; readonly call: number }
  /** It was told to use a version that it has not loaded; `inUse` goes on. */
  | { readonly say: 'missing'; readonly version: number; readonly inUse: number }
  /** `size`: about so many characters of JSON. */
  | { readonly say: 'trace'; readonly trace: RunTrace; readonly size: number }
  /** Why each strategy with a level above 0 has it; only when it changed. */
  | { readonly say: 'levels'; readonly why: Readonly<Record<string, readonly string[]>> };
