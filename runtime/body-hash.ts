// bodyHash: a number for the bytes of a request, by which one that ends its thread is known again. It stands on the board
// while the request is on its thread's stack, so it is made for each request and must cost next to nothing. MurmurHash3
// (Appleby), 32 bits; long bodies go through zlib's CRC-32 first, which is native code. No defence against somebody who
// forges a body to fit: he can end threads as it is.

import { finish, mix, scramble } from './murmur3-steps.ts';

// Not imported: see lean-http.ts.
const { crc32 } = process.getBuiltinModule('node:zlib');

/** From here on the call into native code costs less than the loop, bytes. */
const nativeFromBytes = 512;

/** Of `source` from `start` to `end`: a signed 32-bit number. */
export function bodyHash(source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length >= nativeFromBytes) return finish(mix(length | 0, crc32(source.subarray(start, end)) | 0), length);
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
    hash = mix(hash, word);
  }
  let tail = 0;
  for (let shift = 0; at < end; at++, shift += 8) tail |= source[at]! << shift;
  hash ^= scramble(tail);
  return finish(hash, length);
}

/** `9f86d081`, as people see it. */
export function hashText(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}
