// Strategies as the rest of a process sees them: the seam between net, which runs threads, and dag, which runs graphs.
// They do not know each other; the config names dag's modules by URL, and these are the shapes that both keep to.

import type { Clock, Random } from './clock.ts';
import type { FiberStrategies } from './fiber/host.ts';
import type { Logger } from './logger.ts';

/** Where the parts of dag stand, and what they read; part of Settings. */
export interface StrategySettings {
  /** Absolute paths of strategy files and URLs of modules that export strategies, in order. Empty: there are none. */
  sources: StrategySource[];
  /** Where they were found, to look again before a publish; absent: they are all there is. Paths and globs. */
  find?: { written: string[]; baseDir: string; shownDir: string };
  /** Module that exports `openStrategies`; on main. */
  processUrl: string;
  /** Module that exports `hostStrategies`; on each thread that runs handlers. */
  threadUrl: string;
}

/** Where strategies come from: a file, or a module that exports them. `shown` is how messages name it. */
export type StrategySource =
  | { kind: 'file'; path: string; shown: string }
  | { kind: 'module'; moduleUrl: string; shown: string };

/** On main. */
export interface StrategyProcessModule {
  /** Reads and checks everything. Throws FAILED_PRECONDITION with all mistakes, as `heddle check` prints them. */
  openStrategies(settings: StrategySettings, process: StrategyProcessHost): Promise<StrategyProcess>;
}

export interface StrategyProcessHost {
  /** Names of the pools. */
  pools: readonly string[];
  clock: Clock;
  log: Logger;
  /** Sends to one thread; false: it is not there. */
  tell(thread: number, message: unknown): boolean;
}

export interface StrategyProcess {
  /** What thread `number` is born with; can be cloned. `staged`: it is of those that begin with what is staged. */
  birth(number: number, staged?: boolean): unknown;
  /** It serves from now on. */
  onGoing(number: number): void;
  /** It has ended. */
  onGone(number: number): void;
  onMessage(number: number, message: unknown): void;
  /** What an operator asks or wants done. Throws HeddleError. */
  ask(question: StrategyQuestion): Promise<unknown>;
  /**
   * Reads all again, for a reload. Undefined: nothing has changed since they were read last, whichever version is in use.
   * Nothing else is published until it is over. Throws FAILED_PRECONDITION with what is wrong.
   */
  stage(): Promise<StagedStrategies | undefined>;
  close(): Promise<void>;
}

/** A set that was read and is not in use yet. Exactly one of the three ends it. */
export interface StagedStrategies {
  /** What has changed in a module that threads have loaded: only threads that are born with it can run it. */
  readonly needsRoll: string | undefined;
  /** To all threads that there are, or to none: rejects with what one has against it. */
  publish(): Promise<{ version: number }>;
  /** Threads were born with it, and are in use now. Those of `offerTo` are offered it; the rest ends with what it has. */
  commit(offerTo: (thread: number) => boolean): { version: number };
  drop(): void;
}

/** What operators ask for; answers are plain data, or a text where a form is named. */
export type StrategyQuestion =
  | { ask: 'list' }
  | { ask: 'picture'; strategy: string; form: 'svg' | 'mermaid' | 'text' }
  | { ask: 'traces'; strategy: string }
  | { ask: 'history' }
  /** Those in use. */
  | { ask: 'definitions' }
  | { ask: 'publish' }
  | { ask: 'rollback'; version: number | undefined }
  /** `level` undefined: limits and signals alone decide again. */
  | { ask: 'level'; strategy: string; level: number | undefined };

/** On a thread. */
export interface StrategyThreadModule {
  hostStrategies(birth: unknown, thread: StrategyThreadHost): Promise<StrategyThread>;
}

export interface StrategyThreadHost {
  name: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Ms that its event loop worked and waited, ever; absent: it is not known, and the signal `utilization` neither. */
  eventLoopUtilization?(): { active: number; idle: number };
  /** Sends to main. */
  tell(message: unknown): void;
}

export interface StrategyThread extends FiberStrategies {
  onMessage(message: unknown): void;
  /** A request waited so long for this thread, ms. */
  onQueueDelay(delayMs: number): void;
  close(): void;
}
