// Metadata: short text pairs that travel beside a body, both ways. Bytes: repeated { key length u8, key, value length
// u16 little-endian, value }, UTF-8. Keys are lower-case; they stay bytes until somebody asks (most requests never do).

import { HeddleError } from './errors.ts';

/** Bound of all metadata of one message, bytes: it travels in every hop's copy, so it is for ids and hints, not for data. */
export const metadataMaxBytes = 16_384;

const keyPattern = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/** Encodes pairs. Throws INVALID_ARGUMENT naming the key that is not `[a-z0-9][a-z0-9._-]*` or too long, or the size. */
export function encodeMetadata(pairs: Iterable<readonly [string, string]>): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (const [key, value] of pairs) {
    if (!keyPattern.test(key)) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `metadata key ${JSON.stringify(key.slice(0, 140))} must be 1 to 128 characters of a-z 0-9 . _ - and begin with a letter or digit`,
      );
    }
    const keyBytes = Buffer.from(key, 'latin1');
    const valueBytes = Buffer.from(value, 'utf8');
    total += 3 + keyBytes.length + valueBytes.length;
    if (total > metadataMaxBytes) {
      throw new HeddleError('INVALID_ARGUMENT', `metadata is over ${metadataMaxBytes} bytes at key ${key}`);
    }
    const lengths = Buffer.from([valueBytes.length & 255, valueBytes.length >>> 8]);
    parts.push(Buffer.from([keyBytes.length]), keyBytes, lengths, valueBytes);
  }
  return Buffer.concat(parts);
}

/** Decodes pairs; a later pair of one key wins. Throws INVALID_ARGUMENT with the offset when the bytes are cut short. */
export function decodeMetadata(source: Buffer, start: number, end: number): Map<string, string> {
  const pairs = new Map<string, string>();
  let at = start;
  while (at < end) {
    const keyEnd = at + 1 + source[at]!;
    if (keyEnd + 2 > end) throw cutShort(at - start);
    const valueEnd = keyEnd + 2 + source.readUInt16LE(keyEnd);
    if (valueEnd > end) throw cutShort(keyEnd - start);
    pairs.set(source.toString('latin1', at + 1, keyEnd), source.toString('utf8', keyEnd + 2, valueEnd));
    at = valueEnd;
  }
  return pairs;
}

function cutShort(offset: number): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `metadata is cut short at byte ${offset}`);
}
