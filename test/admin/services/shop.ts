// metrics.Shop: handlers that count, set and observe, also in child fibers, tasks, jobs and the nodes of a strategy.

import { threadId } from 'node:worker_threads';
import { strategy } from '../../../dag/strategy.ts';
import { implement } from '../../../net/service/implement.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { Desk, Shop } from './shop-contract.ts';

const metric = 'shop_fibers';

export const counted = task(import.meta.url, 'counted', (_input: object, fiber: FiberContext) => {
  fiber.metrics.count(metric, 1, { of: 'task' });
});

export function job(_input: object, fiber: FiberContext): void {
  fiber.metrics.count(metric, 1, { of: 'job' });
}

export const counting = strategy('shop.counting', {
  nodes: { one: { run: countNode } },
  output: 'one',
});

function countNode(_input: object, fiber: FiberContext): number {
  fiber.metrics.count(metric, 1, { of: 'node' });
  return 1;
}

export default implement(Shop, {
  async order({ kind, seconds, spinMs }, fiber) {
    fiber.metrics.count('shop_orders', 1, { kind });
    fiber.metrics.gauge('shop_last_order_seconds', seconds);
    fiber.metrics.observe('shop_order_seconds', seconds, { kind });
    const untilMs = performance.now() + spinMs;
    while (performance.now() < untilMs);
    return { thread: threadId };
  },
  async everywhere(_request, fiber) {
    fiber.metrics.count(metric, 1, { of: 'request' });
    await fiber.spawn((child) => child.metrics.count(metric, 1, { of: 'child' })).join();
    await fiber.offload(counted, {});
    await fiber.run('shop.counting', {});
    await fiber.call(Desk.ask, {});
  },
  leave: () => process.exit(1),
});
