// What a RequestRunner takes at a time, and how much it runs at once.

/** A turn ends after this many requests, bytes of bodies or milliseconds: then replies go out and the loop goes round. */
export const turnBounds = { requests: 32, bodyBytes: 65_536, ms: 0.2 } as const;

export interface RunnerBounds {
  pool: string;
  /** Fibers at once on this thread; nested ones beyond that. */
  maxFibers: number;
  maxNested: number;
  /** How long a cancelled handler may go on before the log names it, ms; 0: any time. */
  cancelGraceMs: number;
}
