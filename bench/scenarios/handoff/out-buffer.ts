// OutBuffer: where an asker copies answers out of shared memory, as a connection does to gather what it writes.

import type { CallReply } from '../../../runtime/call.ts';
import type { ClosedLoop } from './closed-loop.ts';

const outBytes = 65_536;

export class OutBuffer {
  readonly #bytes = Buffer.allocUnsafeSlow(outBytes);
  #used = 0;

  /** Copies the body of a good reply, and hands the copy to the loop. */
  take(loop: ClosedLoop, slot: number, { source, bodyStart, bodyEnd }: CallReply): void {
    if (this.#used + bodyEnd - bodyStart > outBytes) this.#used = 0;
    const start = this.#used;
    this.#used += source.copy(this.#bytes, start, bodyStart, bodyEnd);
    loop.answered(slot, this.#bytes, start, this.#used);
  }
}
