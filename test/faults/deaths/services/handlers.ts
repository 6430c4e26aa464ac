// The handlers of the death tests: each request is recorded when it begins, ends, and is no longer wanted.

import type { FiberContext } from '../../../../runtime/fiber/context.ts';
import { doom } from '../../services/dooms.ts';
import { readRequest, reply } from './contracts.ts';
import { sharedRecord } from './record.ts';

const record = sharedRecord();

export async function handle(body: Buffer, fiber: FiberContext): Promise<Buffer> {
  const { id, sleepMs, doom: how } = readRequest(body);
  record.began(id);
  fiber.onCancel(() => record.unwanted(id));
  if (sleepMs > 0) await fiber.sleep(sleepMs);
  if (how !== undefined) {
    doom(how);
    // Whoever threw from a timer is still here until it fires.
    await fiber.sleep(60_000);
  }
  record.ended(id);
  return reply(body);
}
