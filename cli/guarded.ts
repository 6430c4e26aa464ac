// Guarded: the service process's side of its guardian. Made before anything else is loaded, on the main thread, when this
// process was started by a guardian; what the guardian says before somebody listens is kept.

import type { PreviousProcess } from '../net/server/server-options.ts';
import type { GuardianSettings } from '../runtime/settings.ts';
import { type GuardianMark, guardianVariable, type ToGuardian, type ToService } from './guardian-messages.ts';
import type { StopSignal } from './stop-signals.ts';

export class Guarded {
  readonly guardianPid: number;
  /** How the process before this one ended; undefined: this is the first one. */
  readonly previous: PreviousProcess | undefined;
  #early: StopSignal[] = [];
  #hear: ((signal: StopSignal) => void) | undefined;

  constructor({ pid, previous }: GuardianMark) {
    this.guardianPid = pid;
    this.previous = previous;
    process.on('message', (message: ToService) => {
      if (message?.type !== 'signal') return;
      if (this.#hear === undefined) this.#early.push(message.signal);
      else this.#hear(message.signal);
    });
    // A start that has failed ends as it would without a guardian: when nothing is left to do.
    process.channel?.unref();
  }

  /** The stop signals that the guardian has heard, those before this call too. One listener. */
  onSignal(hear: (signal: StopSignal) => void): void {
    this.#hear = hear;
    for (const signal of this.#early.splice(0)) hear(signal);
  }

  /** Calls back once when the guardian has gone: nobody would start this process again, or know that it holds the ports. */
  onLost(lost: () => void): void {
    if (process.connected) process.once('disconnect', lost);
    else lost();
  }

  /** Resolves when it is sent, or can't be. */
  settings(guardian: GuardianSettings | undefined): Promise<void> {
    return this.#tell({ type: 'settings', guardian });
  }

  ready(): void {
    void this.#tell({ type: 'ready' });
  }

  stopping(): void {
    void this.#tell({ type: 'stopping' });
  }

  #tell(message: ToGuardian): Promise<void> {
    return new Promise((resolve) => {
      // A guardian that has gone is onLost's business.
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
      else resolve();
    });
  }
}

/** This process's guardian; undefined: it has none. Call once, first of all: it takes the mark out of the environment. */
export function takeGuardianMark(): Guarded | undefined {
  const text = process.env[guardianVariable];
  if (text === undefined) return undefined;
  delete process.env[guardianVariable];
  const mark = JSON.parse(text) as GuardianMark;
  return mark.pid === process.ppid && process.send !== undefined ? new Guarded(mark) : undefined;
}
