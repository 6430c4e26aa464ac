// Whether metadata is well formed, without decoding it: the IO thread refuses what the fiber's thread could not read.

import { metadataMaxBytes } from '../../../runtime/metadata.ts';

const keyMaxBytes = 128;

/** Bytes that may stand in a key: 1 anywhere, 2 not as the first. */
const keyByteKinds = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789')) keyByteKinds[byte] = 1;
for (const byte of Buffer.from('._-')) keyByteKinds[byte] = 2;

/** What is wrong with the pairs in `source` from `start` to `end`, as the end of a sentence; undefined: nothing. */
export function metadataFault(source: Buffer, start: number, end: number): string | undefined {
  if (end - start > metadataMaxBytes) {
    return `metadata has ${end - start} bytes, over the bound of ${metadataMaxBytes}`;
  }
  let at = start;
  while (at < end) {
    const keyStart = at + 1;
    const keyEnd = keyStart + source[at]!;
    if (keyEnd + 2 > end) return `metadata is cut short at its byte ${at - start}`;
    const valueEnd = keyEnd + 2 + source[keyEnd]! + source[keyEnd + 1]! * 256;
    if (valueEnd > end) return `metadata is cut short at its byte ${keyEnd - start}`;
    if (keyEnd === keyStart || keyEnd - keyStart > keyMaxBytes || keyByteKinds[source[keyStart]!] !== 1) {
      return badKey(at - start);
    }
    for (let index = keyStart + 1; index < keyEnd; index++) {
      if (keyByteKinds[source[index]!] === 0) return badKey(at - start);
    }
    at = valueEnd;
  }
  return undefined;
}

function badKey(offset: number): string {
  return `the metadata key at byte ${offset} must be 1 to ${keyMaxBytes} bytes of a-z 0-9 . _ - and begin with a letter or digit`;
}
