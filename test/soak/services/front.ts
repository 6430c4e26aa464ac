// soak.Front: every request becomes others: nested ones, offloaded ones, and calls of the backend's process both ways.

import { implement } from '../../../net/service/implement.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { isTagged, taggedBytes, Work } from '../../faults/services/contracts.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';
import { Far, Front, Near } from './contracts.ts';

answerMemoryProbe();

interface Echo {
  id: number;
  text: string;
}

export const echoTask = task(import.meta.url, 'echoTask', async ({ id, text }: Echo, fiber) => {
  await fiber.sleep(id % 3);
  return { id, text };
});

export default implement(Front, {
  async relay({ id, text, sleepMs, how }, fiber): Promise<Echo> {
    switch (how) {
      case 'nested':
        return nested({ id, text }, sleepMs, fiber);
      case 'offload':
        return fiber.offload(echoTask, { id, text }, { pool: 'work', idempotent: true });
      case 'parallel': {
        const parts = [0, 1, 2].map((part) => ({ id: id + part, text }));
        const answers = await fiber.parallel(echoTask, parts, { pool: 'work', idempotent: true });
        const isRight = answers.every((answer, part) => answer.id === id + part && answer.text === text);
        return { id: isRight ? id : -1, text };
      }
      case 'far':
        return far({ id, text }, sleepMs, fiber);
      case 'near': {
        const length = 8 + (id % 5_000);
        return { id: isTagged(await fiber.call(Near.raw, taggedBytes(id, length)), id, length) ? id : -1, text };
      }
      case 'both': {
        const [here, there] = await fiber.all([
          (child) => nested({ id, text }, sleepMs, child),
          (child) => far({ id: id + 1, text }, sleepMs, child),
        ]);
        return { id: there.id === id + 1 ? here.id : -1, text: there.text === text ? here.text : '' };
      }
    }
  },
});

async function nested({ id, text }: Echo, sleepMs: number, fiber: FiberContext): Promise<Echo> {
  const answer = await fiber.call(Work.echo, { id, text, sleepMs });
  return { id: answer.id, text: answer.text };
}

function far({ id, text }: Echo, sleepMs: number, fiber: FiberContext): Promise<Echo> {
  return fiber.call(Far.echo, { id, text, sleepMs });
}
