// The handlers behind the work contracts. What they begin and end is counted by request id in memory that the test gave
// to all threads (runs.ts), so that a test can hold it against what its clients were told.

import { pbkdf2Sync } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import type { Handlers } from '../../../net/implement.ts';
import { type Doom, sumOf, type Work } from './contracts.ts';
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

function doom(how: Doom): void {
  switch (how) {
    case 'exit':
      process.exit(0);
      break;
    case 'throw':
      setTimeout(() => {
        throw new Error('thrown by a timer, as a test asked');
      }, 0);
      break;
    case 'reject':
      void Promise.reject(new Error('rejected with nobody listening, as a test asked'));
      break;
    case 'heap': {
      const kept: unknown[] = [];
      for (;;) kept.push(Array.from({ length: 1000 }, (_, at) => ({ at })));
    }
    case 'pbkdf2':
      // A second or so in native code, where terminate() has to wait.
      pbkdf2Sync('password', 'salt', 6_000_000, 32, 'sha256');
      break;
    case 'loop':
      for (;;);
  }
}

function spin(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
