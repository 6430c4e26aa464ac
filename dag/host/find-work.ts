// findFunction and findMethod: the code behind a node's `run` and `call`: its module imported, its export looked at. On the
// threads that run it, and on the one that checks strategies before they are published.

import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext, MethodRef } from '../../runtime/fiber/context.ts';
import { fileOf, moduleProblem } from '../../runtime/module-problem.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { Work } from '../definition.ts';
import { isStrategy } from '../strategy.ts';

export type NodeFunction = (input: unknown, fiber: FiberContext) => unknown;

export type FunctionWork = Work & { kind: 'run' | 'function' };
export type MethodWork = Work & { kind: 'call' | 'method' };

/** Throws FAILED_PRECONDITION with a sentence on what is not there. */
export async function findFunction(work: FunctionWork): Promise<NodeFunction> {
  return functionOf(await exportOf(work), work);
}

/** The method of a contract, as the contract has it. Throws as findFunction does. */
export async function findMethod(work: MethodWork): Promise<MethodRef<unknown, unknown>> {
  return methodOf(await exportOf(work), work);
}

async function exportOf({ moduleUrl, exportName }: { moduleUrl: string; exportName: string }): Promise<unknown> {
  let module: Record<string, unknown>;
  try {
    module = (await import(moduleUrl)) as Record<string, unknown>;
  } catch (reason) {
    throw wrong(`${fileOf(moduleUrl)}: ${moduleProblem(reason, moduleUrl)}`);
  }
  if (module[exportName] !== undefined) return module[exportName];
  const near = nearest(exportName, Object.keys(module));
  const hint =
    near === undefined ? `it exports ${Object.keys(module).join(', ') || 'nothing'}` : `did you mean ${near}?`;
  throw wrong(`${fileOf(moduleUrl)} exports no ${exportName}; ${hint}`);
}

function functionOf(exported: unknown, work: FunctionWork): NodeFunction {
  const found = work.kind === 'function' ? optionOf(exported, work.node, 'run') : exported;
  if (typeof found === 'function') return found as NodeFunction;
  // What task() makes runs here just as well.
  if (typeof found === 'object' && found !== null && 'run' in found && typeof found.run === 'function') {
    return found.run as NodeFunction;
  }
  throw wrong(`${fileOf(work.moduleUrl)}: ${work.exportName} is no function (input, fiber) => output`);
}

function methodOf(exported: unknown, work: MethodWork): MethodRef<unknown, unknown> {
  const found =
    work.kind === 'method'
      ? optionOf(exported, work.node, 'call')
      : (exported as { [method: string]: unknown } | null)?.[work.method];
  if (typeof found === 'object' && found !== null && 'service' in found && 'method' in found) {
    return found as MethodRef<unknown, unknown>;
  }
  throw wrong(`${fileOf(work.moduleUrl)}: ${work.exportName} is no contract with a method ${work.method}`);
}

function optionOf(exported: unknown, node: string, key: 'run' | 'call'): unknown {
  if (!isStrategy(exported)) return undefined;
  const nodes: { readonly [name: string]: { readonly run?: unknown; readonly call?: unknown } } =
    exported.options.nodes;
  return nodes[node]?.[key];
}

function wrong(message: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', message);
}
