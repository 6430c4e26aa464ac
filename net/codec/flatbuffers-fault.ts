// flatbuffersFault: what a request's bytes have done to generated code, told from what a handler did wrong. Two things can't
// be checked while they are read, and end in JavaScript's own RangeError: typed arrays, whose constructor looks at its
// place and end by itself, and unpack() of tables that are nested deeper than the stack. Called when a request has failed.

import { HeddleError } from '../../runtime/errors.ts';

/** `at new Float32Array (<anonymous>)`, and below it the accessor, `at Query.vectorArray (…)`. */
const arrayFrames = /\n\s*at new \w+Array \([^\n]*\n\s*at \w+\.\w+Array \(/;
const unpackFrame = /\n\s*at (?:new )?\w+\.unpack(?:To)? \(/;

/** INVALID_ARGUMENT where the body is to blame, else the error as it is. */
export function flatbuffersFault(error: HeddleError): HeddleError {
  const { cause } = error;
  if (!error.wraps || !(cause instanceof RangeError)) return error;
  const { message, stack = '' } = cause;
  if (arrayFrames.test(stack)) return fault(`an array in it lies at an odd place or leads out of it: ${message}`);
  if (message.startsWith('Maximum call stack') && unpackFrame.test(stack)) {
    return fault('its tables are nested too deep to be unpacked');
  }
  return error;
}

function fault(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `the body is not a FlatBuffer of this schema: ${what}`);
}
