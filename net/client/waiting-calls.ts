// WaitingCalls: calls that came while no connection was up, oldest first, each with a copy of its head and bytes. The
// rare path of a channel: here a call costs an object. Bounded in number by the channel's table, in bytes by its
// writeBufferBytes.

import type { CallHead } from '../../runtime/call.ts';

export class WaitingCalls {
  /** Bytes from which on there is no room. */
  boundBytes: number;
  readonly #heads = new Map<number, CallHead>();
  #bytes = 0;

  constructor(boundBytes: number) {
    this.boundBytes = boundBytes;
  }

  get size(): number {
    return this.#heads.size;
  }

  /** True while the calls here have less than the bound; the one that crosses it still fits. */
  get hasRoom(): boolean {
    return this.#bytes < this.boundBytes;
  }

  /** Keeps a copy of `head` and its bytes, `mark` behind its metadata, with the deadline that holds for it. */
  add(id: number, head: CallHead, mark: Buffer, deadlineMs: number): void {
    const metadataBytes = head.metadataEnd - head.metadataStart + mark.length;
    const source = Buffer.allocUnsafeSlow(metadataBytes + head.bodyEnd - head.bodyStart);
    head.source.copy(source, 0, head.metadataStart, head.metadataEnd);
    mark.copy(source, metadataBytes - mark.length);
    head.source.copy(source, metadataBytes, head.bodyStart, head.bodyEnd);
    this.#bytes += source.length;
    this.#heads.set(id, {
      ...head,
      deadlineMs,
      trace: head.trace.slice(),
      source,
      metadataStart: 0,
      metadataEnd: metadataBytes,
      bodyStart: metadataBytes,
      bodyEnd: source.length,
    });
  }

  /** Takes one out; undefined when it is not here. */
  take(id: number): CallHead | undefined {
    const head = this.#heads.get(id);
    if (head === undefined) return undefined;
    this.#heads.delete(id);
    this.#bytes -= head.source.length;
    return head;
  }

  /** Ids, oldest first, as they are now. */
  ids(): number[] {
    return [...this.#heads.keys()];
  }
}
