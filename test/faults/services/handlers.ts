// The handlers behind the work contracts. What they begin and end is counted by request id in memory that the test gave
// to all threads (runs.ts), so that a test can hold it against what its clients were told.

import { threadId } from 'node:worker_threads';
import type { Handlers } from '../../../net/service/implement.ts';
import { sumOf, type Work } from './contracts.ts';
import { doom } from './dooms.ts';
import { answerMemoryProbe } from './memory-probe.ts';
import { began, ended } from './runs.ts';

answerMemoryProbe();

export const handlers: Handlers<typeof Work> = {
  async echo({ id, text, sleepMs, spinMs }, fiber) {
    began(id);
    if (sleepMs > 0) await fiber.sleep(sleepMs);
    if (spinMs > 0) spin(spinMs);
    ended(id);
    return { id, text, thread: threadId };
  },
  mirror: ({ id, text }) => {
    began(id);
    ended(id);
    return { id, text, sum: sumOf(text) };
  },
  raw: (body) => body,
  async doom({ how, ms, id }, fiber) {
    if (ms > 0) await fiber.sleep(ms);
    began(id);
    doom(how);
    // Whoever threw from a timer is still here until it fires.
    await fiber.sleep(60_000);
  },
};

function spin(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
