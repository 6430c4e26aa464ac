// Values as expressions see them: JavaScript's, of which only own properties are ever read. A list is an array, a map
// any other object but bytes; what came from a decoder or a handler is taken as it is and never changed.

export type ValueKind =
  | 'number'
  | 'string'
  | 'boolean'
  | 'null'
  | 'list'
  | 'map'
  | 'bytes'
  | 'bigint'
  | 'function'
  | 'nothing';

/** Units of a text that a message shows. */
const textShown = 24;
/** Keys of a map that a message shows. */
const keysShown = 5;

export function kindOf(value: unknown): ValueKind {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'bigint':
    case 'function':
      return typeof value as ValueKind;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'list';
      return ArrayBuffer.isView(value) ? 'bytes' : 'map';
    default:
      return 'nothing';
  }
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A value for people: short, whatever its size. */
export function describe(value: unknown): string {
  switch (kindOf(value)) {
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `${value}`;
    case 'null':
      return 'null';
    case 'nothing':
      return 'nothing';
    case 'string':
      return describeText(value as string);
    case 'list':
      return `a list of ${(value as unknown[]).length}`;
    case 'map':
      return describeMap(value as object);
    case 'bytes':
      return 'bytes, which expressions only compare';
    case 'bigint':
      return 'a BigInt, which expressions do not calculate with';
    case 'function':
      return 'a function, which is no value of an expression';
  }
}

function describeText(text: string): string {
  return `the string ${JSON.stringify(text.length > textShown ? `${text.slice(0, textShown)}…` : text)}`;
}

function describeMap(map: object): string {
  const keys = Object.keys(map);
  if (keys.length === 0) return 'an empty map';
  return `a map with ${keys.slice(0, keysShown).join(', ')}${keys.length > keysShown ? ', …' : ''}`;
}
