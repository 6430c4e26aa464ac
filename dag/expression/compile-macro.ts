// Code of macros: loops over a list's items, or a map's keys. Each pass pays for itself and for the length of its body,
// before it is made. A failing body fails the macro: nothing is swallowed because another item would decide.

import { type Macro, nodesIn } from './ast.ts';
import { type Context, failBoolean, type Run, siteOf } from './code.ts';
import { failAt, type Site } from './evaluation-error.ts';
import { pay } from './meter.ts';
import { sorted } from './sorting.ts';
import { describe, isMap } from './values.ts';

/** Nodes of a body that are worth one step. */
const nodesPerStep = 8;

/** One pass of a macro: the item in, the body's value out. */
interface Loop {
  readonly target: Run;
  readonly condition: Run | undefined;
  readonly body: Run;
  readonly locals: unknown[];
  readonly local: number;
  readonly stepsPerPass: number;
  readonly name: string;
  readonly site: Site;
}

export function compileMacro(node: Macro, context: Context): Run {
  const target = context.compile(node.target).run;
  const { context: within, local } = context.bind(node.variable);
  const condition = node.condition === undefined ? undefined : within.compile(node.condition).run;
  const body = within.compile(node.body).run;
  const bodyNodes = nodesIn(node.body) + (node.condition === undefined ? 0 : nodesIn(node.condition));
  const stepsPerPass = 1 + Math.floor(bodyNodes / nodesPerStep);
  const { name } = node;
  const loop = {
    target,
    condition,
    body,
    locals: context.locals,
    local,
    stepsPerPass,
    name,
    site: siteOf(context, node),
  };
  return makers[name](loop);
}

const makers: Readonly<Record<Macro['name'], (loop: Loop) => Run>> = {
  all: (loop) => (values) => !anyGives(loop, values, false),
  exists: (loop) => (values) => anyGives(loop, values, true),
  exists_one: (loop) => (values) => filter(loop, values).length === 1,
  filter: (loop) => (values) => filter(loop, values),
  map: (loop) => (values) => map(loop, values),
  sortBy: (loop) => (values) => {
    const items = itemsOf(loop, values);
    const keys = items.map((item) => pass(loop, item, values));
    return sorted(items, keys, loop.site);
  },
};

/** Whether the body gives `wanted` for some item; it stops at the first. */
function anyGives(loop: Loop, values: readonly unknown[], wanted: boolean): boolean {
  for (const item of itemsOf(loop, values)) if (test(loop, loop.body, item, values) === wanted) return true;
  return false;
}

function filter(loop: Loop, values: readonly unknown[]): unknown[] {
  const kept: unknown[] = [];
  for (const item of itemsOf(loop, values)) if (test(loop, loop.body, item, values)) kept.push(item);
  return kept;
}

function map(loop: Loop, values: readonly unknown[]): unknown[] {
  const made: unknown[] = [];
  const { condition } = loop;
  for (const item of itemsOf(loop, values)) {
    if (condition !== undefined && !test(loop, condition, item, values)) continue;
    made.push(pass(loop, item, values));
  }
  return made;
}

function test(loop: Loop, condition: Run, item: unknown, values: readonly unknown[]): boolean {
  pay(loop.stepsPerPass, loop.site);
  loop.locals[loop.local] = item;
  const value = condition(values);
  return typeof value === 'boolean' ? value : failBoolean(`the condition of ${loop.name}`, value, loop.site);
}

function pass(loop: Loop, item: unknown, values: readonly unknown[]): unknown {
  pay(loop.stepsPerPass, loop.site);
  loop.locals[loop.local] = item;
  return loop.body(values);
}

function itemsOf({ target, name, site }: Loop, values: readonly unknown[]): readonly unknown[] {
  const value = target(values);
  if (Array.isArray(value)) return value;
  if (!isMap(value))
    failAt(site, 'INVALID_ARGUMENT', `${name} goes over a list or the keys of a map, got ${describe(value)}`);
  const keys = Object.keys(value);
  pay(keys.length, site);
  return keys;
}
