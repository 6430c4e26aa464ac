// Trace: what a simulated run did, one line for each task, stop and death: the last ones for people, and a hash of all by
// which two runs are compared.

export interface TraceOptions {
  /** Lines kept; 0: none, the hash alone. */
  lines: number;
  /** Hears each line as it comes. */
  onLine?: ((line: string) => void) | undefined;
}

export class Trace {
  readonly #lines: string[] = [];
  readonly #max: number;
  readonly #onLine: ((line: string) => void) | undefined;
  #next = 0;
  #high = 0x811c9dc5;
  #low = 0x01000193;

  constructor({ lines, onLine }: TraceOptions) {
    this.#max = lines;
    this.#onLine = onLine;
  }

  add(atMs: number, thread: string, what: string): void {
    const line = `${atMs.toFixed(3).padStart(11)}  ${thread.padEnd(10)} ${what}`;
    for (let at = 0; at < line.length; at++) this.#mix(line.charCodeAt(at));
    this.#onLine?.(line);
    if (this.#max === 0) return;
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** Into the hash alone. */
  addBytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) this.#mix(bytes[at]!);
  }

  /** The last lines, oldest first. */
  get lines(): string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }

  /** Of all lines and bytes so far: 16 hexadecimal digits. */
  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 15), 0x5bd1e995);
  }
}
