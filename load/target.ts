// LoadTarget: who takes the requests of a load generator: the heddle protocol or HTTP. One request, prepared once, is sent
// again and again. On the generator's thread.

import type { ErrorCode } from '../runtime/errors.ts';

/** Who hears what became of requests. None of these may throw. */
export interface OutcomeSink {
  onAnswer(tag: number): void;
  /** The server's own refusal, or that no answer came. */
  onFailure(tag: number, code: ErrorCode, message: string): void;
}

export interface LoadTarget {
  /** Begins to connect. Called once, first. */
  open(sink: OutcomeSink): void;
  /** Connections that are up. */
  readonly connectionsUp: number;
  /** Connections that it wants. */
  readonly connectionsWanted: number;
  /**
   * Sends the request once more, with its full timeout. The sink hears of each tag once: maybe before this returns, at
   * the latest when the timeout is over or the target is closed.
   */
  send(tag: number): void;
  /** What is under way is answered with CANCELLED before this returns. Resolves when all connections have closed. */
  close(): Promise<void>;
}

/**
 * Looks at the body of a good answer, which lies in `source` and is valid only during the call. Undefined: it is right;
 * else what is wrong with it: the request then counts as DATA_LOSS.
 */
export type CheckBody = (source: Buffer, start: number, end: number) => string | undefined;
