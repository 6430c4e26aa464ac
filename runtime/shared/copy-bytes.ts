// copyBytes and copyCall: names, metadata and bodies into the shared memory of queues and rings. Most are short, and many have
// none of one.

import type { CallHead } from '../call.ts';

/** Up to here a loop in JavaScript beats the step into C++. */
const shortBytes = 48;

/** Copies `source[start..end)` to `target[at]`; returns where it ends there. The room is the caller's to know. */
export function copyBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length > shortBytes) source.copy(target, at, start, end);
  else for (let index = 0; index < length; index++) target[at + index] = source[start + index]!;
  return at + length;
}

/** `name`, metadata and body, one behind the other, to `target[offset]`. */
export function copyCall(target: Buffer, offset: number, name: Buffer | undefined, head: CallHead): void {
  const start = name === undefined ? offset : copyBytes(target, offset, name, 0, name.length);
  const at = copyBytes(target, start, head.source, head.metadataStart, head.metadataEnd);
  copyBytes(target, at, head.source, head.bodyStart, head.bodyEnd);
}
