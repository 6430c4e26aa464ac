// Sends each request on to the address that it names, as the bytes that it is, and the answer back. Deadline and cancel go
// along; nothing is decoded here.

import { type CodecName, type FiberContext, HeddleError, implement } from 'heddle';
import { BytesProxy } from './contract.ts';
import { Targets } from './targets.ts';

/** Where requests may go. Without such a list, whoever reaches a proxy reaches all that its machine does. */
const allowed = /^heddle:\/\/127\.0\.0\.1:\d+$/;

const targets = new Targets();

export default implement(BytesProxy, {
  async forward(body, fiber) {
    const to = { target: said(fiber, 'target'), service: said(fiber, 'service'), method: said(fiber, 'method') };
    if (!allowed.test(to.target)) throw new HeddleError('PERMISSION_DENIED', `nothing is sent on to ${to.target}`);
    const codec = (fiber.metadata.get('codec') ?? 'bytes') as CodecName;
    const left = fiber.remainingMs();
    const deadline = left === Number.POSITIVE_INFINITY ? {} : { timeoutMs: Math.max(left, 1) };
    return targets.call(to, body, { codec, signal: fiber.signal, ...deadline });
  },
});

function said(fiber: FiberContext, key: string): string {
  const value = fiber.metadata.get(key);
  if (value !== undefined) return value;
  throw new HeddleError('INVALID_ARGUMENT', `the metadata does not say ${key}: it takes target, service and method`);
}
