// What the guardian and its service process tell each other: one variable of the environment at the start, then messages
// over the IPC channel between them. Types and one name: both sides import it.

import type { PreviousProcess } from '../net/server/server-options.ts';
import type { GuardianSettings } from '../runtime/settings.ts';

/**
 * The variable that makes a process the service process of a guardian: a GuardianMark as JSON. Not HEDDLE_…, which would be
 * an override of the config. The service process takes it out of its environment before anything else can read it.
 */
export const guardianVariable = '_GUARDIAN_OF_HEDDLE';

export interface GuardianMark {
  /** The guardian. Whoever has another parent has only inherited the variable. */
  pid: number;
  /** Of a replacement: how the process before it ended. */
  previous?: PreviousProcess;
}

export type ToGuardian =
  /** The config is right. `undefined`: it wants no guardian, so this process ends and the guardian takes its part. */
  | { type: 'settings'; guardian: GuardianSettings | undefined }
  /** It listens. From here on its end is a death, unless it was told to stop. */
  | { type: 'ready' }
  /** It was told to stop, by whomever. */
  | { type: 'stopping' };

/** A stop signal that the guardian has heard. */
export type ToService = { type: 'signal'; signal: 'SIGINT' | 'SIGTERM' };
