// clientCompression: the options `compression` and `compressAboveBytes` of a stand-alone client, checked.

import { HeddleError } from '../../runtime/errors.ts';
import { type CompressorDefinition, checkCompressor } from '../../runtime/plugins/compressor.ts';
import { CallCompression } from '../compression/call-compression.ts';
import { gzip } from '../compression/gzip.ts';
import { zstd } from '../compression/zstd.ts';

/** Smallest request that is compressed unless somebody says otherwise, bytes: below, a body fits into a few packets anyway. */
export const compressAboveBytesDefault = 8_192;

export interface ClientCompressionOptions {
  /**
   * How requests of `compressAboveBytes` and more are compressed, on this thread, and which replies are taken compressed:
   * `gzip`, `zstd`, one of these at another level (`zstd(3)`), or a compressor of your own. Default: neither.
   */
  compression?: 'gzip' | 'zstd' | CompressorDefinition | undefined;
  /** Smallest request that is compressed, bytes; Infinity: none, only replies are. Default 8,192. */
  compressAboveBytes?: number | undefined;
}

/** Undefined: nothing is compressed. Throws INVALID_ARGUMENT that names the option. */
export function clientCompression(options: ClientCompressionOptions, frameBytes: number): CallCompression | undefined {
  const { compression, compressAboveBytes = compressAboveBytesDefault } = options;
  if (!(compressAboveBytes >= 0)) {
    const message = `compressAboveBytes must be 0 or more, not ${String(compressAboveBytes)}`;
    throw new HeddleError('INVALID_ARGUMENT', message);
  }
  if (compression === undefined) return undefined;
  return new CallCompression(compressorOf(compression), compressAboveBytes, frameBytes);
}

function compressorOf(compression: 'gzip' | 'zstd' | CompressorDefinition): CompressorDefinition {
  if (compression === 'gzip') return gzip();
  if (compression === 'zstd') return zstd();
  if (typeof compression === 'object' && compression !== null) {
    checkCompressor(compression);
    return compression;
  }
  throw new HeddleError(
    'INVALID_ARGUMENT',
    `compression must be gzip, zstd or a compressor such as zstd(3), not ${JSON.stringify(compression)}`,
  );
}
