// SIGINT and SIGTERM as `heddle start` hears them: the first one asks, the second one ends the process.

import type { Clock } from '../runtime/clock.ts';
import { exitCodes } from './exit-codes.ts';

/** The signals that stop, with the exit code of whom a second one ended. */
export const stopSignals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
export type StopSignal = keyof typeof stopSignals;
export const stopSignalNames = Object.keys(stopSignals) as StopSignal[];

/**
 * npm passes SIGINT and SIGTERM on to what it runs, which a terminal's Ctrl-C has reached already: under npm a signal
 * that follows the first one this closely is the same one, ms. Whoever really meant it signals once more.
 */
const echoMs = 300;

/** Counts how often a process was asked to stop. */
export class StopCount {
  readonly #clock: Clock;
  readonly #echoes = process.env.npm_execpath !== undefined;
  #firstMs = 0;
  #asked = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 1: it is the first time. 0: an echo of it, and nothing new. */
  hear(): number {
    const nowMs = this.#clock.nowMs();
    if (this.#asked === 0) this.#firstMs = nowMs;
    else if (this.#echoes && nowMs - this.#firstMs < echoMs) return 0;
    return ++this.#asked;
  }
}

/** Somebody who passes signals on: the guardian. */
export interface SignalSource {
  onSignal(hear: (signal: StopSignal) => void): void;
}

/**
 * `onFirst` is called once. The second signal, of either kind, ends the process with 130 or 143 without asking anyone.
 *
 * A guardian's process group is this process's too: a Ctrl-C, or a service manager that signals everybody, reaches both, and
 * comes in here twice, from the system and from the guardian; a signal to one of them comes in once. So each way is counted,
 * and the longer count is how often somebody asked.
 */
export function onStopSignals(clock: Clock, onFirst: (signal: StopSignal) => void, guardian?: SignalSource): void {
  const count = new StopCount(clock);
  const heard = { system: { SIGINT: 0, SIGTERM: 0 }, guardian: { SIGINT: 0, SIGTERM: 0 } };
  let sent = 0;
  const hear = (way: keyof typeof heard, signal: StopSignal): void => {
    heard[way][signal]++;
    const now = stopSignalNames.reduce((sum, one) => sum + Math.max(heard.system[one], heard.guardian[one]), 0);
    if (now === sent) return;
    sent = now;
    const asked = count.hear();
    if (asked === 1) onFirst(signal);
    if (asked <= 1) return;
    // A thread deep in native code holds up even this exit; with the system's own handling back, a third signal kills.
    for (const name of stopSignalNames) process.removeAllListeners(name);
    process.exit(stopSignals[signal]);
  };
  for (const signal of stopSignalNames) process.on(signal, () => hear('system', signal));
  guardian?.onSignal((signal) => hear('guardian', signal));
}
