// LineScan: finds the end of a line, or of lines with an empty one behind them, in bytes that come in any pieces, and sees
// that they are lines: each ends with CRLF, and no other control character stands in them but tabs. On IO threads.

/** What was read last. */
const inLine = 0;
const cr = 1;
const crlf = 2;
const crlfCr = 3;

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const del = 127;

/** Smallest buffer for a piece that is held, bytes. */
const firstBytes = 512;

export class LineScan {
  #state = inLine;
  #bytes = 0;
  #held: Buffer | undefined;
  /** Where the last piece lies, while it is not held. */
  #source: Buffer | undefined;
  #start = 0;
  #end = 0;
  #endBytes = 0;
  #fault = '';

  /** Bytes that were read and not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  get heldBytes(): number {
    return this.#held === undefined ? 0 : this.#held.length;
  }

  /** The end has come: `take` what was read. */
  get isWhole(): boolean {
    return this.#endBytes > 0;
  }

  /** Why these are no lines; empty: they are. */
  get fault(): string {
    return this.#fault;
  }

  /** What comes now may be empty: trailers often are. */
  beginTrailers(): void {
    this.#state = crlf;
  }

  /**
   * Reads on to the end of the line; with `untilEmpty` to an empty line behind others. Returns where the next byte is. What has
   * no end yet is held, what has must be taken before its buffer is overwritten.
   */
  read(chunk: Buffer, start: number, length: number, untilEmpty: boolean): number {
    const end = this.#scan(chunk, start, length, untilEmpty);
    this.#bytes += end - start;
    this.#source = chunk;
    this.#start = start;
    this.#end = end;
    if (this.#endBytes === 0 && this.#fault === '') this.#hold();
    return end;
  }

  /** The text (latin1) without the CRLF, or the two, that end it. Nothing is read or held then. */
  take(): string {
    if (this.#held !== undefined) this.#hold();
    // Trailers that are none have but the second CRLF.
    const textBytes = Math.max(0, this.#bytes - this.#endBytes);
    const source = this.#held ?? this.#source!;
    const start = this.#held === undefined ? this.#start : 0;
    const text = source.toString('latin1', start, start + textBytes);
    this.clear();
    return text;
  }

  clear(): void {
    this.#state = inLine;
    this.#bytes = 0;
    this.#held = undefined;
    this.#source = undefined;
    this.#endBytes = 0;
    this.#fault = '';
  }

  #scan(chunk: Buffer, start: number, length: number, untilEmpty: boolean): number {
    let state = this.#state;
    let at = start;
    while (at < length) {
      const byte = chunk[at++]!;
      if (byte >= space ? byte !== del : byte === tab) {
        if (state === cr || state === crlfCr) return this.#broken('a CR stands in a line that does not end there', at);
        state = inLine;
      } else if (byte === carriageReturn) {
        if (state === cr || state === crlfCr) return this.#broken('a CR stands in a line that does not end there', at);
        state = state === crlf ? crlfCr : cr;
      } else if (byte === lineFeed) {
        if (state === inLine || state === crlf) return this.#broken('a line ends with LF alone, not with CRLF', at);
        if (state === crlfCr || !untilEmpty) {
          this.#endBytes = state === crlfCr ? 4 : 2;
          return at;
        }
        state = crlf;
      } else {
        return this.#broken(`a line has the control character ${byte}`, at);
      }
    }
    this.#state = state;
    return at;
  }

  #broken(why: string, at: number): number {
    this.#fault = why;
    return at;
  }

  #hold(): void {
    const bytes = this.#bytes;
    const before = bytes - (this.#end - this.#start);
    if (bytes === 0) return;
    if (this.#held === undefined || this.#held.length < bytes) {
      const grown = Buffer.allocUnsafeSlow(Math.max(firstBytes, 2 * bytes));
      this.#held?.copy(grown, 0, 0, before);
      this.#held = grown;
    }
    this.#source!.copy(this.#held, before, this.#start, this.#end);
    this.#source = undefined;
  }
}
