// What a codec says about a body that is wrong: where in the value, what was expected, what was there. Walkers write the
// key of each level into `trail` as they go down (one store a level), and read it only when they fail.

import { HeddleError } from '../../runtime/errors.ts';

/** Levels of records, arrays and maps in one body, in either form. Deeper: INVALID_ARGUMENT. */
export const bodyDepthMax = 64;

/**
 * `trail[n]` is the key that level n + 1 was reached by: a field, a map key or an index. One for the thread, since
 * walkers never yield.
 */
export const trail: (string | number)[] = new Array(bodyDepthMax).fill('');

/** The error of a value that does not fit, at the place that `trail` names: `films[3].year: expected int, got "x"`. */
export function bodyFault(depth: number, what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `${trailPath(depth)}: ${what}`);
}

/** The error of a value that is nested too deep. */
export function tooDeep(): HeddleError {
  return bodyFault(8, `nested deeper than ${bodyDepthMax} levels; flatten it or send it in parts`);
}

/** Keys as a path: `films[3].year`, `labels["a b"]`; the top of the value is `body`. */
export function formatPath(keys: readonly PropertyKey[]): string {
  let path = '';
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else if (identifier.test(String(key))) path += path === '' ? String(key) : `.${String(key)}`;
    else path += `[${shown(String(key))}]`;
  }
  return path === '' || path.startsWith('[') ? `body${path}` : path;
}

/** A value in an error's sentence: short, whatever it is. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'string':
      return JSON.stringify(value.length > shownMaxLength ? `${value.slice(0, shownMaxLength)}…` : value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `an array of ${value.length}`;
      if (value instanceof Uint8Array) return `${value.length} bytes`;
      return 'an object';
    default:
      return String(value);
  }
}

const shownMaxLength = 40;
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;

function trailPath(depth: number): string {
  return formatPath(trail.slice(0, depth));
}
