// Helpers of the expression tests: one text, some variables, one answer.

import { type CompileOptions, compile } from '../../../dag/expression/compile.ts';
import { parseExpression } from '../../../dag/expression/parse-expression.ts';
import {
  anyType,
  booleanType,
  listOf,
  nullType,
  numberType,
  recordOf,
  stringType,
  type Type,
  unionOf,
} from '../../../dag/expression/types.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** The expression's tree; throws with its problems where it is none. */
export function parsed(text: string) {
  const { expression, problems } = parseExpression(text);
  if (expression === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join('; ')}`);
  return expression;
}

export function evaluate(text: string, variables: Variables = {}, options: CompileOptions = {}): unknown {
  const slots = new Map(Object.keys(variables).map((name, slot) => [name, slot]));
  return compile(parsed(text), slots, options)(Object.values(variables));
}

export function typeOfValue(value: unknown): Type {
  if (value === null) return nullType;
  if (Array.isArray(value)) return listOf(unionOf(value.map(typeOfValue)));
  if (typeof value === 'object') {
    return recordOf(Object.fromEntries(Object.entries(value).map(([name, field]) => [name, typeOfValue(field)])));
  }
  const plain = { number: numberType, string: stringType, boolean: booleanType } as Readonly<Record<string, Type>>;
  return plain[typeof value] ?? anyType;
}

export function typesOf(variables: Variables): Record<string, Type> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, typeOfValue(value)]));
}
