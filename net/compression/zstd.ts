// zstd: smaller and faster than gzip, between peers that both know it. On CPU threads and in stand-alone clients.

import { compressionLevelDefault, zstdLevelMax } from '../../runtime/compression-levels.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { CompressorDefinition } from '../../runtime/plugins/compressor.ts';
import { believedBytes, wholeOutput, zlib } from './zlib.ts';
import { zstdFrame } from './zstd-frame.ts';

/** The largest window that a frame may ask its decoder to hold, as a power of two: 8 MiB, HTTP's bound (RFC 9659). */
const windowLogMax = 23;
/** Room for the output when the frame does not say how long it will be, or nobody would believe it, bytes: one block. */
const outputBytes = 131_072;

/**
 * zstd at a level of 1 (fast, default) to 19 (small). Decompression takes exactly one frame, with a window of at most 8
 * MiB. Throws INVALID_ARGUMENT for another level.
 */
export function zstd(level: number = compressionLevelDefault): CompressorDefinition {
  if (!Number.isInteger(level) || level < 1 || level > zstdLevelMax) {
    throw new HeddleError('INVALID_ARGUMENT', `the level of zstd must be 1 to ${zstdLevelMax}, not ${level}`);
  }
  return {
    name: 'zstd',
    id: 2,
    encoding: 'zstd',
    compress: (bytes) => {
      const { constants, zstdCompressSync } = zlib();
      const params = { [constants.ZSTD_c_compressionLevel]: level };
      return zstdCompressSync(bytes, { chunkSize: Math.max(64, bytes.length), params });
    },
    decompress,
  };
}

function decompress(bytes: Buffer, maxBytes: number): Buffer {
  const frame = zstdFrame(bytes);
  if (frame === undefined) throw new Error('it is not one whole frame');
  if (frame.bytes !== bytes.length) throw new Error(`${bytes.length - frame.bytes} bytes follow its one frame`);
  const { contentBytes } = frame;
  if (contentBytes > maxBytes) throw new RangeError(`its frame has ${contentBytes} bytes`);
  const { constants, zstdDecompressSync } = zlib();
  const roomBytes = believedBytes(contentBytes === -1 ? maxBytes : contentBytes, bytes, outputBytes);
  const options = {
    maxOutputLength: Math.max(1, maxBytes),
    // One byte more lets the decoder see that it has ended.
    chunkSize: Math.max(64, (contentBytes === -1 ? Math.min(outputBytes, roomBytes) : roomBytes) + 1),
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    info: true,
  };
  return wholeOutput(zstdDecompressSync(bytes, options), bytes);
}
