// errorFields: what was thrown, as a field of a log line. What code from outside throws may be anything: an error with a
// cycle, a BigInt or a getter that throws, an object without a prototype. To log it must not fail. Any thread.

import { stdSerializers } from 'pino';

/** Of each text that is read out of an error that can't be written whole, characters. */
const textMaxLength = 4_096;

/** An error with its own fields and its causes, anything else as text. Never throws; JSON may still be unable to write it. */
export function errorFields(reason: unknown): unknown {
  try {
    return reason instanceof Error ? stdSerializers.errWithCause(reason) : String(reason);
  } catch {
    return errorTexts(reason);
  }
}

/** Texts only: what is left of an error that JSON can't write. Never throws. */
export function errorTexts(reason: unknown): { type?: string; message: string; stack?: string } {
  const error = reason as Error;
  const type = textOf(() => error.constructor.name);
  const message = textOf(() => error.message) ?? textOf(() => String(reason));
  const stack = textOf(() => error.stack);
  return {
    ...(type === undefined ? {} : { type }),
    message: message ?? `a value of type ${typeof reason} that has no text`,
    ...(stack === undefined ? {} : { stack }),
  };
}

function textOf(read: () => unknown): string | undefined {
  try {
    const value = read();
    return typeof value === 'string' ? value.slice(0, textMaxLength) : undefined;
  } catch {
    return undefined;
  }
}
