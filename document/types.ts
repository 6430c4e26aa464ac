// The kinds of values a config can hold, and what a checked one looks like. config/schema.ts is made of these; the
// checker, the docs, the defaults file, the JSON Schema and the overrides all walk them.

import type { PluginOptions } from '../runtime/settings.ts';
import type { Place } from './problem.ts';
import type { Tree } from './tree.ts';

export type Type =
  | IntegerType
  | NumberType
  | DurationType
  | BytesType
  | BooleanType
  | ChoiceType<string>
  | TextType<unknown>
  | ListType<Type>
  | MapType<Type>
  | DataType
  | TreeType
  | ObjectType<Shape>
  | EitherType<TextType<unknown>, ObjectType<Shape>>;

/** A whole number. `none`: 0 and the word none mean "no bound" and come out as 0. */
export interface IntegerType {
  kind: 'integer';
  min: number;
  max: number;
  none: boolean;
}

/** Any number, with a fraction or without. */
export interface NumberType {
  kind: 'number';
  min: number;
  max: number;
}

/** Written `300ms`, comes out in ms. */
export interface DurationType {
  kind: 'duration';
  min: string;
  max: string;
  none: boolean;
}

/** Written `512MiB`, comes out in bytes. */
export interface BytesType {
  kind: 'bytes';
  min: string;
  max: string;
  none: boolean;
}

export interface BooleanType {
  kind: 'boolean';
}

export interface ChoiceType<Word extends string> {
  kind: 'choice';
  words: readonly Word[];
}

/** What reading a text came to: its meaning, or a sentence about `part` of it (default: the whole). */
export type Parsed<Value> = { value: Value } | Refusal;

export interface Refusal {
  message: string;
  part?: string;
  allowed?: string[];
  suggestion?: string | undefined;
}

/** A text with a form of its own. */
export interface TextType<Value> {
  kind: 'text';
  /** Completes "must be …": `an address such as heddle://127.0.0.1:7000`. */
  what: string;
  /** One right text. */
  example: string;
  /** For editors: a regular expression that every right text matches (it may let some wrong ones through). */
  pattern: string;
  parse(text: string): Parsed<Value>;
  /** What somebody means who writes a number in its place. */
  meant?: ((value: number) => string | undefined) | undefined;
}

export interface ListType<Item extends Type> {
  kind: 'list';
  of: Item;
  maxItems: number;
  /** One entry may stand alone, without brackets. */
  orOne: boolean;
}

/** Entries under names that the user chooses. */
export interface MapType<Item extends Type> {
  kind: 'map';
  of: Item;
  /** What a name is, for sentences and headings: `pool`. */
  name: string;
  /** One right name. */
  example: string;
  /** A regular expression, and the same in words. */
  namePattern: string;
  nameRule: string;
  /** Names with a sentence on why they are refused. */
  refused?: Readonly<Record<string, string>>;
  /** Names that exist without being written. */
  builtIn?: readonly string[];
  /** Whether an override may make an entry; where it may not, an unknown name is taken for a slip. */
  overridesCreate: boolean;
  minEntries: number;
  maxEntries: number;
}

/** A map of whatever the user writes: somebody else's data, handed on unread. */
export interface DataType {
  kind: 'data';
  /** Values in it at most, itself and all in its maps and lists included. */
  maxValues: number;
}

/** Anything; comes out with its places, for whoever knows what it means. */
export interface TreeType {
  kind: 'tree';
  /** Completes "must be …": `an expression, or a map of them`. */
  what: string;
  /** Values in it at most, itself and all in its maps and lists included, aliases written out. */
  maxValues: number;
}

export type Shape = Readonly<Record<string, Key<Type>>>;

/** Entries under names that the schema fixes. */
export interface ObjectType<Keys extends Shape> {
  kind: 'object';
  keys: Keys;
  /** Keys with a sentence on why they are refused. */
  refused?: Readonly<Record<string, string>>;
  /** Of these keys exactly one is there; for editors, since whoever reads the object says it better. */
  oneOf?: readonly string[];
}

/** Short as a text or long as an object. */
export interface EitherType<Short extends TextType<unknown>, Long extends ObjectType<Shape>> {
  kind: 'either';
  short: Short;
  long: Long;
}

export type Default = string | number | boolean | readonly string[];

/** One key of an object: its type, what it is, why its default is what it is, and what holds when nobody writes it. */
export interface Key<Item extends Type, Presence = 'default' | 'otherwise' | 'required'> {
  type: Item;
  what: string;
  why: string;
  presence: Presence;
  /** `default`: as it would be written; an object or map without one starts empty. `otherwise`: in words. */
  default?: Default;
  otherwise?: string;
}

/** A checked value and where it was written. */
export interface Field<Value> {
  value: Value;
  place: Place;
}

/** What a checked value of a type looks like. */
export type Checked<Item> = Item extends IntegerType | NumberType | DurationType | BytesType
  ? Field<number>
  : Item extends BooleanType
    ? Field<boolean>
    : Item extends ChoiceType<infer Word>
      ? Field<Word>
      : Item extends TextType<infer Value>
        ? Field<Value | undefined> // undefined: refused, and reported
        : Item extends DataType
          ? Field<PluginOptions | undefined> // undefined: refused, and reported
          : Item extends TreeType
            ? Tree | undefined // undefined: refused, and reported
            : Item extends ListType<infer Of>
              ? Checked<Of>[]
              : Item extends MapType<infer Of>
                ? Map<string, CheckedEntry<Of>>
                : Item extends EitherType<infer Short, infer Long>
                  ? CheckedEither<Short, Long>
                  : Item extends ObjectType<infer Keys>
                    ? CheckedObject<Keys>
                    : never;

export interface CheckedEntry<Of> {
  /** Where the name stands. */
  name: Place;
  value: Checked<Of>;
  /** Something in it was refused, and reported: what seems to be missing may be that. */
  isRefused: boolean;
}

/** Exactly one of the two, or neither when it was refused. */
export interface CheckedEither<Short, Long> {
  place: Place;
  short: Checked<Short> | undefined;
  long: Checked<Long> | undefined;
}

export type CheckedObject<Keys extends Shape> = {
  [Name in keyof Keys]: Keys[Name] extends Key<infer Item, infer Presence>
    ? Presence extends 'otherwise'
      ? Checked<Item> | undefined
      : Checked<Item>
    : never;
};
