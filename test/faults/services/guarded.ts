// The handlers behind faults.Guarded.

import { pbkdf2Sync } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import { implement } from '../../../net/service/implement.ts';
import { Guarded, type Stall } from './guarded-contract.ts';

const kept: unknown[] = [];

export default implement(Guarded, {
  echo: ({ id }) => ({ id }),
  async stall({ how, ms }, fiber) {
    if (how === 'after-await') await new Promise((resolve) => setImmediate(resolve));
    stall(how, ms);
    await fiber.sleep(0);
    return {};
  },
  grow({ heap, buffers }) {
    if (buffers > 0) kept.push(Buffer.alloc(buffers, 1));
    for (let bytes = 0; bytes < heap; bytes += 80) kept.push({ bytes, more: [bytes] });
    return { thread: threadId };
  },
  async outstay({ ms }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return {};
  },
  orphan({ ms }, fiber) {
    fiber.spawn(() => new Promise((resolve) => setTimeout(resolve, ms)));
    throw new Error('the parent of a child');
  },
  async sleep({ ms }, fiber) {
    await fiber.sleep(ms);
    return { thread: threadId };
  },
  poison({ text }) {
    if (text !== 'good') process.exit(1);
    return { text };
  },
});

function stall(how: Stall, ms: number): void {
  const endMs = performance.now() + ms;
  switch (how) {
    case 'loop':
    case 'after-await':
      spinUntil(endMs);
      break;
    case 'regexp':
      /^(a+)+$/.test(`${'a'.repeat(40)}b`);
      break;
    case 'json':
      while (performance.now() < endMs) JSON.parse(`[${'[1,2],'.repeat(2_000_000)}0]`);
      break;
    case 'native':
      pbkdf2Sync('password', 'salt', 12_000_000, 32, 'sha256');
      break;
  }
}

function spinUntil(endMs: number): void {
  while (performance.now() < endMs);
}
