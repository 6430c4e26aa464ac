// PoolThread: a thread of a pool as main sees it, and what makes one.
//
// States:
//   starting   its modules load. Left by `ready`, by `failed` or by its death.
//   ready      waits to be linked with all others. Left by `go`.
//   going      takes and puts. Left by `condemn`, `stop` or its death.
//   retiring   another, or the next generation, has taken its place; finishes what runs. Left by `retired`, which stops it, or its death.
//   condemned  is being ended by force; its callers are answered. Left by its death.
//   stopping   was told to end. Left by its death.
//   dead       its Worker has emitted 'exit'; settled by the supervisor.

import type { MessagePort, Worker } from 'node:worker_threads';
import type { ThreadInit } from '../runtime/thread-control.ts';

/** A running worker_thread, however it was made. */
export interface SpawnedThread {
  /** Finds the Worker; `threadId` (worker_threads' own) is undefined until the thread has told it. */
  worker(threadId: number | undefined): Worker | undefined;
  /** Resolves when the thread has stopped for good. */
  readonly exited: Promise<void>;
  /** What it failed with, if it did; known before `exited` resolves. */
  failure(): unknown;
  /** Of its Worker, known before `exited` resolves; undefined: nobody knows. */
  exitCode?(): number | undefined;
  /** Once it has obeyed `stop`, its Worker is ended too, while the pool goes on. */
  endAlone(): void;
}

export type Spawner = (init: ThreadInit, control: MessagePort) => SpawnedThread;

export type ThreadState = 'starting' | 'ready' | 'going' | 'retiring' | 'condemned' | 'stopping' | 'dead';

export interface PoolThread {
  readonly number: number;
  /** Of its pool, from 1. */
  readonly generation: number;
  /** Within its generation. */
  readonly place: number;
  readonly name: string;
  readonly control: MessagePort;
  readonly spawned: SpawnedThread;
  /** When it was spawned, on the process's clock, ms. */
  readonly bornMs: number;
  state: ThreadState;
  worker: Worker | undefined;
  /** Another thread is coming, or has come, in its place. */
  replaced: boolean;
  /** It was told to retire, and has said that it takes nothing any more. */
  hasLeft: boolean;
  /** When it is ended if it retires and still runs something, on the process's clock, and the timer that does so. */
  endMs: number;
  endTimer: unknown;
  /** Why it was condemned. */
  condemnedAs: 'stalled' | 'overdue' | undefined;
  /** It did not load in time, or in the wrong way: it is ended, at the latest when it is born. */
  givenUp: boolean;
  /** It was made to take the place of one that serves, and does not go yet: until then that one keeps it. */
  isSuccessor: boolean;
}

export interface ServedRow {
  service: string;
  method: string;
  reads: boolean;
  oneWay: boolean;
  /** A request to try, as JSON text. */
  example?: string | undefined;
}
