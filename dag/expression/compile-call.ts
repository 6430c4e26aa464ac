// Code of function calls: each argument is calculated, checked against its parameter and handed over; no array of
// arguments is made.

import type { Call, Node } from './ast.ts';
import { type Context, type Run, siteOf } from './code.ts';
import { failAt, type Site } from './evaluation-error.ts';
import type { FunctionSpec, Param } from './functions/spec.ts';
import { functionNamed } from './functions/table.ts';
import { describe } from './values.ts';

const nothing: Run = () => undefined;

export function compileCall(node: Call, context: Context): Run {
  const spec = functionNamed(node.name);
  // parseExpression refuses others, so this is a tree made by hand.
  if (spec === undefined) return failAt(siteOf(context, node), 'INVALID_ARGUMENT', `there is no function ${node.name}`);
  const site = siteOf(context, node);
  const args = node.args.map((arg, at) => checked(arg, at, spec, site, context));
  if (spec.isFolded && args.length > 2) return folded(spec, args, site);
  const [first = nothing, second = nothing, third = nothing] = args;
  const { run } = spec;
  switch (args.length) {
    case 1:
      return (values) => run(site, first(values), undefined, undefined);
    case 2:
      return (values) => run(site, first(values), second(values), undefined);
    default:
      return (values) => run(site, first(values), second(values), third(values));
  }
}

/** f(a, b, c) as f(f(a, b), c). */
function folded({ run }: FunctionSpec, args: readonly Run[], site: Site): Run {
  return (values) => {
    let result = args[0]!(values);
    for (let at = 1; at < args.length; at++) result = run(site, result, args[at]!(values), undefined);
    return result;
  };
}

function checked(arg: Node, at: number, spec: FunctionSpec, site: Site, context: Context): Run {
  const { run } = context.compile(arg);
  const param: Param<unknown> = spec.params[Math.min(at, spec.params.length - 1)]!;
  return (values) => {
    const value = run(values);
    return param.accepts(value) ? value : failArgument(spec, param, at, value, site);
  };
}

function failArgument(
  { name, params }: FunctionSpec,
  { what }: Param<unknown>,
  at: number,
  value: unknown,
  site: Site,
) {
  const which = params.length === 1 ? '' : ` as value ${at + 1}`;
  const hint = name !== 'contains' || !Array.isArray(value) ? '' : '; for lists: item in list';
  return failAt(site, 'INVALID_ARGUMENT', `${name} takes ${what}${which}, got ${describe(value)}${hint}`);
}
