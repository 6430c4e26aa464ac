// The shape of a function of the language: its parameters are checked at the call, by the checker for what is known
// and by the compiled code for what comes, so that the code behind it only gets what it takes.

import type { Site } from '../evaluation-error.ts';
import { anyType, booleanType, listOf, mapOf, numberType, stringType, type Type, unionOf } from '../types.ts';
import { isMap } from '../values.ts';

export interface Param<T> {
  /** Of the message "takes …". */
  readonly what: string;
  readonly type: Type;
  readonly isOptional: boolean;
  accepts(value: unknown): value is T;
}

export interface FunctionSpec {
  readonly name: string;
  /** At most 3. */
  readonly params: readonly Param<unknown>[];
  /** More arguments than parameters are folded: f(a, b, c) is f(f(a, b), c). */
  readonly isFolded: boolean;
  readonly result: (args: readonly Type[]) => Type;
  readonly run: (site: Site, first: unknown, second: unknown, third: unknown) => unknown;
}

type Values<P extends readonly Param<unknown>[]> = { [At in keyof P]: P[At] extends Param<infer T> ? T : never };

/** `result`: a type, or what it is for the types of the arguments. */
export function define<const P extends readonly Param<unknown>[]>(
  name: string,
  params: P,
  result: Type | ((args: readonly Type[]) => Type),
  run: (site: Site, ...args: Values<P>) => unknown,
  options: { isFolded?: boolean } = {},
): FunctionSpec {
  return {
    name,
    params,
    isFolded: options.isFolded ?? false,
    result: typeof result === 'function' ? result : () => result,
    run: run as FunctionSpec['run'],
  };
}

function param<T>(what: string, type: Type, accepts: (value: unknown) => value is T): Param<T> {
  return { what, type, accepts, isOptional: false };
}

export const number = param('a number', numberType, (value) => typeof value === 'number');
export const text = param('a string', stringType, (value) => typeof value === 'string');
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
export const list = param('a list', listOf(anyType), isList);
/** What these hold, only the checker looks at; the functions look at each item as they come to it. */
export const numbers = param('a list of numbers', listOf(numberType), isList);
export const strings = param('a list of strings', listOf(stringType), isList);
export const scalar = param(
  'a number, a string or a boolean',
  unionOf([numberType, stringType, booleanType]),
  (value): value is number | string | boolean =>
    typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean',
);
export const numberOrText = param(
  'a number or a string',
  unionOf([numberType, stringType]),
  (value): value is number | string => typeof value === 'number' || typeof value === 'string',
);
export const numberOrList = param(
  'a number or a list of numbers',
  unionOf([numberType, listOf(numberType)]),
  (value): value is number | readonly unknown[] => typeof value === 'number' || Array.isArray(value),
);
export const collection = param(
  'a string, a list or a map',
  unionOf([stringType, listOf(anyType), mapOf(anyType)]),
  (value): value is string | readonly unknown[] | Readonly<Record<string, unknown>> =>
    typeof value === 'string' || Array.isArray(value) || isMap(value),
);

/** May be left out; then the function gets undefined. */
export function optional<T>(of: Param<T>): Param<T | undefined> {
  return { ...of, isOptional: true } as Param<T | undefined>;
}
