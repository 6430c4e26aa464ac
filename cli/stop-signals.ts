// onStopSignals: SIGINT and SIGTERM as `heddle start` hears them: the first one asks, the second one ends the process.

import type { Clock } from '../runtime/clock.ts';
import { exitCodes } from './exit-codes.ts';

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
type StopSignal = keyof typeof signals;

/**
 * npm passes SIGINT and SIGTERM on to what it runs, which a terminal's Ctrl-C has reached already: under npm a signal
 * that follows the first one this closely is the same one, ms. Whoever really meant it signals once more.
 */
const echoMs = 300;

/** `onFirst` is called once. The second signal, of either kind, ends the process with 130 or 143 without asking anyone. */
export function onStopSignals(clock: Clock, onFirst: (signal: StopSignal) => void): void {
  const echoes = process.env.npm_execpath !== undefined;
  let firstMs: number | undefined;
  for (const signal of Object.keys(signals) as StopSignal[]) {
    process.on(signal, () => {
      if (firstMs === undefined) {
        firstMs = clock.nowMs();
        onFirst(signal);
        return;
      }
      if (echoes && clock.nowMs() - firstMs < echoMs) return;
      // A thread deep in native code holds up even this exit; with the system's own handling back, a third signal kills.
      for (const name of Object.keys(signals)) process.removeAllListeners(name);
      process.exit(signals[signal]);
    });
  }
}
