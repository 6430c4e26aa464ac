// The words that config/schema.ts is written in: one function for each kind of value and of key.

import type {
  BooleanType,
  BytesType,
  ChoiceType,
  DataType,
  Default,
  DurationType,
  EitherType,
  IntegerType,
  Key,
  ListType,
  MapType,
  NumberType,
  ObjectType,
  Parsed,
  Shape,
  TextType,
  TreeType,
  Type,
} from './types.ts';

/** For numbers that 0 or the word `none` switch off. */
export const orNone = true;

export function integer(min: number, max: number, none = false): IntegerType {
  return { kind: 'integer', min, max, none };
}

export function number(min: number, max: number): NumberType {
  return { kind: 'number', min, max };
}

export function duration(min: string, max: string, none = false): DurationType {
  return { kind: 'duration', min, max, none };
}

export function bytes(min: string, max: string, none = false): BytesType {
  return { kind: 'bytes', min, max, none };
}

export function boolean(): BooleanType {
  return { kind: 'boolean' };
}

export function choice<const Word extends string>(...words: Word[]): ChoiceType<Word> {
  return { kind: 'choice', words };
}

export function text<Value>(
  what: string,
  example: string,
  pattern: string,
  parse: (text: string) => Parsed<Value>,
  meant?: (value: number) => string | undefined,
): TextType<Value> {
  return { kind: 'text', what, example, pattern, parse, meant };
}

/** For lists that may be one entry without brackets. */
export const orOne = true;

export function list<Item extends Type>(of: Item, maxItems: number, orOne = false): ListType<Item> {
  return { kind: 'list', of, maxItems, orOne };
}

export function data(maxValues: number): DataType {
  return { kind: 'data', maxValues };
}

export function tree(what: string, maxValues: number): TreeType {
  return { kind: 'tree', what, maxValues };
}

type MapRules<Item extends Type> = Omit<MapType<Item>, 'kind' | 'of' | 'minEntries'> & { minEntries?: number };

export function map<Item extends Type>(of: Item, rules: MapRules<Item>): MapType<Item> {
  return { kind: 'map', of, minEntries: 0, ...rules };
}

export function object<Keys extends Shape>(keys: Keys, refused?: Readonly<Record<string, string>>): ObjectType<Keys> {
  return refused === undefined ? { kind: 'object', keys } : { kind: 'object', keys, refused };
}

/** Of an object, for editors: exactly one of these keys is there. */
export function oneOf<Keys extends Shape>(type: ObjectType<Keys>, ...keys: (keyof Keys & string)[]): ObjectType<Keys> {
  return { ...type, oneOf: keys };
}

export function either<Short extends TextType<unknown>, Long extends ObjectType<Shape>>(
  short: Short,
  long: Long,
): EitherType<Short, Long> {
  return { kind: 'either', short, long };
}

/** A key with a default, given as the user would write it. */
export function key<Item extends Type>(
  type: Item,
  byDefault: Default,
  what: string,
  why: string,
): Key<Item, 'default'> {
  return { type, presence: 'default', default: byDefault, what, why };
}

/** A key that is a section of its own: an object or a map, empty by default. */
export function section<Item extends Type>(type: Item, what: string, why = ''): Key<Item, 'default'> {
  return { type, presence: 'default', what, why };
}

/** A key whose absence means something that no fixed value says: `otherwise` names it. */
export function optional<Item extends Type>(
  type: Item,
  otherwise: string,
  what: string,
  why: string,
): Key<Item, 'otherwise'> {
  return { type, presence: 'otherwise', otherwise, what, why };
}

export function required<Item extends Type>(type: Item, what: string, why: string): Key<Item, 'required'> {
  return { type, presence: 'required', what, why };
}

/** Every key of a shape, for those who walk it. */
export function keysOf(shape: Shape): [string, Key<Type>][] {
  return Object.entries(shape);
}
