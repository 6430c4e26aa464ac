// CheckedBuffer: the bytes under a FlatBuffers accessor when a stranger wrote them. FlatBuffers' JavaScript has no
// verifier: its generated accessors follow whatever offsets stand in the bytes, in circles too, and a few bytes can claim a
// vector of two billion elements. Here each step is checked when it is taken, so nothing is read that the handler does not
// ask for, no schema is needed, and no read leaves the body.

import { ByteBuffer, Encoding } from 'flatbuffers';
import { HeddleError } from '../../runtime/errors.ts';

/**
 * What reading one body may cost: offsets may share what they point to, so that a body of half a kilobyte unfolds to more
 * than there are atoms. A field or an element that is asked for is one step.
 */
export const readSteps = {
  /** For any body. Unpacked, tables that are shared come to some 10 MB then. */
  floor: 1_048_576,
  /** Beside it. Bodies of texts, numbers and tables need about 1 to be read through; those of almost empty tables some more. */
  perByte: 8,
  /** Of a table that is reached: objects are made for it. */
  table: 32,
  /** Bytes of text for each step: they are copied. */
  textBytes: 4,
} as const;

/** Uint32 of the root table's place, then at least a table of nothing but its own offset to a vtable. */
const smallestBytes = 8;
const vtableSmallestBytes = 4;

export class CheckedBuffer extends ByteBuffer {
  readonly #bytes: Buffer;
  readonly #end: number;
  #stepsLeft: number;
  /** What typed arrays are views of: no memory beside the body, and aligned. Made when first asked for. */
  #own: Uint8Array | undefined;

  /** `stepsMax`: see `readSteps`. */
  constructor(bytes: Buffer, stepsMax: number = readSteps.floor + readSteps.perByte * bytes.length) {
    super(bytes);
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#stepsLeft = stepsMax;
  }

  /** Where the root table begins; it and its vtable lie within the bytes. Throws INVALID_ARGUMENT. */
  checkRoot(): number {
    if (this.#end < smallestBytes) {
      throw broken(`${this.#end} bytes are too few for a FlatBuffer, which has at least ${smallestBytes}`);
    }
    const table = this.readUint32(0);
    if (table < 4) throw broken(`its root table can not begin at byte ${table}`);
    const vtable = table - this.readInt32(table);
    const vtableBytes = this.readUint16(vtable);
    const tableBytes = this.readUint16(vtable + 2);
    if (vtableBytes < vtableSmallestBytes || vtableBytes % 2 !== 0) {
      throw broken(`the vtable of its root can not have ${vtableBytes} bytes`);
    }
    this.#need(vtable, vtableBytes);
    if (tableBytes < 4) throw broken(`its root table can not have ${tableBytes} bytes`);
    this.#need(table, tableBytes);
    return table;
  }

  // All other reads of ByteBuffer are made of these three.
  override readUint8(offset: number): number {
    this.#need(offset, 1);
    return super.readUint8(offset);
  }

  override readUint16(offset: number): number {
    this.#need(offset, 2);
    return super.readUint16(offset);
  }

  override readInt32(offset: number): number {
    this.#need(offset, 4);
    return super.readInt32(offset);
  }

  override __offset(table: number, field: number): number {
    // Asked for with each field and each element of a vector, so a loop pays for each turn.
    this.#step(1);
    const vtable = table - this.readInt32(table);
    // As unsigned numbers, so that no field lies before its table.
    return field < this.readUint16(vtable) ? this.readUint16(vtable + field) : 0;
  }

  override __indirect(offset: number): number {
    this.#step(readSteps.table);
    return this.#follow(offset);
  }

  override __union(...args: Parameters<ByteBuffer['__union']>): ReturnType<ByteBuffer['__union']> {
    const [table, offset] = args;
    this.#step(readSteps.table);
    table.bb_pos = this.#follow(offset);
    table.bb = this;
    return table;
  }

  override __vector(offset: number): number {
    return this.#follow(offset) + 4;
  }

  override __vector_len(offset: number): number {
    const vector = this.#follow(offset);
    const length = this.readUint32(vector);
    // An element has at least one byte.
    this.#need(vector + 4, length);
    return length;
  }

  override __string(offset: number, encoding?: Encoding): string | Uint8Array {
    const text = this.#follow(offset);
    const length = this.readUint32(text);
    const start = text + 4;
    this.#need(start, length);
    this.#step(1 + Math.floor(length / readSteps.textBytes));
    if (encoding === Encoding.UTF8_BYTES) return this.#bytes.subarray(start, start + length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /**
   * Typed arrays are made over its `buffer`, which checks nothing but its own end. Most bodies share theirs with other
   * requests, so those are copied first, to where every element is aligned.
   */
  override bytes(): Uint8Array {
    this.#own ??= ownedBytes(this.#bytes);
    return this.#own;
  }

  override writeInt8(): never {
    return readOnly();
  }

  override writeUint8(): never {
    return readOnly();
  }

  override writeInt16(): never {
    return readOnly();
  }

  override writeUint16(): never {
    return readOnly();
  }

  override writeInt32(): never {
    return readOnly();
  }

  override writeUint32(): never {
    return readOnly();
  }

  /** Offsets lead forward only, so there is no circle. */
  #follow(offset: number): number {
    const distance = this.readUint32(offset);
    if (distance === 0) throw broken(`the offset at byte ${offset} leads to itself`);
    return offset + distance;
  }

  #need(offset: number, bytes: number): void {
    if (offset >= 0 && offset + bytes <= this.#end) return;
    throw broken(`it leads to ${bytes} bytes at ${offset}, and there are ${this.#end} in all`);
  }

  #step(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft >= 0) return;
    throw broken(
      `its ${this.#end} bytes were read again and again, in more steps than it is good for; if that is meant, keep what you read in variables`,
    );
  }
}

function ownedBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 8 === 0 && byteOffset + length === buffer.byteLength) return bytes;
  return new Uint8Array(bytes);
}

function broken(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `the body is not a FlatBuffer of this schema: ${what}`);
}

function readOnly(): never {
  throw new HeddleError('FAILED_PRECONDITION', 'a received FlatBuffer can not be changed; unpack it and pack another');
}
