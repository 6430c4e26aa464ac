// A service whose handlers can take the whole process along, not only their thread.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';

export const TakesProcess = service('faults.TakesProcess', {
  echo: method(json(z.object({ id: z.number() }), z.object({ id: z.number(), pid: z.number() })), { reads: true }),
  doom: method(json(z.object({ how: z.enum(['huge-allocation', 'abort', 'segfault']) }))),
});

export default implement(TakesProcess, {
  async echo({ id }, fiber) {
    await fiber.sleep(id % 5);
    return { id, pid: process.pid };
  },
  async doom({ how }, fiber) {
    // Past the heap limit in one step: V8 has no time to end the thread, and aborts the process.
    if (how === 'huge-allocation') new Array(2 ** 25 - 8).fill(1.5);
    // On a worker thread process.abort() only throws; native code that gives up does this.
    if (how === 'abort') process.kill(process.pid, 'SIGABRT');
    if (how === 'segfault') process.kill(process.pid, 'SIGSEGV');
    // Some thread takes the signal, at its next moment in the kernel.
    await fiber.sleep(60_000);
  },
});
