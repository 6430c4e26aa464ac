// What nodes of the tests' strategies run.

import { threadId } from 'node:worker_threads';
import type { FiberContext } from '../../../../runtime/fiber/context.ts';
import { type Doom, doom } from '../../services/dooms.ts';
import { began, ended } from '../../services/runs.ts';

export interface Span {
  thread: number;
  /** On a clock that all threads share, ms. */
  fromMs: number;
  toMs: number;
}

/** Computes for `ms` of its thread's processor time, whatever else the machine does meanwhile. */
export function compute({ ms }: { ms: number }): Span {
  const fromMs = sharedMs();
  const usage = process.threadCpuUsage();
  let usedMs = 0;
  while (usedMs < ms) {
    const { user, system } = process.threadCpuUsage(usage);
    usedMs = (user + system) / 1000;
  }
  return { thread: threadId, fromMs, toMs: sharedMs() };
}

/** Ends the thread that it runs on. */
export async function dies({ how, id }: { how: Doom; id: number }, fiber: FiberContext): Promise<never> {
  began(id);
  doom(how);
  await fiber.sleep(60_000);
  throw new Error('it outlived its doom');
}

/** Sleeps in small parts, each of which is counted under `id`; its own end too. */
export async function works({ id, ms }: { id: number; ms: number }, fiber: FiberContext): Promise<string> {
  for (let slept = 0; slept < ms; slept += 2) {
    began(id);
    await fiber.sleep(2);
  }
  ended(id);
  return 'done';
}

export function echo<Input>(input: Input): Input {
  return input;
}

function sharedMs(): number {
  return performance.timeOrigin + performance.now();
}
