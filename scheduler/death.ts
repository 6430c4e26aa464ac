// Death: what a thread of a pool died of, as main makes it out from the Worker's events and the thread's row of the board.

import type { Board, Running } from '../runtime/shared/board.ts';
import { board as boardWord, leavings } from '../runtime/shared/layout.ts';
import type { PoolThread, ThreadState } from './pool-thread.ts';

export type DeathCause =
  /** process.exit. */
  | 'exit'
  /** An exception that nobody caught: thrown from a timer or an event, not by a fiber. */
  | 'exception'
  /** A rejected promise that nobody handled. */
  | 'rejection'
  /** V8, at the heap limit of the thread. */
  | 'out-of-memory'
  /** The watchdog. */
  | 'stalled'
  /** Its place was taken, and it did not finish what it ran. */
  | 'overdue'
  /** Somebody outside. */
  | 'terminated'
  /** Anything, before its modules had loaded. */
  | 'starting';

export interface Death {
  pool: string;
  /** Of the pool: which code it ran. */
  generation: number;
  thread: string;
  number: number;
  cause: DeathCause;
  /** What was on its stack, if that is what it died of. */
  killer: Running | undefined;
}

/**
 * Whether what stands on the stack has done it: it called process.exit or left a rejection in its turn, allocated, or
 * looped. An exception comes from a timer or an event, whoever set that up; and who is ended from outside is a victim.
 */
const isDoing: Record<DeathCause, boolean> = {
  exit: true,
  exception: false,
  rejection: true,
  'out-of-memory': true,
  stalled: true,
  overdue: false,
  terminated: false,
  starting: false,
};

/** Whether the code that the thread ran has ended it, whichever request that was for. */
export function isOwnDoing(cause: DeathCause): boolean {
  return isDoing[cause] || cause === 'exception';
}

/** A handler that runs its thread out of memory in one go takes at least this long, ms. */
const fillsForMs = 100;

/** `was`: its state before it died. Its row of the board must still stand. */
export function deathOf(thread: PoolThread, was: ThreadState, pool: string, board: Board, nowMs: number): Death {
  const { name, number, generation, spawned, condemnedAs } = thread;
  const cause = condemnedAs ?? causeOf(was, spawned.failure(), board.gauge(number, boardWord.left));
  const running = isDoing[cause] ? board.running(number) : undefined;
  const isInnocent = cause === 'out-of-memory' && running !== undefined && !hasFilledIt(running, board, number, nowMs);
  return { pool, generation, thread: name, number, cause, killer: isInnocent ? undefined : running };
}

/**
 * The heap is everybody's: whoever happens to allocate last is to blame only if it has been at it for long, or had the
 * thread for itself.
 */
function hasFilledIt({ sinceMs }: Running, board: Board, number: number, nowMs: number): boolean {
  return nowMs - sinceMs >= fillsForMs || board.gauge(number, boardWord.fibers) <= 1;
}

function causeOf(was: ThreadState, failure: unknown, left: number): DeathCause {
  if (was === 'starting' || was === 'ready') return 'starting';
  if ((failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'out-of-memory';
  switch (left) {
    case leavings.exit:
      return 'exit';
    case leavings.rejection:
      return 'rejection';
    case leavings.exception:
      return 'exception';
    default:
      return 'terminated';
  }
}
