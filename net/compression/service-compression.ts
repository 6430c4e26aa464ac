// ServiceCompression: what a CPU thread does with compressed requests to its services, and with replies whose callers
// take compressed ones. The RequestRunner calls it, in the request's own time; threads without CPU work have none.

import type { CallHead, CallReply } from '../../runtime/call.ts';
import { bodyCompression } from '../../runtime/compression-byte.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ServiceSettings } from '../../runtime/settings.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { BodyCompression } from '../../scheduler/host-module.ts';
import { placeBytes } from '../codec/scratch.ts';
import type { CompressorTable } from './compressor-table.ts';

/** A bound that no body reaches. */
const never = Number.POSITIVE_INFINITY;

export class ServiceCompression implements BodyCompression {
  readonly #compressors: CompressorTable;
  readonly #log: Logger;
  /** By service: what a plain request may have. */
  readonly #frameBytes: ReadonlyMap<string, number>;
  /** By method index: the same, and from which size on replies are compressed. */
  readonly #maxBytes: number[] = [];
  readonly #aboveBytes: number[] = [];

  constructor(compressors: CompressorTable, services: readonly ServiceSettings[], log: Logger) {
    this.#compressors = compressors;
    this.#log = log;
    this.#frameBytes = new Map(services.map(({ name, listen }) => [name, largest(listen)]));
  }

  setMethods(rows: readonly MethodRow[]): void {
    for (const { index, service, compressAboveBytes } of rows) {
      this.#maxBytes[index] = this.#frameBytes.get(service) ?? 0;
      this.#aboveBytes[index] = compressAboveBytes || never;
    }
  }

  inflate(method: number, head: CallHead): void {
    const body = head.source.subarray(head.bodyStart, head.bodyEnd);
    const bound = 'a listener of this service (frame)';
    const plain = this.#compressors.decompress(
      bodyCompression(head.compression),
      body,
      this.#maxBytes[method] ?? 0,
      bound,
    );
    head.compression = 0;
    head.source = plain;
    // What stood before the body is in the fiber already.
    head.metadataStart = 0;
    head.metadataEnd = 0;
    head.bodyStart = 0;
    head.bodyEnd = plain.length;
  }

  deflate(method: number, accepted: number, reply: CallReply): void {
    if (reply.bodyEnd - reply.bodyStart < (this.#aboveBytes[method] ?? never)) return;
    let small: Uint8Array | undefined;
    try {
      small = this.#compressors.compress(accepted, reply.source.subarray(reply.bodyStart, reply.bodyEnd));
    } catch (reason) {
      this.#log.error({ err: reason, compression: accepted }, 'a reply was not compressed; it is sent as it is');
    }
    if (small === undefined) return;
    placeBytes(reply, small);
    reply.compression = accepted;
  }
}

/** What the most generous of a service's doors takes. */
function largest(listen: ServiceSettings['listen']): number {
  return Math.max(0, ...listen.map(({ frameBytes }) => frameBytes));
}
