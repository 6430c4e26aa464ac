// One simulated run at a time in a real thread, and what Node tells of rejections meanwhile: those of threads that have
// stopped are nobody's business, the others, which nobody handles, are the run's. Node tells of them for the whole process
// and not whose they are, so runs wait for each other.

import { isThreadStopped } from './failure.ts';

let last: Promise<void> = Promise.resolve();

/** Runs `body` when those before it have ended. `onRejection` hears of promises that nobody handles, in the place of all others who listen. */
export function alone(body: () => Promise<void>, onRejection: (reason: unknown) => void): Promise<void> {
  const run = last.then(async () => {
    const others = process.rawListeners('unhandledRejection');
    const hear = (reason: unknown): void => {
      if (!isThreadStopped(reason)) onRejection(reason);
    };
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', hear);
    try {
      await body();
      // They are told of once the event loop goes round.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', hear);
      // Those that listen once are wrapped, and so they still do.
      for (const other of others) process.on('unhandledRejection', other as NodeJS.UnhandledRejectionListener);
    }
  });
  last = run.catch(() => {});
  return run;
}
