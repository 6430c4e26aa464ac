// The words by which a real thread and its watchdog speak: one SharedArrayBuffer for each real thread that simulates.

export const watchWord = {
  /** The task that runs, counted; 0: none does. Written by the thread that simulates. */
  task: 0,
  /** How long a task may take, real ms; 0: nothing is watched. Written by the thread that simulates. */
  limitMs: 1,
  /** Low and high half of the seed. */
  seedLow: 2,
  seedHigh: 3,
  /** 1 once the thread that simulates has said what stands still, and ends. */
  told: 4,
} as const;

export const watchBytes = 32;

/** Where the watchdog finds what says it, on the thread that stands still; called with its thread id and the task. */
export const tellName = 'heddle.testing.stands-still';

export interface WatchData {
  readonly words: SharedArrayBuffer;
  /** Of the thread that simulates; 0: the main thread. */
  readonly threadId: number;
}
