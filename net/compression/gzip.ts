// gzip: the compressor that every HTTP client knows. On CPU threads and in stand-alone clients.

import { compressionLevelDefault, gzipLevelMax } from '../../runtime/compression-levels.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { CompressorDefinition } from '../../runtime/plugins/compressor.ts';
import { believedBytes, wholeOutput, zlib } from './zlib.ts';

/** Room for the output when the input does not say how long it will be, bytes. */
const outputBytes = 16_384;

/**
 * gzip at a level of 1 (fast, default) to 9 (small). Decompression takes members behind each other as one body, as RFC
 * 1952 says. Throws INVALID_ARGUMENT for another level.
 */
export function gzip(level: number = compressionLevelDefault): CompressorDefinition {
  if (!Number.isInteger(level) || level < 1 || level > gzipLevelMax) {
    throw new HeddleError('INVALID_ARGUMENT', `the level of gzip must be 1 to ${gzipLevelMax}, not ${level}`);
  }
  return {
    name: 'gzip',
    id: 1,
    encoding: 'gzip',
    compress: (bytes) => zlib().gzipSync(bytes, { level, chunkSize: Math.max(64, bytes.length) }),
    decompress: (bytes, maxBytes) => {
      const options = { maxOutputLength: Math.max(1, maxBytes), chunkSize: roomFor(bytes, maxBytes), info: true };
      return wholeOutput(zlib().gunzipSync(bytes, options), bytes);
    },
  };
}

/**
 * The end of a member says how long its data is, and one byte more lets zlib see that it has ended. Too little costs
 * rounds, at most as many as deflate's best ratio, 1032, since less than the input is not believed; nor is much more.
 */
function roomFor(bytes: Buffer, maxBytes: number): number {
  const saidBytes = bytes.length < 18 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  if (saidBytes < bytes.length) return outputBytes + 1;
  return believedBytes(Math.min(saidBytes, Math.max(outputBytes, maxBytes)), bytes, outputBytes) + 1;
}
