// How long this thread has waited for a processor: ready to run, while others had them all. Linux counts it for each thread.

import { openSync, readSync } from 'node:fs';

/** Run time, wait and turns, in digits: three numbers of 20 digits at most. */
const textMax = 64;
const space = 0x20;
const digitZero = 0x30;
const nsPerMs = 1e6;

/**
 * Returns what tells the time that the calling thread has waited so far, ms, by `/proc/<pid>/task/<tid>/schedstat`; a reading
 * takes less than 1 µs. Where the system does not tell it is always 0. The file stays open as long as the thread lives.
 */
export function processorWait(): () => number {
  const text = Buffer.allocUnsafe(textMax);
  let file: number;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
    readSync(file, text, 0, textMax, 0);
  } catch {
    return () => 0;
  }
  let lastMs = 0;
  let isTold = true;
  return () => {
    if (!isTold) return lastMs;
    try {
      const ms = secondNumber(text, readSync(file, text, 0, textMax, 0)) / nsPerMs;
      if (ms >= lastMs) lastMs = ms;
    } catch {
      // Somebody has closed the file. What was told stands.
      isTold = false;
    }
    return lastMs;
  };
}

/** In decimal digits, after the first space; 0: there is none. */
function secondNumber(text: Buffer, length: number): number {
  let at = text.indexOf(space) + 1;
  let number = 0;
  for (; at > 0 && at < length && text[at] !== space; at++) number = number * 10 + text[at]! - digitZero;
  return number;
}
