// Runs: how often each request id began and ended, counted by handlers on any thread. The memory is made by the test
// before the server starts; worker_threads' environment data brings it to every thread.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const key = 'heddle test runs';
/** Request ids that are counted: 0 to this. */
export const countedIdsMax = 1 << 20;

let words: Int32Array | undefined;

/** Main, before the server starts: all counts are 0. */
export function shareRuns(): void {
  const memory = new SharedArrayBuffer(2 * 4 * countedIdsMax);
  setEnvironmentData(key, memory);
  words = new Int32Array(memory);
}

export function began(id: number): void {
  count(2 * id);
}

export function ended(id: number): void {
  count(2 * id + 1);
}

/** How often a request's handler began and ended. */
export function runsOf(id: number): { began: number; ended: number } {
  return { began: words?.[2 * id] ?? 0, ended: words?.[2 * id + 1] ?? 0 };
}

function count(at: number): void {
  words ??= shared();
  if (words !== undefined && at < words.length) Atomics.add(words, at, 1);
}

function shared(): Int32Array | undefined {
  const memory = getEnvironmentData(key);
  return memory instanceof SharedArrayBuffer ? new Int32Array(memory) : undefined;
}
