// wellFormedString: strings as this project has avsc read and write them. Most are short ASCII ones (names, tags, keys): those
// are read and written here, without a step into C++ for each, in 15-25 ns instead of 45 and 25 instead of 80 (Node 26).
// All others are avsc's own business, but for cut surrogate pairs.

import avsc from 'avsc';

/** avsc's place in a body. */
interface Tap {
  readonly buf: Uint8Array;
  pos: number;
}

interface AvscString {
  _read(tap: Tap): string | undefined;
  _write(tap: Tap, value: unknown): void;
}

const avscString = avsc.types.StringType.prototype as unknown as AvscString;

/** Of strings that are read here, characters: `fromCharCode` with more arguments is no faster than Node. */
const readMax = 12;
/** Of strings that are written here, characters; below 64, so that the length is one byte. */
const writeMax = 24;

class WellFormedString extends avsc.types.StringType {
  /** A body that the guard has passed: the string lies in it whole. */
  _read(tap: Tap): string | undefined {
    const { buf, pos } = tap;
    // Zigzag: an even byte below 128 is a length of half of it.
    const first = buf[pos]!;
    if ((first & 1) === 1 || first > 2 * readMax) return avscString._read.call(this, tap);
    const length = first >>> 1;
    const start = pos + 1;
    const end = start + length;
    let bits = end > buf.length ? 0x80 : 0;
    for (let at = start; at < end; at++) bits |= buf[at]!;
    if (bits >= 0x80) return avscString._read.call(this, tap);
    tap.pos = end;
    return asciiText(buf, start, length);
  }

  /** A cut surrogate pair becomes U+FFFD, as in TextEncoder; avsc alone would write bytes that are not UTF-8. */
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') avscString._write.call(this, tap, value);
    else if (value.length > writeMax || !writeAscii(tap, value)) {
      avscString._write.call(this, tap, value.isWellFormed() ? value : value.toWellFormed());
    }
  }
}

export const wellFormedString = new WellFormedString();

/** False: it is no ASCII, or finds no room; then nothing was written that counts. */
function writeAscii(tap: Tap, value: string): boolean {
  const { buf, pos } = tap;
  const { length } = value;
  const start = pos + 1;
  if (start + length > buf.length) return false;
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if (code >= 0x80) return false;
    buf[start + index] = code;
  }
  buf[pos] = 2 * length;
  tap.pos = start + length;
  return true;
}

const { fromCharCode } = String;

/** `length` up to `readMax`, all below 0x80. Spelled out: an array for the arguments would cost more than Node's own way. */
function asciiText(b: Uint8Array, at: number, length: number): string {
  if (length < 4) {
    if (length === 0) return '';
    if (length === 1) return fromCharCode(b[at]!);
    return length === 2 ? fromCharCode(b[at]!, b[at + 1]!) : fromCharCode(b[at]!, b[at + 1]!, b[at + 2]!);
  }
  const [c0, c1, c2, c3] = [b[at]!, b[at + 1]!, b[at + 2]!, b[at + 3]!];
  switch (length) {
    case 4:
      return fromCharCode(c0, c1, c2, c3);
    case 5:
      return fromCharCode(c0, c1, c2, c3, b[at + 4]!);
    case 6:
      return fromCharCode(c0, c1, c2, c3, b[at + 4]!, b[at + 5]!);
    case 7:
      return fromCharCode(c0, c1, c2, c3, b[at + 4]!, b[at + 5]!, b[at + 6]!);
  }
  const [c4, c5, c6, c7] = [b[at + 4]!, b[at + 5]!, b[at + 6]!, b[at + 7]!];
  switch (length) {
    case 8:
      return fromCharCode(c0, c1, c2, c3, c4, c5, c6, c7);
    case 9:
      return fromCharCode(c0, c1, c2, c3, c4, c5, c6, c7, b[at + 8]!);
    case 10:
      return fromCharCode(c0, c1, c2, c3, c4, c5, c6, c7, b[at + 8]!, b[at + 9]!);
    case 11:
      return fromCharCode(c0, c1, c2, c3, c4, c5, c6, c7, b[at + 8]!, b[at + 9]!, b[at + 10]!);
    default:
      return fromCharCode(c0, c1, c2, c3, c4, c5, c6, c7, b[at + 8]!, b[at + 9]!, b[at + 10]!, b[at + 11]!);
  }
}
