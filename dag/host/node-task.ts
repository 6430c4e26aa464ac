// nodeTask: a node's function on another pool. Offloaded like any task: the input is cloned, the module imported there.

import { task } from '../../runtime/fiber/task.ts';
import { type FunctionWork, findFunction, type NodeFunction } from './find-work.ts';

interface NodeTaskInput {
  work: FunctionWork;
  input: unknown;
}

/** Functions of this thread, by what names them. Bounded by what published strategies name. */
const functions = new Map<string, NodeFunction>();

export const nodeTask = task(import.meta.url, 'nodeTask', ({ work, input }: NodeTaskInput, fiber) => {
  const key = `${work.moduleUrl} ${work.exportName} ${work.kind === 'function' ? work.node : ''}`;
  const known = functions.get(key);
  if (known !== undefined) return known(input, fiber);
  return findFunction(work).then((found) => {
    functions.set(key, found);
    return found(input, fiber);
  });
});
