// zlib: the synchronous part of node:zlib, loaded on first use by threads that compress. It costs a thread some
// milliseconds and 2 MB, which most never need; and the rest of it runs on libuv's pool, which belongs to the process.

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

/** What these functions return with `info: true`, which their types don't say. */
interface Inflated {
  buffer: Buffer;
  /** `bytesWritten`: how much of the input was used. */
  engine: { bytesWritten: number };
}

/** The output of a call with `info: true`. Throws when it did not use all of `bytes`. */
export function wholeOutput(output: unknown, bytes: Buffer): Buffer {
  const { buffer, engine } = output as Inflated;
  const restBytes = bytes.length - engine.bytesWritten;
  if (restBytes === 0) return buffer;
  throw new Error(`it ends ${restBytes} bytes before the body does`);
}
