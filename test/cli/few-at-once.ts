// test: AVA's, for files whose tests run side by side with processes of their own. All at once they would only keep each
// other from their bounds on a small machine.

import ava, { type ExecutionContext } from 'ava';

/** Tests of one file that run at once. */
const testsMax = 4;

let running = 0;
const waiting: (() => void)[] = [];

/** As AVA's, but that the body begins once fewer than `testsMax` others of this file run. */
export function test(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  ava(title, async (t) => {
    if (running < testsMax) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await body(t);
    } finally {
      // One that waits takes the place of this one.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  });
}
