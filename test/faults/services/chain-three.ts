// chain.Three: works, in small slices that are counted where it computes.

import { implement } from '../../../net/service/implement.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { type ChainRun, Three } from './chain-contract.ts';
import { noted } from './chain-notes.ts';

const slices = new Map<string, number>();

export default implement(Three, {
  go: (request, fiber) =>
    noted(
      'three',
      request,
      fiber,
      () => work(request, fiber),
      () => slices.get(request.key) ?? 0,
    ),
  slices: ({ key }) => ({ count: slices.get(key) ?? 0 }),
});

async function work({ key, work, ms }: ChainRun, fiber: FiberContext): Promise<void> {
  switch (work) {
    case 'computes':
      while (!fiber.cancelled) slice(key);
      fiber.check();
      break;
    case 'yields':
      for (;;) {
        slice(key);
        await fiber.yield();
      }
    case 'sleeps':
      await fiber.sleep(ms);
      break;
    case 'outstays':
      await new Promise((resolve) => setTimeout(resolve, ms));
      break;
    case 'holds': {
      const untilMs = performance.now() + ms;
      while (performance.now() < untilMs);
      break;
    }
  }
}

/** A tenth of a millisecond of work. */
function slice(key: string): void {
  const untilMs = performance.now() + 0.1;
  while (performance.now() < untilMs);
  slices.set(key, (slices.get(key) ?? 0) + 1);
}
