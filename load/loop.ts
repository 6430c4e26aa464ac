// Loop: who decides when a request is sent: closed-loop.ts or open-loop.ts. It owns the tags, one for each request that may
// be under way at once; LoadRun sends, hears and counts.

/** What a loop does with a tag of its own. */
export interface LoopHost {
  /** Sends, now, a request that was meant to begin at `startMs`. It may have ended before this returns. */
  send(tag: number, startMs: number, nowMs: number): void;
}

export interface Loop {
  /** Tags are 0 up to this. */
  readonly tags: number;
  /** Requests that began later than they were meant to, since as many as are allowed were under way. */
  readonly late: number;
  start(): void;
  /** A request has ended, and with `unreachable` because nobody was there. Called once for each that was sent. */
  ended(tag: number, nowMs: number, unreachable: boolean): void;
  /** Sends nothing more. Idempotent. Returns how many requests should have begun by now and did not. */
  stop(nowMs: number): number;
}
