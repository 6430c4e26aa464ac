// Logger: what the rest of Heddle writes to. pino behind it (runtime/log/), nothing at all in most tests.

/** The part of pino's interface that Heddle uses. Fields first, then the sentence. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
  isLevelEnabled(level: string): boolean;
  child(fields: object): Logger;
}

const nothing = (): void => {};

/** A logger that drops everything. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  isLevelEnabled: () => false,
  child: () => silentLogger,
};
