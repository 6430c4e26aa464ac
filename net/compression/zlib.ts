// zlib: the synchronous part of node:zlib, loaded on first use by threads that compress. It costs a thread some
// milliseconds and 2 MB, which most never need; and the rest of it runs on libuv's pool, which belongs to the process.

import { ownBytes } from './own-bytes.ts';

function load() {
  const { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } =
    process.getBuiltinModule('node:zlib');
  return { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync };
}

let loaded: ReturnType<typeof load> | undefined;

export function zlib(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}

/**
 * Bytes of output for each byte of input that an input is believed to become, when room for it is made before it has.
 * Text seldom gets above 20; what does is decompressed in several pieces, which cost a copy.
 */
const believedRatio = 64;

/** Room for the output of `bytes`, which say that it has `saidBytes`; a lie gets no more than `leastBytes` by it. */
export function believedBytes(saidBytes: number, bytes: Buffer, leastBytes: number): number {
  return Math.min(saidBytes, Math.max(leastBytes, bytes.length * believedRatio));
}

/** What these functions return with `info: true`, which their types don't say. */
interface Inflated {
  buffer: Buffer;
  /** `bytesWritten`: how much of the input was used. */
  engine: { bytesWritten: number };
}

/** The output of a call with `info: true`, in memory of its own. Throws when the call did not use all of `bytes`. */
export function wholeOutput(output: unknown, bytes: Buffer): Buffer {
  const { buffer, engine } = output as Inflated;
  const restBytes = bytes.length - engine.bytesWritten;
  if (restBytes === 0) return ownBytes(buffer);
  throw new Error(`it ends ${restBytes} bytes before the body does`);
}
