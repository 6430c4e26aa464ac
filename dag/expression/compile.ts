// compile: an expression as closures, without eval. Constant parts are calculated here, once. Called where a strategy is
// compiled; what it returns runs per request, on the thread that compiled it.

import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { type Expression, hasFreeNames, type Node } from './ast.ts';
import { defaultStepsMax, foldStepsMax, stepsMaxLimit } from './bounds.ts';
import type { Code, Context, PartReaders, Run } from './code.ts';
import {
  compileAbsent,
  compileField,
  compileHas,
  compileIndex,
  compileName,
  compileOrValue,
} from './compile-access.ts';
import { compileCall } from './compile-call.ts';
import { compileMacro } from './compile-macro.ts';
import {
  compileBinary,
  compileChoice,
  compileList,
  compileLogic,
  compileMap,
  compileUnary,
} from './compile-operator.ts';
import { startMeter } from './meter.ts';

/** `values[slot]`: the value of each free variable; undefined: it has none. They are read, never changed. */
export type Evaluate = (values: readonly unknown[]) => unknown;

/**
 * Variables that have no slot, by name, and how each of their parts is read. A part's reader is called with the values when
 * the evaluation reaches it, and each time that it does; what it returns is the part's value, undefined: it has none.
 */
export type PathReaders = ReadonlyMap<string, PartReaders>;

const noPaths: PathReaders = new Map();

export interface CompileOptions {
  /** What one evaluation may spend, steps (see bounds.ts). 1 to 1,000,000; default 100,000. */
  stepsMax?: number;
  /** Variables that are read part by part, where reading has a consequence. They hide slots of the same name. */
  paths?: PathReaders;
}

/**
 * Code that evaluates the expression: synchronous, without side effects, allocating only the lists, maps and strings that
 * the expression makes. The result may share parts with the values it was given, and constant lists and maps are frozen.
 *
 * @param slots index in `values` of each variable; more than the expression reads is fine.
 * @throws HeddleError INVALID_ARGUMENT when the expression reads a variable that has no slot, or one of `paths` as a
 * whole or in a part without a reader.
 *
 * What it returns throws HeddleError: INVALID_ARGUMENT (a value is missing or of the wrong kind), FAILED_PRECONDITION
 * (division by zero, an index outside, an empty list), RESOURCE_EXHAUSTED (over `stepsMax`). Its `cause` is an
 * EvaluationPlace.
 */
export function compile(
  expression: Expression,
  slots: ReadonlyMap<string, number>,
  { stepsMax = defaultStepsMax, paths = noPaths }: CompileOptions = {},
): Evaluate {
  if (!Number.isInteger(stepsMax) || stepsMax < 1 || stepsMax > stepsMaxLimit) {
    const message = `stepsMax must be a whole number from 1 to ${stepsMaxLimit}, got ${stepsMax}`;
    throw new HeddleError('INVALID_ARGUMENT', message);
  }
  const locals: unknown[] = [];
  const { run } = contextOf(expression.text, { slots, paths }, [], locals).compile(expression.root);
  if (isPath(expression.root)) return run;
  if (locals.length === 0) {
    return (values) => {
      startMeter(stepsMax);
      return run(values);
    };
  }
  return (values) => {
    startMeter(stepsMax);
    try {
      return run(values);
    } finally {
      // The last items must not live as long as the strategy.
      locals.fill(undefined);
    }
  };
}

/** `profile.segment`: spends nothing, so there is nothing to measure. */
function isPath(node: Node): boolean {
  return node.kind === 'name' || (node.kind === 'field' && isPath(node.target));
}

/** The failure of a part without free variables; undefined: it has a value, or is too dear to try. */
export function failureOfConstant(text: string, node: Node): HeddleError | undefined {
  const { run } = contextOf(text, noVariables, [], []).compile(node);
  const outcome = attempt(run);
  return 'failure' in outcome && outcome.failure.code !== overBudget ? outcome.failure : undefined;
}

const overBudget: ErrorCode = 'RESOURCE_EXHAUSTED';

/** Those that an expression does not bind itself. */
interface FreeVariables {
  readonly slots: ReadonlyMap<string, number>;
  readonly paths: PathReaders;
}

const noVariables: FreeVariables = { slots: new Map(), paths: noPaths };

function contextOf(text: string, free: FreeVariables, variables: readonly string[], locals: unknown[]): Context {
  const context: Context = {
    text,
    locals,
    compile: (node) => compileNode(node, context),
    compileAbsent: (node) => compileAbsent(node, context),
    find(name) {
      const local = variables.lastIndexOf(name);
      if (local >= 0) return { local };
      const parts = free.paths.get(name);
      if (parts !== undefined) return { parts };
      const slot = free.slots.get(name);
      return slot === undefined ? undefined : { slot };
    },
    names: () => [...variables, ...free.paths.keys(), ...free.slots.keys()],
    bind(variable) {
      const local = variables.length;
      locals[local] = undefined;
      return { local, context: contextOf(text, free, [...variables, variable], locals) };
    },
  };
  return context;
}

function compileNode(node: Node, context: Context): Code {
  if (node.kind === 'literal') return constant(node.value);
  const run = runOf(node, context);
  if (hasFreeNames(node)) return { run };
  const outcome = attempt(run);
  // A constant that fails does so when it is reached: it may stand behind a condition.
  return 'failure' in outcome ? { run } : constant(freeze(outcome.value));
}

function runOf(node: Exclude<Node, { kind: 'literal' }>, context: Context): Run {
  switch (node.kind) {
    case 'name':
      return compileName(node, context);
    case 'field':
      return compileField(node, context);
    case 'index':
      return compileIndex(node, context);
    case 'list':
      return compileList(node, context);
    case 'map':
      return compileMap(node, context);
    case 'unary':
      return compileUnary(node, context);
    case 'binary':
      return compileBinary(node, context);
    case 'logic':
      return compileLogic(node, context);
    case 'choice':
      return compileChoice(node, context);
    case 'has':
    case 'hasValue':
      return compileHas(node, context);
    case 'orValue':
      return compileOrValue(node, context);
    case 'macro':
      return compileMacro(node, context);
    case 'call':
      return compileCall(node, context);
  }
}

function constant(value: unknown): Code {
  return { run: () => value, constant: { value } };
}

function attempt(run: Run): { value: unknown } | { failure: HeddleError } {
  startMeter(foldStepsMax);
  try {
    return { value: run([]) };
  } catch (failure) {
    if (failure instanceof HeddleError) return { failure };
    throw failure;
  }
}

/** Only made values get here, so nobody else's is frozen. */
function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
