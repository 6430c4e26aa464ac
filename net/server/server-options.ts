// ServerOptions: what a program gives its server beside the settings, and the plain things that a server tells of itself.

import type { Clock } from '../../runtime/clock.ts';
import type { RestartLimits } from '../../runtime/restart-policy.ts';
import type { ReadSettings } from './reloader.ts';

/** What a program gives its server beside the settings. */
export interface ServerOptions {
  /** Default: the machine's. */
  clock?: Clock;
  /** When threads that die are replaced. Default: `restartLimits`. */
  restart?: RestartLimits;
  /** How long a thread may take to load its modules, ms. Default: 30 000. */
  startTimeoutMs?: number;
  /** How the process before this one ended; only kept, for whoever asks. */
  previous?: PreviousProcess;
  /** Reads the settings again, for reloads. Default: there is nothing to read. */
  readSettings?: ReadSettings;
  /** What the settings come to and why, for people who ask the admin. Default: there is nothing to explain. */
  configText?: string;
  /** Absolute path of the config that the settings came from. Default: from none. */
  configFile?: string;
}

/** How a service process ended that a guardian has started again. */
export interface PreviousProcess {
  pid: number;
  /** What ended it; undefined: it ended itself, with `exitCode`. */
  signal?: NodeJS.Signals;
  exitCode?: number;
  /** How long it ran, ms. */
  upMs: number;
  /** Whether it had got as far as listening. */
  ready: boolean;
  /** Processes that the guardian has seen dying, this one included. */
  deaths: number;
}

/** An address that takes connections: `{ protocol: 'heddle', host: '127.0.0.1', port: 7000 }`. */
export interface ListeningAddress {
  protocol: string;
  host: string;
  port: number;
}
