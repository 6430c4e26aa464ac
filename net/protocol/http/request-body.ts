// RequestBody: gathers the chunks of one request's body behind its metadata, in one buffer, without reading them. On IO
// threads. Chunks from node:http are private copies, so the usual body of one chunk is kept as it is.

import { noBytes } from '../../../runtime/call.ts';

/** Smallest buffer for a body of several chunks, bytes. */
const firstBytes = 16_384;

export class RequestBody {
  /** Metadata, then the body; meaningful up to `endBytes`. */
  source: Buffer;
  readonly metadataBytes: number;
  endBytes: number;
  readonly #endBytesMax: number;
  readonly #endBytesExpected: number;
  /** `source` is a chunk as it came, with no room behind it. */
  #isChunk = false;

  /** `expectedBytes`: the content-length, or -1 for a chunked body. `bytesMax` bounds the body alone. */
  constructor(metadata: Buffer, expectedBytes: number, bytesMax: number) {
    this.source = metadata;
    this.metadataBytes = metadata.length;
    this.endBytes = metadata.length;
    this.#endBytesMax = metadata.length + bytesMax;
    this.#endBytesExpected = expectedBytes === -1 ? this.#endBytesMax : metadata.length + expectedBytes;
  }

  /** Bytes of memory held now. */
  get heldBytes(): number {
    return this.source.length;
  }

  /** False, and the body is given up, when it would be over its bound. */
  append(chunk: Buffer): boolean {
    const end = this.endBytes + chunk.length;
    if (end > this.#endBytesMax) {
      this.source = noBytes;
      return false;
    }
    if (this.endBytes === 0) {
      this.source = chunk;
      this.#isChunk = true;
    } else {
      if (this.#isChunk || end > this.source.length) this.#grow(end);
      chunk.copy(this.source, this.endBytes);
    }
    this.endBytes = end;
    return true;
  }

  // Doubling keeps a body of many tiny chunks linear; what the peer only announces is not yet allocated.
  #grow(end: number): void {
    const wanted = Math.max(end, Math.min(this.#endBytesExpected, Math.max(firstBytes, 2 * end)));
    const grown = Buffer.allocUnsafeSlow(wanted);
    this.source.copy(grown, 0, 0, this.endBytes);
    this.source = grown;
    this.#isChunk = false;
  }
}
