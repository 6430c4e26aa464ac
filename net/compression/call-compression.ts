// CallCompression: what a caller does with its requests above a size, and with compressed replies. One per client, on the
// thread that makes the calls: a CPU thread, or that of a stand-alone client; never an IO thread.

import type { CallHead, CallReply } from '../../runtime/call.ts';
import { compressionByte } from '../../runtime/compression-byte.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { CompressorDefinition } from '../../runtime/plugins/compressor.ts';
import { placeBytes } from '../codec/scratch.ts';
import { CompressorTable } from './compressor-table.ts';

export class CallCompression {
  readonly #compressor: CompressorDefinition;
  readonly #table: CompressorTable;
  readonly #aboveBytes: number;
  readonly #maxBytes: number;

  /** `aboveBytes`: the smallest request that is compressed. `maxBytes`: the longest reply, decompressed. */
  constructor(compressor: CompressorDefinition, aboveBytes: number, maxBytes: number) {
    this.#compressor = compressor;
    this.#table = new CompressorTable([compressor]);
    this.#aboveBytes = aboveBytes;
    this.#maxBytes = maxBytes;
  }

  /** Says what the reply may be, and compresses the body if that pays. `head` has its body already. */
  deflate(head: CallHead): void {
    const { id, name } = this.#compressor;
    head.compression = compressionByte(0, id);
    const body = head.source.subarray(head.bodyStart, head.bodyEnd);
    if (body.length < this.#aboveBytes) return;
    let small: Uint8Array | undefined;
    try {
      small = this.#table.compress(id, body);
    } catch (cause) {
      throw new HeddleError('INTERNAL', `its body can't be compressed by ${name}`, { cause });
    }
    if (small === undefined) return;
    placeBytes(head, small);
    head.compression = compressionByte(id, id);
  }

  /** Puts the plain body in the place of a compressed one. Throws HeddleError saying why not. */
  inflate(reply: CallReply): void {
    // It may lie in shared memory, which no compressor of somebody else's is shown.
    const body = Buffer.from(reply.source.subarray(reply.bodyStart, reply.bodyEnd));
    const plain = this.#table.decompress(reply.compression, body, this.#maxBytes, 'this client (frameBytes)');
    reply.compression = 0;
    reply.source = plain;
    reply.metadataStart = 0;
    reply.metadataEnd = 0;
    reply.bodyStart = 0;
    reply.bodyEnd = plain.length;
  }
}
