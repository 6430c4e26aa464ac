// test.Work: handlers that take time.

import { threadId } from 'node:worker_threads';
import { implement } from '../../../net/service/implement.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { busyFor } from './busy.ts';
import { Work } from './contracts.ts';
import { post } from './events.ts';
import { busyTask, failsTask, missingTask, sleepsTask, unclonableTask } from './tasks.ts';

const tasks = { fails: failsTask, missing: missingTask, sleeps: sleepsTask, unclonable: unclonableTask };

export default implement(Work, {
  async busy({ ms, sleepMs, awaitMs, key }, fiber) {
    if (sleepMs > 0) await fiber.sleep(sleepMs);
    if (awaitMs > 0) await new Promise((resolve) => setTimeout(resolve, awaitMs));
    if (key !== '') post(key, 'busy');
    return busyFor(ms);
  },

  async spin({ key, ms }, fiber) {
    post(key, 'started');
    const endMs = performance.now() + ms;
    await told(key, fiber, async () => {
      while (performance.now() < endMs) fiber.check();
    });
  },

  async sleep({ key, ms }, fiber) {
    post(key, 'started');
    await told(key, fiber, () => fiber.sleep(ms));
  },

  async signal({ key }, fiber) {
    const aborted = new Promise<never>((_resolve, reject) => {
      fiber.signal.addEventListener('abort', () => reject(fiber.signal.reason));
    });
    post(key, 'started');
    await told(key, fiber, () => aborted);
  },

  async stubborn({ key, ms }) {
    post(key, 'started');
    await new Promise((resolve) => setTimeout(resolve, ms));
    post(key, 'returned');
  },

  async nested({ key, ms }, fiber) {
    await told(`${key}-outer`, fiber, () => fiber.call(Work.sleep, { key, ms }));
  },

  async self({ depth, awaitMs }, fiber) {
    if (depth === 0) return { levels: 0 };
    if (awaitMs > 0) await new Promise((resolve) => setTimeout(resolve, awaitMs));
    const { levels } = await fiber.call(Work.self, { depth: depth - 1, awaitMs });
    return { levels: levels + 1 };
  },

  async parallel({ count, ms }, fiber) {
    const results = await fiber.parallel(busyTask, new Array<number>(count).fill(ms));
    return { spans: results.map(({ span }) => span) };
  },

  async offload({ ms, pool }, fiber) {
    const result = await fiber.offload(busyTask, ms, pool === '' ? {} : { pool });
    return { ...result, thread: threadId };
  },

  async task({ name, key }, fiber) {
    return { value: await fiber.offload(tasks[name], key) };
  },
});

/** Posts how a body ended: `returned`, or the code it failed with, and whether the fiber was asked to stop. */
async function told(key: string, fiber: FiberContext, body: () => Promise<unknown>): Promise<void> {
  fiber.onCancel((reason) => post(key, `cancel ${reason.code}`));
  try {
    await body();
    post(key, 'returned');
  } catch (reason) {
    post(key, `${HeddleError.from(reason).code}${fiber.cancelled ? ' cancelled' : ''}`);
    throw reason;
  }
}
