// What a reload is asked for, and what it came to: plain data, for programs, the admin and `heddle reload`.

import type { CanaryVerdict } from './canary.ts';
import type { PoolRoll } from './roller.ts';

/** What a reload shall do beside taking over the settings. */
export interface ReloadRequest {
  /** Whether pools whose code has changed are rolled too. Default true. */
  code?: boolean | undefined;
  /** Pools that are rolled in any case. Default: none. */
  pools?: 'all' | readonly string[] | undefined;
  /** Share of the calls that new code gets first, percent; 0: all at once. Default: `roll.canary` of the settings. */
  canaryPercent?: number | undefined;
  /** Changes nothing if anything of it needs a restart: new code may count on that. Default false. */
  strict?: boolean | undefined;
  /** Who asks, for the log: `admin`, `SIGHUP`. Default: `program`. */
  by?: string | undefined;
}

/** A pool that has a new generation, and why. */
export interface RolledPool extends PoolRoll {
  /** Its code that had changed, relative to the config's folder. */
  files: string[];
  /** Its settings that had changed. */
  settings: string[];
}

/** What a reload came to. */
export interface ReloadReport {
  /** Settings that have changed and hold from now on: `degraders.light.count`, `degraders.exact (gone)`, `jobs.tick (new)`. */
  changed: string[];
  /** Settings that are different in the file and hold from the next start on. */
  needsRestart: string[];
  /** Pools that have new threads, with the code as it is now. */
  rolled: RolledPool[];
  /** Code of IO threads that has changed, which needs a restart too: of services in pool `io`, and of plugins. */
  ioCode: string[];
  /** The version of the strategies that was published. */
  strategies?: number;
  /** Undefined: there was none. Taken back: then nothing has changed. */
  canary?: CanaryVerdict;
  /** With a canary that was taken back: pools whose code is too large to be kept (`LoadedCode`); undefined: none. */
  unkept?: string[];
}

/** Of a reload that was asked for, now or before. */
export type ReloadState =
  /** Nothing was reloaded so far. */
  | { id: 0; state: 'none' }
  /** `waitsFor`: `the canary of reload 3`, or `reload 3`. */
  | { id: number; state: 'waiting'; waitsFor: string }
  | { id: number; state: 'running'; canary?: Omit<CanaryVerdict, 'goOn' | 'why'> | undefined }
  | { id: number; state: 'done'; report: ReloadReport }
  | { id: number; state: 'failed'; code: string; message: string };
