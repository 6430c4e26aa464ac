// describe: a Type in words, for "must be …", for the reference and for the defaults file.

import type { Type } from './types.ts';

/** `a whole number from 1 to 64`, `a duration from 1ms to 1h, such as 300ms, or none`. */
export function describe(type: Type): string {
  switch (type.kind) {
    case 'integer':
      return `a whole number from ${type.min} to ${type.max}${orNone(type.none)}`;
    case 'number':
      return `a number from ${type.min} to ${type.max}`;
    case 'duration':
      return `a duration from ${type.min} to ${type.max}${orNone(type.none)}`;
    case 'bytes':
      return `a size from ${type.min} to ${type.max}${orNone(type.none)}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return type.words.length === 2 ? type.words.join(' or ') : `one of ${type.words.join(', ')}`;
    case 'text':
    case 'tree':
      return type.what;
    case 'list':
      return type.orOne ? `${describe(type.of)}, or a list of them` : 'a list';
    case 'map':
      return `a map by ${type.name} name`;
    case 'data':
      return 'a map of anything';
    case 'object':
      return `a map with the keys ${Object.keys(type.keys).join(', ')}`;
    case 'either':
      return type.short.what;
  }
}

function orNone(none: boolean): string {
  return none ? ', or none' : '';
}
