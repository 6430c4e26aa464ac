// Slab: private memory for the copies of requests, on the thread that runs them. One buffer for each request would cost more
// to make and to collect than the copy itself, so small ones share. What a handler keeps of a body keeps its slab too.

/** A copy above this gets a buffer of its own, bytes. */
const sharedMax = 8192;
/** What small copies share, bytes. */
const slabBytes = 65_536;

export class Slab {
  #buffer = Buffer.allocUnsafeSlow(slabBytes);
  #used = 0;

  /** Room for a copy, in `head.source`; returns where it begins (8-aligned). The bytes are whatever was there. */
  roomFor(bytes: number, head: { source: Buffer }): number {
    if (bytes > sharedMax) {
      head.source = Buffer.allocUnsafeSlow(bytes);
      return 0;
    }
    if (this.#used + bytes > slabBytes) {
      this.#buffer = Buffer.allocUnsafeSlow(slabBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = (start + bytes + 7) & ~7;
    head.source = this.#buffer;
    return start;
  }
}
