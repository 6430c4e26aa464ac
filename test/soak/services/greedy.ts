// soak.Greedy: takes memory, libuv's threads, the log's room and, by one allocation, the whole process.

import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { implement } from '../../../net/service/implement.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';
import { Greedy } from './contracts.ts';

answerMemoryProbe();

const hash = promisify(pbkdf2);
const kept: Buffer[] = [];

export default implement(Greedy, {
  async echo({ id }, fiber) {
    await fiber.sleep(id % 5);
    return { id };
  },
  keep({ bytes }) {
    kept.push(Buffer.alloc(bytes, 1));
    return {};
  },
  async hash({ jobs }) {
    await Promise.all(Array.from({ length: jobs }, () => hash('password', 'salt', 40_000, 32, 'sha256')));
    return {};
  },
  burst() {
    new Array(2 ** 25 - 8).fill(1.5);
    return {};
  },
  writeLog({ lines }, fiber) {
    for (let line = 0; line < lines; line++) fiber.log.warn({ line }, 'x'.repeat(1_000));
    return {};
  },
});
