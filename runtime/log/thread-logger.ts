// connectLogger: the loggers of one thread. pino makes the lines; they go straight into the thread's ring in shared
// memory, so logging never waits, makes no message and no timer, and a line survives its thread from the moment that
// the call returned. Used on every thread; on main through the LogHub.

import { BroadcastChannel } from 'node:worker_threads';
import { type Level, type Logger as PinoLogger, pino } from 'pino';
import { type Clock, systemClock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { LogSettings } from '../settings.ts';
import { LogBell } from '../shared/log-bell.ts';
import { LogRingWriter } from '../shared/log-ring.ts';
import { errorFields } from './error-fields.ts';

/** The part of the settings that can change while the process runs. */
export type LogLevels = Pick<LogSettings, 'level' | 'levels'>;

/** What `LogHub.attach` makes for another thread: plain data for `workerData` or `postMessage`, no transfer list. */
export interface LogWorkerSide {
  /** As each line names its thread: `io-1`, `ranking-2`. */
  source: string;
  levels: LogLevels;
  ring: SharedArrayBuffer;
  bell: SharedArrayBuffer;
  /** Name of the BroadcastChannel on which changed levels come. */
  channel: string;
}

/** The loggers of one thread, one per component. */
export interface RootLogger {
  readonly source: string;
  /** The component's logger, at its level; the same object each time. Names are parts of the program, never data: each is kept. */
  component(name: string): Logger;
  /** Changes this thread's levels at once, of children too that `child` makes from here on. */
  setLevels(levels: LogLevels): void;
}

/** The logger of the calling thread. Changed levels come by themselves; the channel keeps no thread alive. */
export function connectLogger(workerSide: LogWorkerSide, clock: Clock = systemClock): RootLogger {
  const logger = new ThreadLogger(workerSide, clock);
  const channel = new BroadcastChannel(workerSide.channel);
  channel.onmessage = (event: unknown) => logger.setLevels((event as { data: LogLevels }).data);
  channel.unref();
  return logger;
}

/** `flushFatal` runs after each fatal line; the default wakes the log thread at once and does not wait for it. */
export class ThreadLogger implements RootLogger {
  readonly source: string;
  readonly #root: PinoLogger;
  readonly #components = new Map<string, PinoLogger>();
  #levels: LogLevels;

  constructor(side: Pick<LogWorkerSide, 'source' | 'levels' | 'ring' | 'bell'>, clock: Clock, flushFatal?: () => void) {
    this.source = side.source;
    this.#levels = side.levels;
    const ring = new LogRingWriter(side.ring);
    const bell = new LogBell(side.bell);
    const destination = {
      write(line: string): void {
        ring.put(line);
        bell.ring(ring.crowded);
      },
      // pino calls it after each fatal line.
      flushSync: flushFatal ?? (() => bell.ring(true)),
    };
    this.#root = pino(
      {
        level: side.levels.level,
        base: { source: side.source },
        timestamp: () => `,"time":${clock.wallMs()}`,
        formatters: { level: (label) => ({ level: label }), log: withErrors },
        // withErrors has been there before; pino's own would take its result for an error once more.
        serializers: { err: (value: unknown) => value },
      },
      destination,
    );
  }

  component(name: string): Logger {
    let logger = this.#components.get(name);
    if (logger === undefined) {
      logger = this.#root.child({ component: name }, { level: this.#levelOf(name) });
      this.#components.set(name, logger);
    }
    return logger;
  }

  setLevels(levels: LogLevels): void {
    this.#levels = levels;
    for (const [name, logger] of this.#components) logger.level = this.#levelOf(name);
  }

  #levelOf(component: string): Level | 'silent' {
    return this.#levels.levels[component] ?? this.#levels.level;
  }
}

/** Errors have no enumerable fields of their own, so JSON would show `{}`: whichever field holds one, it is written out. */
function withErrors(fields: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    if (!(value instanceof Error)) continue;
    copy ??= { ...fields };
    copy[name] = errorFields(value);
  }
  return copy ?? fields;
}
