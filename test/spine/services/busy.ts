// busyFor: holds its thread for a time on the wall clock, however few cores there are: two threads that do it at once end
// together even on one core.

import { threadId } from 'node:worker_threads';

export interface Span {
  thread: number;
  startMs: number;
  endMs: number;
}

export function busyFor(ms: number): Span {
  const startMs = performance.now();
  let endMs = startMs;
  while (endMs - startMs < ms) endMs = performance.now();
  return { thread: threadId, startMs, endMs };
}
