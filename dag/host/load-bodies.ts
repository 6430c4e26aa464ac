// loadBodies: what the nodes of a strategy do on this thread: their modules imported, their functions and methods found.
// Called before a set of strategies is used; what is missing is told all at once.

import { HeddleError } from '../../runtime/errors.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import type { NodeBody } from '../run/fiber-run.ts';
import { findFunction, findMethod } from './find-work.ts';
import { nodeTask } from './node-task.ts';

export interface LoadedBodies {
  readonly bodies: readonly NodeBody[];
  /** By node: its work may be tried again. */
  readonly idempotent: readonly boolean[];
}

/** Throws FAILED_PRECONDITION that names each node whose work can't be found, and why. */
export async function loadBodies(definition: StrategyDefinition): Promise<LoadedBodies> {
  const problems: string[] = [];
  const loaded = await Promise.all(
    definition.nodes.map(async (node) => {
      try {
        return await loadBody(node);
      } catch (reason) {
        problems.push(`${definition.name}/${node.name}: ${reason instanceof Error ? reason.message : String(reason)}`);
        return undefined;
      }
    }),
  );
  if (problems.length > 0) throw new HeddleError('FAILED_PRECONDITION', problems.sort().join('\n'));
  return {
    bodies: loaded.map((one) => one!.body),
    idempotent: loaded.map((one) => one!.idempotent),
  };
}

interface Loaded {
  body: NodeBody;
  idempotent: boolean;
}

async function loadBody({ work, pool }: NodeDefinition): Promise<Loaded> {
  switch (work.kind) {
    case 'value':
      return { body: noBody, idempotent: true };
    case 'strategy': {
      const { strategy } = work;
      return { body: (input, fiber, run) => run.runNested(fiber, strategy, input), idempotent: true };
    }
    case 'call':
    case 'method': {
      const method = await findMethod(work);
      return {
        body: (input, fiber) => fiber.call(method, input),
        idempotent: 'reads' in method && method.reads === true,
      };
    }
    case 'run':
    case 'function': {
      // Found here too when it runs elsewhere, so that a mistake shows before a request does.
      const found = await findFunction(work);
      if (pool === undefined) return { body: found, idempotent: true };
      return { body: (input, fiber) => fiber.offload(nodeTask, { work, input }, { pool }), idempotent: true };
    }
  }
}

const noBody: NodeBody = () => null;
