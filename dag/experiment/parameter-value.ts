// Values of parameters: what counts as one, its type, and the frozen copy that requests share.

import { didYouMean } from '../../runtime/nearest.ts';
import { experimentLimits, type ParameterDefinition, type ParameterValue } from './definition.ts';
import { shown } from './problem-list.ts';

/** Nesting of a value that is still looked into. */
const depthMax = 32;

/** Why `value` can't be a value of the parameter, as the end of a sentence; undefined: it can. */
export function valueObjection(parameter: ParameterDefinition, value: unknown): string | undefined {
  if (!isJson(value, 0)) return 'is no JSON value (null, boolean, finite number, string, list or object)';
  const chars = JSON.stringify(value).length;
  const { valueCharsMax } = experimentLimits;
  if (chars > valueCharsMax) return `takes ${chars} characters as JSON; the bound is ${valueCharsMax}`;
  const expected = typeName(parameter.default);
  if (expected !== 'null' && typeName(value) !== expected) {
    return `is ${article(typeName(value))}, but its default ${shown(parameter.default)} is ${article(expected)}`;
  }
  const choices = parameter.choices;
  if (choices === undefined || choices.some((choice) => sameValue(choice, value))) return undefined;
  const names = choices.filter((choice) => typeof choice === 'string');
  const hint = typeof value === 'string' ? didYouMean(value, names) : '';
  return `is none of its choices ${choices.map(shown).join(', ')}${hint}`;
}

/** Equal as JSON, whatever the order of keys. */
export function sameValue(left: ParameterValue, right: ParameterValue): boolean {
  return left === right || canonical(left) === canonical(right);
}

/** A deep copy that no request can change for the others. */
export function frozenCopy<Value extends ParameterValue>(value: Value): Value {
  return freeze(structuredClone(value));
}

function freeze<Value extends ParameterValue>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

function canonical(value: ParameterValue): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

function isJson(value: unknown, depth: number): value is ParameterValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= depthMax) return false;
  const plain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return plain && Object.values(value).every((part) => isJson(part, depth + 1));
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function article(type: string): string {
  return type === 'null' ? 'null' : `${type === 'object' ? 'an' : 'a'} ${type}`;
}
