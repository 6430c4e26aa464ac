// checkTypes: what can be said of an expression before it runs, from the types of its variables: misspelt fields,
// operators on what they don't take, constants that fail. Optimistic where types are unknown or optional (types.ts).

import { nearest } from '../../runtime/nearest.ts';
import { childrenOf, type Expression, hasFreeNames, type MacroName, type Node } from './ast.ts';
import { expressionProblemsMax } from './bounds.ts';
import { typeOfField, typeOfIndex } from './check-access.ts';
import { expectKind, type Report, typeOfBinary, typeOfCall } from './check-operator.ts';
import { failureOfConstant } from './compile.ts';
import type { EvaluationPlace } from './evaluation-error.ts';
import type { ExpressionProblem } from './problem.ts';
import {
  anyType,
  booleanType,
  canBe,
  formatType,
  itemOf,
  listOf,
  mapOf,
  nullType,
  numberType,
  recordOf,
  stringType,
  type Type,
  unionOf,
} from './types.ts';
import { wholeReads } from './whole-reads.ts';

export interface CheckedExpression {
  /** What it gives; `any` where that can't be known, or where there are problems. */
  readonly type: Type;
  /** At most 50, in the order of the text. */
  readonly problems: readonly ExpressionProblem[];
}

export interface CheckOptions {
  /** Variables that are read part by part (`paths` of compile); default none. */
  partByPart?: readonly string[];
}

/** `scope`: the types of all variables there are; one that is not in it is a problem. Never throws. */
export function checkTypes(
  expression: Expression,
  scope: Readonly<Record<string, Type>>,
  { partByPart = [] }: CheckOptions = {},
): CheckedExpression {
  const problems = wholeReads(expression, partByPart);
  const checker = new Checker(expression.text, (problem) => problems.push(problem));
  const type = checker.typeOf(expression.root, scope);
  if (problems.length === 0) checker.checkConstants(expression.root);
  problems.sort((left, right) => left.start - right.start);
  return { type: problems.length === 0 ? type : anyType, problems: problems.slice(0, expressionProblemsMax) };
}

type Scope = Readonly<Record<string, Type>>;

class Checker {
  readonly #text: string;
  readonly #report: Report;

  constructor(text: string, report: Report) {
    this.#text = text;
    this.#report = report;
  }

  typeOf(node: Node, scope: Scope): Type {
    const of = (child: Node) => this.typeOf(child, scope);
    switch (node.kind) {
      case 'literal':
        return typeOfLiteral(node.value);
      case 'name':
        return this.#typeOfName(node.name, node, scope);
      case 'field':
        return typeOfField(of(node.target), node.name, node, this.#textOf(node.target), this.#report);
      case 'index':
        return typeOfIndex(of(node.target), of(node.index), node, this.#textOf(node.target), this.#report);
      case 'list':
        return listOf(unionOf(node.items.map(of)));
      case 'map':
        return this.#typeOfMap(node.keys, node.values, scope);
      case 'unary':
        return this.#operand(
          node.operand,
          node.operator === '!' ? 'boolean' : 'number',
          `what ${node.operator} takes`,
          scope,
        );
      case 'binary':
        return typeOfBinary(node, of(node.left), of(node.right), this.#report);
      case 'logic':
        this.#operand(node.left, 'boolean', `what stands beside ${node.operator}`, scope);
        return this.#operand(node.right, 'boolean', `what stands beside ${node.operator}`, scope);
      case 'choice':
        this.#operand(node.condition, 'boolean', 'the condition of a choice', scope);
        return unionOf([of(node.whenTrue), of(node.whenFalse)]);
      case 'has':
        of(node.operand);
        return booleanType;
      case 'hasValue':
        of(node.target);
        return booleanType;
      case 'orValue':
        return unionOf([withoutNull(of(node.target)), of(node.fallback)]);
      case 'macro':
        return this.#typeOfMacro(node, scope);
      case 'call':
        return typeOfCall(node, node.args.map(of), this.#report);
    }
  }

  /** Parts without variables have one value: if it is a failure, it is one for every request. */
  checkConstants(node: Node): void {
    if (node.kind === 'literal') return;
    if (hasFreeNames(node)) {
      // A macro's body may stand on its variable alone; with no items it never runs.
      for (const child of childrenOf(node)) this.checkConstants(child);
      return;
    }
    const failure = failureOfConstant(this.#text, node);
    if (failure === undefined) return;
    const { start, end, reason } = failure.cause as EvaluationPlace;
    this.#report({ message: reason, start, end });
  }

  #textOf({ start, end }: Node): string {
    return this.#text.slice(start, end);
  }

  #operand(node: Node, kind: 'boolean' | 'number', what: string, scope: Scope): Type {
    expectKind(this.typeOf(node, scope), kind, what, node, this.#report);
    return kind === 'boolean' ? booleanType : numberType;
  }

  #typeOfName(name: string, { start, end }: Node, scope: Scope): Type {
    if (Object.hasOwn(scope, name)) return scope[name]!;
    const suggestion = nearest(name, Object.keys(scope));
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
    const problem = { message: `there is no ${name} here${hint}`, start, end, allowed: Object.keys(scope) };
    this.#report(suggestion === undefined ? problem : { ...problem, suggestion });
    return anyType;
  }

  #typeOfMap(keys: readonly Node[], values: readonly Node[], scope: Scope): Type {
    for (const key of keys) expectKind(this.typeOf(key, scope), 'string', 'a key of a map', key, this.#report);
    const types = values.map((value) => this.typeOf(value, scope));
    const names = keys.map((key) => (key.kind === 'literal' && typeof key.value === 'string' ? key.value : undefined));
    if (!names.every((name) => name !== undefined)) return mapOf(unionOf(types));
    return recordOf(Object.fromEntries(names.map((name, at) => [name, types[at]!])));
  }

  #typeOfMacro(node: Node & { kind: 'macro' }, scope: Scope): Type {
    const target = this.typeOf(node.target, scope);
    if (!canBe(target, 'list', 'map', 'record')) {
      const { start, end } = node.target;
      const message = `${node.name} goes over a list or the keys of a map, this is ${formatType(target)}`;
      this.#report({ message, start, end });
    }
    const item = itemOf(target);
    const within = { ...scope, [node.variable]: item };
    if (node.condition !== undefined) this.#operand(node.condition, 'boolean', 'the condition of map', within);
    const body = this.typeOf(node.body, within);
    if (node.name === 'map') return listOf(body);
    if (node.name === 'sortBy') {
      if (!canBe(body, 'number', 'string')) {
        const message = `the key of sortBy is a number or a string, this is ${formatType(body)}`;
        this.#report({ message, start: node.body.start, end: node.body.end });
      }
      return listOf(item);
    }
    expectKind(body, 'boolean', `the condition of ${node.name}`, node.body, this.#report);
    return resultOf[node.name](item);
  }
}

const resultOf: Readonly<Record<Exclude<MacroName, 'map' | 'sortBy'>, (item: Type) => Type>> = {
  all: () => booleanType,
  exists: () => booleanType,
  exists_one: () => booleanType,
  filter: (item) => listOf(item),
};

function typeOfLiteral(value: number | string | boolean | null): Type {
  if (value === null) return nullType;
  if (typeof value === 'number') return numberType;
  return typeof value === 'string' ? stringType : booleanType;
}

function withoutNull(type: Type): Type {
  return type.kind === 'union' ? unionOf(type.members.filter((member) => member.kind !== 'null')) : type;
}
