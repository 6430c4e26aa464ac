// Code of operators, choices and the literals of lists and maps.

import type { Binary, Choice, List, Logic, MapLiteral, Unary } from './ast.ts';
import { type Code, type Context, failBoolean, type Run, siteOf } from './code.ts';
import { failAt } from './evaluation-error.ts';
import { operators } from './operators.ts';
import { describe } from './values.ts';

/** Items up to which a constant list is looked through; a longer one becomes a set. */
const scannedMax = 8;

export function compileUnary(node: Unary, context: Context): Run {
  const operand = context.compile(node.operand).run;
  const site = siteOf(context, node);
  if (node.operator === '!') {
    return (values) => {
      const value = operand(values);
      return typeof value === 'boolean' ? !value : failBoolean('what ! turns round', value, site);
    };
  }
  return (values) => {
    const value = operand(values);
    // 0 - x, since -0 would come out as "-0" or 0, depending on who prints it.
    if (typeof value === 'number') return 0 - value;
    return failAt(site, 'INVALID_ARGUMENT', `- takes a number, got ${describe(value)}`);
  };
}

export function compileBinary(node: Binary, context: Context): Run {
  const left = context.compile(node.left);
  const right = context.compile(node.right);
  const site = siteOf(context, node);
  if (node.operator === 'in' && right.constant !== undefined && isScalarList(right.constant.value)) {
    return isInConstant(left, right.constant.value);
  }
  const operate = operators[node.operator];
  const leftRun = left.run;
  if (right.constant !== undefined) {
    const { value } = right.constant;
    return (values) => operate(leftRun(values), value, site);
  }
  const rightRun = right.run;
  return (values) => operate(leftRun(values), rightRun(values), site);
}

function isInConstant(item: Code, list: readonly unknown[]): Run {
  const { run } = item;
  if (list.length > scannedMax) {
    const set = new Set(list);
    return (values) => set.has(run(values));
  }
  return (values) => {
    const value = run(values);
    for (let at = 0; at < list.length; at++) if (list[at] === value) return true;
    return false;
  };
}

/** NaN, which a set finds and equality does not, can't be written. */
function isScalarList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' && !Number.isNaN(item));
}

/** From the left, and no further than needed: a failure on the way is a failure. */
export function compileLogic(node: Logic, context: Context): Run {
  const left = context.compile(node.left).run;
  const right = context.compile(node.right).run;
  const leftSite = siteOf(context, node.left);
  const rightSite = siteOf(context, node.right);
  const decisive = node.operator === '||';
  const what = `what stands beside ${node.operator}`;
  return (values) => {
    const first = left(values);
    if (first === decisive) return decisive;
    if (typeof first !== 'boolean') return failBoolean(what, first, leftSite);
    const second = right(values);
    return typeof second === 'boolean' ? second : failBoolean(what, second, rightSite);
  };
}

export function compileChoice(node: Choice, context: Context): Run {
  const condition = context.compile(node.condition).run;
  const whenTrue = context.compile(node.whenTrue).run;
  const whenFalse = context.compile(node.whenFalse).run;
  const site = siteOf(context, node.condition);
  return (values) => {
    const value = condition(values);
    if (value === true) return whenTrue(values);
    return value === false ? whenFalse(values) : failBoolean('the condition of a choice', value, site);
  };
}

export function compileList(node: List, context: Context): Run {
  const items = node.items.map((item) => context.compile(item).run);
  return (values) => items.map((item) => item(values));
}

/** Maps have no prototype, so that no key means anything but itself. */
export function compileMap(node: MapLiteral, context: Context): Run {
  const keys = node.keys.map((key) => context.compile(key).run);
  const entries = node.values.map((value) => context.compile(value).run);
  const site = siteOf(context, node);
  return (values) => {
    const map: Record<string, unknown> = Object.create(null);
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!(values);
      if (typeof key !== 'string')
        failAt(site, 'INVALID_ARGUMENT', `the keys of a map are strings, got ${describe(key)}`);
      map[key] = entries[at]!(values);
    }
    return map;
  };
}
