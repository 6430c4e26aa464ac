// RequestBody: the body of one request behind its metadata, in one buffer, as a call wants it. On IO threads. A body
// that lies whole in the buffer of one read, as most do, is handed on from there; others are gathered.

import { noBytes } from '../../../runtime/call.ts';

/** Smallest buffer for a body of several pieces, bytes. */
const firstBytes = 16_384;

export class RequestBody {
  /** Has the metadata at its begin, and the body between `start` and `end`. */
  source: Buffer;
  readonly metadataBytes: number;
  start: number;
  end: number;
  readonly #bytesExpected: number;
  readonly #bytesMax: number;
  /** `source` is the buffer of a read. */
  #isView = false;

  /** `bytesExpected`: the content-length, or -1 for a body in chunks. `bytesMax` bounds the body alone. */
  constructor(metadata: Buffer, bytesExpected: number, bytesMax: number) {
    this.source = metadata;
    this.metadataBytes = metadata.length;
    this.start = metadata.length;
    this.end = metadata.length;
    this.#bytesExpected = bytesExpected;
    this.#bytesMax = bytesMax;
  }

  /** Bytes of memory held now. */
  get heldBytes(): number {
    return this.#isView ? 0 : this.source.length;
  }

  /** False, and the body is given up, when it would be over its bound. */
  append(source: Buffer, start: number, end: number): boolean {
    const bytes = end - start;
    const bytesAfter = this.end - this.start + bytes;
    if (bytesAfter > this.#bytesMax) {
      this.source = noBytes;
      return false;
    }
    if (bytes === this.#bytesExpected && this.metadataBytes === 0) {
      this.source = source;
      this.start = start;
      this.end = end;
      this.#isView = true;
      return true;
    }
    const endAfter = this.start + bytesAfter;
    if (endAfter > this.source.length) this.#grow(endAfter);
    source.copy(this.source, this.end, start, end);
    this.end = endAfter;
    return true;
  }

  // Doubling keeps a body of many tiny chunks linear; what the peer only announces is not yet allocated.
  #grow(bytes: number): void {
    const bytesMax = this.start + (this.#bytesExpected === -1 ? this.#bytesMax : this.#bytesExpected);
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(bytesMax, Math.max(firstBytes, 2 * bytes))));
    this.source.copy(grown, 0, 0, this.end);
    this.source = grown;
  }
}
