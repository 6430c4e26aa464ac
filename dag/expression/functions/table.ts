// The table of functions: all that expressions can call beside the macros. None of them knows the time, chance, or
// anything but its arguments.

import { matches } from '../pattern/matches.ts';
import { listFunctions } from './lists.ts';
import { numberFunctions } from './numbers.ts';
import type { FunctionSpec } from './spec.ts';
import { stringFunctions } from './strings.ts';

const byName: ReadonlyMap<string, FunctionSpec> = new Map(
  [...listFunctions, ...numberFunctions, ...stringFunctions, matches].map((spec) => [spec.name, spec]),
);

export const functionNames: readonly string[] = [...byName.keys()];

export function functionNamed(name: string): FunctionSpec | undefined {
  return byName.get(name);
}

/** Fewest and most arguments. */
export function arityOf({ params, isFolded }: FunctionSpec): { min: number; max: number } {
  const required = params.filter(({ isOptional }) => !isOptional).length;
  return { min: required, max: isFolded ? Number.POSITIVE_INFINITY : params.length };
}
