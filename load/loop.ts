// Loop: who decides when a request is sent: closed-loop.ts or open-loop.ts. It owns the tags, one for each request that may
// be under way at once; LoadRun sends, hears and counts.

/** What a loop does with a tag of its own, and what it says of requests that never had one. */
export interface LoopHost {
  /** Sends, now, a request that was meant to begin at `startMs`. It may have ended before this returns. */
  send(tag: number, startMs: number, nowMs: number): void;
  /** A request was not sent, since the one that was sent just before it was refused: nobody is there. */
  refused(startMs: number, nowMs: number): void;
  /** So many requests should have begun by now, the end of the load, and never did. */
  unsent(startMs: number, nowMs: number, count: number): void;
}

export interface Loop {
  /** Tags are 0 up to this. */
  readonly tags: number;
  start(): void;
  /** A request has ended, and with `unreachable` because nobody was there. Called once for each that was sent. */
  ended(tag: number, nowMs: number, unreachable: boolean): void;
  /** Sends nothing more, and tells its host what never began. Idempotent. */
  stop(nowMs: number): void;
}
