// startBody: a request's fiber reads its body, decompressed first if need be, and enters its handler. No closure for each
// request: what the fiber needs of the head it finds here, where it lies until `start` returns.

import type { CallHead } from '../runtime/call.ts';
import { bodyCompression } from '../runtime/compression-byte.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { Fiber } from '../runtime/fiber/fiber.ts';
import type { BodyCompression } from './host-module.ts';
import type { RunningRequest } from './running-request.ts';

let currentHead: CallHead;
let currentCompression: BodyCompression | undefined;

/** `fiber`: of a RunningRequest; new. */
export function startBody(fiber: Fiber, head: CallHead, compression: BodyCompression | undefined): void {
  currentHead = head;
  currentCompression = compression;
  fiber.start(runRequest);
}

function runRequest(fiber: Fiber): unknown {
  const request = fiber.origin as RunningRequest;
  if (bodyCompression(currentHead.compression) !== 0) inflate(request, currentHead);
  request.form = request.processor!.form(currentHead);
  return request.form.start(currentHead, fiber);
}

function inflate(request: RunningRequest, head: CallHead): void {
  if (currentCompression === undefined) throw new HeddleError('UNIMPLEMENTED', 'this thread does not decompress');
  currentCompression.inflate(request.method, head);
}
