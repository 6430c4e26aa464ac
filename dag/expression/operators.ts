// The binary operators on values. Each takes what it is made for and nothing else: nothing is converted, so "1" + 1 and
// 1 < "2" are failures, not surprises.

import type { BinaryOperator } from './ast.ts';
import { includes, isEqual } from './equality.ts';
import { failAt, type Site } from './evaluation-error.ts';
import { pay, payForChars } from './meter.ts';
import { describe, isMap } from './values.ts';

type Operate = (left: unknown, right: unknown, site: Site) => unknown;

export const operators: Readonly<Record<BinaryOperator, Operate>> = {
  '+': add,
  '-': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left - right : failPair('-', left, right, site),
  '*': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left * right : failPair('*', left, right, site),
  '/': (left, right, site) => {
    if (typeof left !== 'number' || typeof right !== 'number') return failPair('/', left, right, site);
    return right === 0 ? failZero(left, '/', site) : left / right;
  },
  '%': (left, right, site) => {
    if (typeof left !== 'number' || typeof right !== 'number') return failPair('%', left, right, site);
    return right === 0 ? failZero(left, '%', site) : left % right;
  },
  '<': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left < right : order('<', left, right, site) < 0,
  '>': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left > right : order('>', left, right, site) > 0,
  '<=': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left <= right : order('<=', left, right, site) <= 0,
  '>=': (left, right, site) =>
    typeof left === 'number' && typeof right === 'number' ? left >= right : order('>=', left, right, site) >= 0,
  '==': isEqual,
  '!=': (left, right, site) => !isEqual(left, right, site),
  in: isIn,
};

function add(left: unknown, right: unknown, site: Site): unknown {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') {
    payForChars(left.length + right.length, site);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    pay(left.length + right.length, site);
    return [...left, ...right];
  }
  const isMixedText = typeof left === 'string' || typeof right === 'string';
  return failPair('+', left, right, site, isMixedText ? '; string(x) makes a string of a number' : '');
}

/** Of two strings, by UTF-16 units as JavaScript has it: below, at or above 0. */
function order(operator: string, left: unknown, right: unknown, site: Site): number {
  if (typeof left !== 'string' || typeof right !== 'string') return failPair(operator, left, right, site);
  payForChars(Math.min(left.length, right.length), site);
  return left < right ? -1 : left > right ? 1 : 0;
}

function isIn(item: unknown, collection: unknown, site: Site): boolean {
  if (Array.isArray(collection)) return includes(collection, item, site);
  if (isMap(collection)) return typeof item === 'string' && Object.hasOwn(collection, item);
  const hint = typeof collection === 'string' ? '; for strings: whole.contains(part)' : '';
  return failAt(site, 'INVALID_ARGUMENT', `in looks into a list or a map, got ${describe(collection)}${hint}`);
}

const takes: Readonly<Record<string, string>> = {
  '+': 'two numbers, two strings or two lists',
  '<': 'two numbers or two strings',
  '>': 'two numbers or two strings',
  '<=': 'two numbers or two strings',
  '>=': 'two numbers or two strings',
};

function failPair(operator: string, left: unknown, right: unknown, site: Site, hint = ''): never {
  const what = takes[operator] ?? 'two numbers';
  failAt(site, 'INVALID_ARGUMENT', `${operator} takes ${what}, got ${describe(left)} and ${describe(right)}${hint}`);
}

function failZero(left: number, operator: string, site: Site): never {
  const message = `${left} ${operator} 0: divided by zero; guard it: b != 0 ? a ${operator} b : …`;
  failAt(site, 'FAILED_PRECONDITION', message);
}
