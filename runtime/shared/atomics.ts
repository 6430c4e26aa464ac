// The one door to shared memory's atomic operations. What runtime/shared/ does by them goes through these functions, so that
// the step harness (testing/steps/steps.ts) can stop or kill a thread before any one of them. Each is a call into V8 of 6 to
// 10 ns. So these are plain: records between the operations that publish them, counts with one writer that order nothing,
// what only its reader writes, and the hint that a lane is empty (RunQueue.take).

export function load(words: Int32Array, index: number): number {
  return Atomics.load(words, index);
}

export function store(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value);
}

/** Returns true when the word held `expected` and now holds `value`. */
export function swapIf(words: Int32Array, index: number, expected: number, value: number): boolean {
  return Atomics.compareExchange(words, index, expected, value) === expected;
}

/** Returns the value before. */
export function add(words: Int32Array, index: number, value: number): number {
  return Atomics.add(words, index, value);
}

/** Stores and returns the value before, in one step. */
export function exchange(words: Int32Array, index: number, value: number): number {
  return Atomics.exchange(words, index, value);
}
