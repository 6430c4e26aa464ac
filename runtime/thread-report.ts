// What the admin asks a thread, and what it answers, over the port that main gave to both. A thread that does not answer
// is described from shared memory instead (Board.running).

/** Fibers and connections in one answer at most; the rest is counted. */
export const reportRowsMax = 1_000;

export interface ThreadQuestion {
  id: number;
  ask: 'fibers' | 'connections';
}

export interface ThreadAnswer {
  id: number;
  fibers?: FiberRow[];
  connections?: ConnectionRow[];
  /** Rows left out over `reportRowsMax`. */
  more: number;
}

/** A fiber and its children. */
export interface FiberRow {
  id: number;
  name: string;
  state: 'runnable' | 'running' | 'blocked' | 'exited';
  /** What a blocked one waits for. */
  on?: string;
  /** In this state for so long, ms. */
  stateMs: number;
  /** Since the request was taken, ms; of roots. */
  ageMs?: number;
  /** Until its deadline, ms; below 0: over. Absent: none. */
  leftMs?: number;
  cancelled: boolean;
  children: FiberRow[];
}

export interface ConnectionRow {
  /** As main numbers them. */
  connection: number;
  peer: string;
  listener: string;
  ageMs: number;
  /** Nothing in flight, nothing half read, nothing unsent. */
  idle: boolean;
}
