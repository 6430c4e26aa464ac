// traceLogger: what simulated threads log goes into the trace of the run.

import type { Logger } from '../../../runtime/logger.ts';

export function traceLogger(write: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      write(`${level}: ${message}${describe(fields)}`);
  const logger: Logger = {
    trace: () => {},
    debug: () => {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    isLevelEnabled: (level) => level !== 'trace' && level !== 'debug',
    child: () => logger,
  };
  return logger;
}

/** The fields that are plain. */
function describe(fields: object): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) parts.push(`${name}: ${value.message}`);
    else if (typeof value === 'string' || typeof value === 'number') parts.push(`${name}: ${value}`);
  }
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
