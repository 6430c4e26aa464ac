// TaskProcessor: runs offloaded functions. A task is named by module and export; its module is imported on the first
// use on a thread, and input and output are structured-cloned.

import { deserialize, serialize } from 'node:v8';
import { type CallHead, type CallReply, codecIds } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext, Task } from '../../runtime/fiber/context.ts';
import type { Processor, ProcessorForm } from '../../scheduler/host-module.ts';

interface TaskCall {
  moduleUrl: string;
  exportName: string;
  input: unknown;
}

/** Tasks whose modules this thread has imported, by URL and export. */
const loaded = new Map<string, Task<unknown, unknown>>();

const form: ProcessorForm = {
  start(head: CallHead, fiber: FiberContext): unknown {
    if (head.codec !== codecIds.v8) {
      throw new HeddleError('INVALID_ARGUMENT', `a task's body travels in codec ${codecIds.v8}, not ${head.codec}`);
    }
    const call = deserialize(head.source.subarray(head.bodyStart, head.bodyEnd)) as TaskCall;
    const task = loaded.get(`${call.moduleUrl} ${call.exportName}`);
    if (task !== undefined) return task.run(call.input, fiber);
    return load(call).then((imported) => imported.run(call.input, fiber));
  },

  encode(value: unknown, reply: CallReply): void {
    try {
      reply.source = serialize(value);
    } catch (cause) {
      throw new HeddleError('INTERNAL', `what the task returned can't be cloned: ${String(cause)}`, { cause });
    }
    reply.codec = codecIds.v8;
    reply.bodyStart = 0;
    reply.bodyEnd = reply.source.length;
  },
};

export const taskProcessor: Processor = {
  service: 'heddle',
  method: 'task',
  reads: false,
  oneWay: false,
  asyncContext: false,
  form: () => form,
};

async function load({ moduleUrl, exportName }: TaskCall): Promise<Task<unknown, unknown>> {
  const module = (await import(moduleUrl)) as Record<string, unknown>;
  const task = module[exportName];
  if (typeof task !== 'object' || task === null || !('run' in task) || typeof task.run !== 'function') {
    throw new HeddleError(
      'FAILED_PRECONDITION',
      `${moduleUrl} exports no task ${exportName}: write export const ${exportName} = task(import.meta.url, '${exportName}', …)`,
    );
  }
  loaded.set(`${moduleUrl} ${exportName}`, task as Task<unknown, unknown>);
  return task as Task<unknown, unknown>;
}
