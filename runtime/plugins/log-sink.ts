// The extension point `logSink`, on the log thread: where log lines go. The destination that heddle.yaml names (standard
// output or a file) is added through it, and so is what plugins send lines to beside it: a collector, a socket, a queue.

import { HeddleError } from '../errors.ts';
import type { Registry } from './registry.ts';

/** Lines that wait for a sink or are being written by it, bytes. Over it, new ones are lost to it and counted. */
const bufferBytesBounds = { default: 1_048_576, min: 1_024, max: 67_108_864 } as const;
/** How long one write may take, ms. */
const timeoutMsBounds = { default: 10_000, min: 1, max: 60_000 } as const;

/** A place for log lines: `{ name: 'collector', write: (batch, call) => fetch(url, { … }) }`. */
export interface LogSinkDefinition {
  /** Lower-case letters, digits, `.`, `+` and `-`; unique in the process. */
  name: string;
  /** Bound of the lines that wait or are being written, bytes: 1 KiB to 64 MiB. Default: 1 MiB. */
  bufferBytes?: number;
  /** After it the signal of a write is aborted and the log says so, ms, at most 60,000. Default: 10,000. */
  timeoutMs?: number;
  /**
   * Takes what has been logged since the last time, at most 256 KiB. May return a promise; until that has settled it is not
   * called again, however long that takes, and lines wait. What it throws is logged, and the batch counts as written: who
   * wants to try again does so before the promise settles.
   */
  write(batch: LogBatch, call: LogSinkCall): unknown;
  /** The process stops and all lines were written; a promise is awaited. Both together have `disposeTimeoutMs`. */
  close?(end: LogSinkEnd): unknown;
}

/** Whole lines of JSON; those of one thread are in its order. The sink's own to keep. */
export interface LogBatch {
  /** As they are in a log file: each ends in \n. */
  readonly bytes: Buffer<ArrayBuffer>;
  /** The same as texts, without \n. Made when it is first looked at. */
  readonly lines: readonly string[];
}

/** What comes with a batch. */
export interface LogSinkCall {
  /** Lines right before this batch that this sink has lost: its buffer was full. */
  readonly lost: number;
  /** Aborted when the write has had its time, and when the process does not wait for it any more. */
  readonly signal: AbortSignal;
}

/** What comes with the end of a log. */
export interface LogSinkEnd {
  /** Lines behind the last batch that this sink has lost. */
  readonly lost: number;
}

/**
 * A place that takes bytes at once, without an event loop: a file descriptor. The built-in ones are of this form, since
 * they must work when the event loops of the process no longer turn. Of a plugin, it is driven as any sink is.
 */
export interface DirectLogSinkDefinition {
  /** As above. */
  name: string;
  /** As above; not for the destination, for which lines wait in the rings of their threads. */
  bufferBytes?: number;
  /** Lines are for people at a terminal, not JSON. Default: false. */
  human?: boolean;
  /** Writes what can be written without waiting and returns how many bytes that was; 0: nothing at the moment. */
  writeSync(bytes: Buffer): number;
  close?(): void;
}

/** One with an event loop, its defaults filled in. */
export type QueuedLogSink = Required<LogSinkDefinition>;
/** One without, its defaults filled in. */
export type DirectLogSink = Required<DirectLogSinkDefinition>;
export type LogSink = QueuedLogSink | DirectLogSink;

/** What plugins have on the log thread. */
export interface LogSinkPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken, RESOURCE_EXHAUSTED when there
   * are too many.
   */
  logSink(definition: LogSinkDefinition | DirectLogSinkDefinition): void;
}

/** The point as the plugin of that name sees it. */
export function logSinkPoint(plugin: string, sinks: Registry<LogSink>): LogSinkPoint {
  return { logSink: (definition) => sinks.add(plugin, checked(definition)) };
}

export function isDirect(sink: LogSink): sink is DirectLogSink {
  return 'writeSync' in sink;
}

function checked(definition: LogSinkDefinition | DirectLogSinkDefinition): LogSink {
  const { name, bufferBytes = bufferBytesBounds.default } = definition;
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `log sink ${JSON.stringify(name)}: ${what}`);
  const within = (key: string, value: number, { min, max }: { min: number; max: number }): void => {
    if (!(value >= min && value <= max)) throw wrong(`its ${key} must be from ${min} to ${max}, not ${value}`);
  };
  within('bufferBytes', bufferBytes, bufferBytesBounds);
  if (definition.close !== undefined && typeof definition.close !== 'function') {
    throw wrong('close must be a function, or be left out');
  }
  const { write, writeSync } = definition as Partial<LogSinkDefinition & DirectLogSinkDefinition>;
  if (write !== undefined && writeSync !== undefined)
    throw wrong('it has both write and writeSync; leave one of them out');
  if (typeof writeSync === 'function') {
    const direct = definition as DirectLogSinkDefinition;
    return {
      name,
      bufferBytes,
      human: direct.human ?? false,
      writeSync: (bytes) => checkedCount(direct.writeSync(bytes), bytes.length),
      close: () => direct.close?.(),
    };
  }
  if (typeof write !== 'function') throw wrong('it has no write(batch, call)');
  const queued = definition as LogSinkDefinition;
  const { timeoutMs = timeoutMsBounds.default } = queued;
  within('timeoutMs', timeoutMs, timeoutMsBounds);
  return {
    name,
    bufferBytes,
    timeoutMs,
    write: (batch, call) => queued.write(batch, call),
    close: (end) => queued.close?.(end),
  };
}

/** Whoever forgets `return` would be given the same bytes for ever. */
function checkedCount(written: unknown, length: number): number {
  if (Number.isInteger(written) && (written as number) >= 0 && (written as number) <= length) return written as number;
  const shown = typeof written === 'number' ? `${written} of ${length}` : shownType(written);
  throw new HeddleError('FAILED_PRECONDITION', `writeSync must return how many bytes it has written, not ${shown}`);
}

function shownType(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return value instanceof Promise
    ? 'a promise; a sink that waits has write(batch, call)'
    : `a value of type ${typeof value}`;
}
