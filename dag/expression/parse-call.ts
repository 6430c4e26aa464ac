// Calls as the parser meets them: macros get a node of their own, since they bind a variable; so do has(), orValue()
// and hasValue(), since they take absence; all others are function calls.

import type { MacroName, Node } from './ast.ts';
import { ProblemSignal } from './problem.ts';

const macroForms: Readonly<Record<MacroName, string>> = {
  all: 'list.all(x, condition)',
  exists: 'list.exists(x, condition)',
  exists_one: 'list.exists_one(x, condition)',
  filter: 'list.filter(x, condition)',
  map: 'list.map(x, value) or list.map(x, condition, value)',
  sortBy: 'list.sortBy(x, key)',
};

export const macroNames = Object.keys(macroForms);

interface Place {
  start: number;
  end: number;
}

/** `name(args)`. */
export function callOf(name: string, args: Node[], place: Place): Node {
  if (name === 'has') return hasOf(args, place);
  if (isMacro(name) || name === 'orValue' || name === 'hasValue') {
    const form = isMacro(name) ? macroForms[name] : `a.?b.${name}(${name === 'orValue' ? 'fallback' : ''})`;
    throw new ProblemSignal(`${name} is called on a value: ${form}`, place.start, place.end);
  }
  return { kind: 'call', name, nameStart: place.start, args, ...place };
}

/** `target.name(args)`. */
export function methodOf(target: Node, name: string, nameStart: number, args: Node[], place: Place): Node {
  if (isMacro(name)) return macroOf(target, name, nameStart, args, place);
  if (name === 'has') throw new ProblemSignal('has goes has(a.b)', nameStart, place.end);
  if (name === 'hasValue') {
    if (args.length > 0) throw new ProblemSignal('hasValue() takes nothing', nameStart, place.end);
    return { kind: 'hasValue', target, ...place };
  }
  if (name === 'orValue') {
    const [fallback, ...rest] = args;
    if (fallback === undefined || rest.length > 0) {
      throw new ProblemSignal('orValue takes one value: a.?b.orValue(0)', nameStart, place.end);
    }
    return { kind: 'orValue', target, fallback, ...place };
  }
  return { kind: 'call', name, nameStart, args: [target, ...args], ...place };
}

function hasOf(args: Node[], place: Place): Node {
  const [operand, ...rest] = args;
  const isAccess = operand?.kind === 'field' || operand?.kind === 'index' || operand?.kind === 'name';
  if (operand === undefined || !isAccess || rest.length > 0) {
    throw new ProblemSignal('has takes one access: has(a.b), has(a["b"]) or has(a)', place.start, place.end);
  }
  return { kind: 'has', operand, ...place };
}

function macroOf(target: Node, name: MacroName, nameStart: number, args: Node[], place: Place): Node {
  const [variable, ...bodies] = args;
  const isComplete = bodies.length === 1 || (name === 'map' && bodies.length === 2);
  if (variable?.kind !== 'name' || !isComplete) {
    throw new ProblemSignal(`${name} goes ${macroForms[name]}`, nameStart, place.end);
  }
  const condition = bodies.length === 2 ? bodies[0] : undefined;
  const body = bodies[bodies.length - 1]!;
  return { kind: 'macro', name, target, variable: variable.name, condition, body, ...place };
}

function isMacro(name: string): name is MacroName {
  return Object.hasOwn(macroForms, name);
}
