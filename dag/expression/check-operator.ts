// Types of binary operators and function calls, and the one sentence for a type that doesn't fit.

import type { Binary, Call, Node } from './ast.ts';
import type { Param } from './functions/spec.ts';
import { functionNamed } from './functions/table.ts';
import type { ExpressionProblem } from './problem.ts';
import {
  anyType,
  booleanType,
  canBe,
  formatType,
  itemOf,
  listOf,
  membersOf,
  numberType,
  overlap,
  stringType,
  type Type,
  type TypeKind,
  unionOf,
} from './types.ts';

export type Report = (problem: ExpressionProblem) => void;

export function expectKind(type: Type, kind: TypeKind, what: string, { start, end }: Node, report: Report): void {
  if (canBe(type, kind)) return;
  report({ message: `${what} must be a ${kind}, this is ${formatType(type)}`, start, end });
}

export function typeOfBinary(node: Binary, left: Type, right: Type, report: Report): Type {
  const refuse = (message: string) => report({ message, start: node.start, end: node.end });
  const pair = `${formatType(left)} ${node.operator} ${formatType(right)}`;
  const bothCanBe = (kind: TypeKind) => canBe(left, kind) && canBe(right, kind);
  switch (node.operator) {
    case '+': {
      const sums: Type[] = [];
      if (bothCanBe('number')) sums.push(numberType);
      if (bothCanBe('string')) sums.push(stringType);
      if (bothCanBe('list')) sums.push(listOf(unionOf([itemOf(left), itemOf(right)])));
      const hint = canBe(left, 'string') || canBe(right, 'string') ? '; string(x) makes a string of a number' : '';
      if (sums.length === 0) refuse(`+ takes two numbers, two strings or two lists, this is ${pair}${hint}`);
      return left.kind === 'any' && right.kind === 'any' ? anyType : unionOf(sums);
    }
    case '-':
    case '*':
    case '/':
    case '%':
      if (!bothCanBe('number')) refuse(`${node.operator} takes two numbers, this is ${pair}`);
      return numberType;
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!bothCanBe('number') && !bothCanBe('string'))
        refuse(`${node.operator} takes two numbers or two strings, this is ${pair}`);
      return booleanType;
    case '==':
    case '!=':
      // Whether something is null may always be asked: what a schema promises, a backend may break.
      if (left.kind !== 'null' && right.kind !== 'null' && !overlap(left, right))
        refuse(`${formatType(left)} and ${formatType(right)} are never equal`);
      return booleanType;
    case 'in': {
      const hint = canBe(right, 'string') ? '; for strings: whole.contains(part)' : '';
      if (!canBe(right, 'list', 'map', 'record')) refuse(`in looks into a list or a map, this is ${pair}${hint}`);
      else if (canBe(right, 'list') && !overlap(left, itemOf(right))) refuse(`${pair} is never true`);
      return booleanType;
    }
  }
}

export function typeOfCall(node: Call, args: readonly Type[], report: Report): Type {
  const spec = functionNamed(node.name);
  if (spec === undefined) return anyType;
  args.forEach((type, at) => {
    const param: Param<unknown> = spec.params[Math.min(at, spec.params.length - 1)]!;
    if (fits(type, param.type)) return;
    const { start, end } = node.args[at]!;
    const hint = node.name === 'contains' && canBe(type, 'list') ? '; for lists: item in list' : '';
    report({ message: `${node.name} takes ${param.what}, this is ${formatType(type)}${hint}`, start, end });
  });
  return spec.result(args);
}

/** Whether some value of the type is one that the parameter takes; of lists, their items too. */
function fits(type: Type, param: Type): boolean {
  return membersOf(param).some((wanted) =>
    membersOf(type).some((member) => {
      if (!overlap(member, wanted)) return false;
      if (member.kind !== 'list' || wanted.kind !== 'list') return true;
      return fits(member.item, wanted.item);
    }),
  );
}
