// findWork: what the functions and methods behind nodes take, give and allow, by importing them. On the thread that loads
// a set; the checks ask here.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MethodRef } from '../../runtime/fiber/context.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import type { WorkShape } from '../check/known.ts';
import type { NodeDefinition, Work } from '../definition.ts';
import type { ReadStrategy } from '../file/read-strategy.ts';
import { type FunctionWork, findFunction, findMethod, type MethodWork } from '../host/find-work.ts';
import type { Importer } from './importer.ts';

/** By node. One that is missing here was refused by the reader, or does nothing that a module says. */
export async function findWork(
  strategies: readonly ReadStrategy[],
  importer: Importer,
): Promise<Map<NodeDefinition, WorkShape>> {
  const found = new Map<NodeDefinition, WorkShape>();
  for (const { definition } of strategies) {
    for (const node of definition.nodes) {
      const { work } = node;
      if (work.kind === 'value' || work.kind === 'strategy') continue;
      // What the reader reported is not to be told twice.
      if (!isThere(work.moduleUrl)) continue;
      // One after another: whoever watches this thread knows which module it stands in.
      found.set(node, await shapeOf(work, importer));
    }
  }
  return found;
}

function isThere(moduleUrl: string): boolean {
  if (!moduleUrl.startsWith('file:')) return moduleUrl !== '';
  return existsSync(fileURLToPath(moduleUrl));
}

async function shapeOf(work: FunctionWork | MethodWork, importer: Importer): Promise<WorkShape> {
  try {
    await importer.import(work.moduleUrl);
    if (work.kind === 'run' || work.kind === 'function') {
      await findFunction(work);
      return {};
    }
    return methodShape(await findMethod(work));
  } catch (reason) {
    const problem = reason instanceof Error ? reason.message : String(reason);
    return { problem: problem + (work.kind === 'call' ? await methodHint(work, importer) : '') };
  }
}

/** What a contract has in place of a method that it lacks. */
async function methodHint(work: Work & { kind: 'call' }, importer: Importer): Promise<string> {
  const { moduleUrl, exportName, method } = work;
  try {
    const { [exportName]: contract } = await importer.import(moduleUrl);
    if (typeof contract !== 'object' || contract === null || method in contract) return '';
    const methods = Object.entries(contract).flatMap(([name, one]) => (isMethod(one) ? [name] : []));
    if (methods.length === 0) return '';
    const near = nearest(method, methods);
    return near === undefined ? `; it has ${methods.join(', ')}` : `; did you mean ${near}?`;
  } catch {
    return '';
  }
}

function isMethod(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'service' in value && 'method' in value;
}

/** A method of a contract, as net makes it; dag knows of it only this. */
interface ShapedMethod extends MethodRef<unknown, unknown> {
  readonly reads?: unknown;
  readonly codec?: { shapes?: () => { request: ValueShape; response: ValueShape } };
}

function methodShape(method: MethodRef<unknown, unknown>): WorkShape {
  const { reads, codec } = method as ShapedMethod;
  const shapes = codec?.shapes?.();
  return { ...shapes, ...(typeof reads === 'boolean' ? { idempotent: reads } : {}) };
}
