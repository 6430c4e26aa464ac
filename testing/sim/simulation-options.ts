// SimulationOptions: what one simulated run is made of.

import type { SourceEdit, Substitutes } from './modules.ts';
import type { SimThread } from './thread.ts';

export interface SimulationOptions {
  seed: number;
  /** What the seed stands for, for a failure's report. */
  scenario?: unknown;
  /** Operations between two stops of a thread, on average; 0: it is never stopped. Default 40. */
  operationsPerStop?: number;
  edits?: readonly SourceEdit[] | undefined;
  /** What a thread has in the place of modules, beside what every thread has. */
  substitutesOf?: ((thread: SimThread) => Substitutes) | undefined;
  /** Timers fire when they are due. Default: late by what the seed draws. */
  isPunctual?: boolean | undefined;
  /** Default 400. */
  traceLines?: number | undefined;
  onLine?: ((line: string) => void) | undefined;
  /** Tasks that a run may take; over it, it has failed to end. Default 400,000. */
  maxSteps?: number | undefined;
  /** What a task may take in real time, ms; then the process is ended, and told what stands still. Default 10,000. */
  stuckAfterMs?: number | undefined;
}
