// PoolOptions and GenerationPlan: what a pool is told by whoever makes it.

import type { Clock } from '../runtime/clock.ts';
import type { KeptCode } from '../runtime/kept-code.ts';
import type { LiveSettings } from '../runtime/live-settings.ts';
import type { Logger } from '../runtime/logger.ts';
import type { RestartLimits } from '../runtime/restart-policy.ts';
import type { CounterTable, PoolCounter } from '../runtime/shared/counters.ts';
import type { RoutingTable, ToMain } from '../runtime/thread-control.ts';
import type { Death } from './death.ts';
import type { Spawner } from './pool-thread.ts';
import type { Supervisor } from './supervisor.ts';

/** What all generations of a pool share. */
export interface PoolOptions {
  name: string;
  supervisor: Supervisor;
  maxRequests: number;
  spinMs: number;
  clock: Clock;
  log: Logger;
  /** When threads that die are replaced. Default: `restartLimits`. */
  restart?: RestartLimits | undefined;
  /** The live settings as they are now, for a thread that goes. */
  live: () => LiveSettings;
  /** The routing table as it is now; undefined until the process goes. */
  table: () => RoutingTable | undefined;
  /** Rows of memory that is laid out by method, row 0 included. */
  methodRows: () => number;
  /** How long a thread whose place was taken may go on with what it runs, unless that has a later deadline, ms. Default: 5 minutes. */
  finishMs?: (() => number) | undefined;
  /** What a thread loads that takes the place of another of that generation. Default: what lies on the disk. */
  kept?: ((pool: string, generation: number) => KeptCode | undefined) | undefined;
  /** Default: `startTimeoutMs`. */
  startTimeoutMs?: number | undefined;
  /** Where its deaths and restarts are counted. */
  counts: { table: CounterTable<PoolCounter>; row: number };
  /** Messages that the pool itself does not understand, for whoever made it. */
  onMessage?: (number: number, message: ToMain) => void;
  onGone?: (number: number) => void;
  /** A thread has died that nobody had told to stop. */
  onDeath?: (death: Death) => void;
  onGoing?: (number: number) => void;
  /** A generation has no thread any more, for good. */
  onEnded?: (pool: string, generation: number) => void;
}

/** What makes one generation another. */
export interface GenerationPlan {
  threads: number;
  /** Names of run queues that each thread takes from, given its place (0..threads-1). */
  takes: (place: number) => string[];
  /** For logs and stats, given its place. */
  threadName: (place: number) => string;
  /** Default: the pool's. */
  spinMs?: number;
  spawn: Spawner;
  /** Ends what its threads were made of, and whatever of them still is. Called once; never rejects. */
  close?: () => Promise<void>;
}
