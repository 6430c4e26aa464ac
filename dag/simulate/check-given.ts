// checkGiven: whether what somebody gives for a run by hand fits the strategy: its parameters, and the nodes that are to
// fail. For explain and simulate; pure.

import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { Data, StrategyDefinition } from '../definition.ts';
import { valueObjection } from '../experiment/parameter-value.ts';
import type { GivenParameters } from './fixed-parameters.ts';

export interface Given {
  readonly params?: GivenParameters;
  /** Nodes. */
  readonly failing?: readonly string[];
}

/** Throws INVALID_ARGUMENT with a sentence on each that does not fit. */
export function checkGiven(definition: StrategyDefinition, { params = {}, failing = [] }: Given): void {
  const nodes = definition.nodes.map(({ name }) => name);
  const objections = [
    ...Object.entries(params).flatMap(([name, value]) => parameterObjection(definition, name, value) ?? []),
    ...failing
      .filter((name) => !nodes.includes(name))
      .map(
        (name) => `${definition.name} has no node "${name}"${didYouMean(name, nodes)}; there are ${nodes.join(', ')}`,
      ),
  ];
  if (objections.length === 0) return;
  throw new HeddleError('INVALID_ARGUMENT', objections.join('\n'), { retry: 'no' });
}

/** Undefined: the parameter can have this value. */
export function parameterObjection({ name: strategy, layers }: StrategyDefinition, name: string, value: Data) {
  const all = layers.flatMap(({ parameters }) => parameters);
  const found = all.find((parameter) => parameter.name === name);
  if (found === undefined) {
    const names = all.map((parameter) => parameter.name);
    const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
    return `no layer of ${strategy} owns a parameter "${name}"${didYouMean(name, names)}; ${there}`;
  }
  const { choices, ...unbound } = found;
  const objection = valueObjection({ ...unbound, ...(choices === undefined ? {} : { choices }) }, value);
  return objection === undefined ? undefined : `parameter ${name} ${objection}`;
}
