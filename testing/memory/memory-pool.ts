// MemoryPool: shared memory for worlds. A world is made anew thousands of times, so its memory is used again: the same
// buffers in the same order, zeroed.

export class MemoryPool {
  readonly #bySize = new Map<number, { buffers: SharedArrayBuffer[]; next: number }>();

  /** What was handed out before is free again. */
  reset(): void {
    for (const one of this.#bySize.values()) one.next = 0;
  }

  /** Zeroed, or a copy of `like`. */
  take(byteLength: number, like?: SharedArrayBuffer): SharedArrayBuffer {
    let size = this.#bySize.get(byteLength);
    if (size === undefined) {
      size = { buffers: [], next: 0 };
      this.#bySize.set(byteLength, size);
    }
    const place = size.next++;
    let buffer = size.buffers[place];
    if (buffer === undefined) {
      buffer = new SharedArrayBuffer(byteLength);
      size.buffers[place] = buffer;
    }
    const words = new Int32Array(buffer);
    if (like === undefined) words.fill(0);
    else words.set(new Int32Array(like));
    return buffer;
  }
}
