// CompressorTable: the compressors of one thread by number, and what their failures mean to callers. On CPU threads, where
// ServiceCompression and CallCompression use it, and in stand-alone clients.

import { HeddleError } from '../../runtime/errors.ts';
import { type CompressorDefinition, compressorIdMax } from '../../runtime/plugins/compressor.ts';
import { ownBytes } from './own-bytes.ts';

export class CompressorTable {
  readonly #byId: (CompressorDefinition | undefined)[] = new Array(compressorIdMax + 1).fill(undefined);

  constructor(definitions: Iterable<CompressorDefinition>) {
    for (const definition of definitions) this.#byId[definition.id] = definition;
  }

  has(id: number): boolean {
    return this.#byId[id] !== undefined;
  }

  /**
   * The plain bytes, in memory of their own; none for none. Throws HeddleError: UNIMPLEMENTED for an id that nobody has
   * here, RESOURCE_EXHAUSTED when they are over `maxBytes` (`bound` names that), INVALID_ARGUMENT when they are damaged.
   */
  decompress(id: number, bytes: Buffer, maxBytes: number, bound: string): Buffer {
    const compressor = this.#byId[id];
    if (compressor === undefined) {
      const message = `compression ${id} is not known here; there is ${this.#list()}; a plugin may add others`;
      throw new HeddleError('UNIMPLEMENTED', message);
    }
    if (bytes.length === 0) return bytes;
    const { name } = compressor;
    let plain: Uint8Array;
    try {
      plain = compressor.decompress(bytes, maxBytes);
    } catch (cause) {
      if (cause instanceof HeddleError) throw cause;
      if (cause instanceof RangeError) throw tooLong(name, bytes.length, maxBytes, bound);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HeddleError('INVALID_ARGUMENT', `the body can't be decompressed as ${name}: ${why}`, { cause });
    }
    if (plain.byteLength > maxBytes) throw tooLong(name, bytes.length, maxBytes, bound);
    return ownBytes(plain);
  }

  /** Undefined: it would not get smaller, or nobody has this id here. Throws whatever the compressor throws. */
  compress(id: number, bytes: Buffer): Uint8Array | undefined {
    const small = this.#byId[id]?.compress(bytes);
    return small !== undefined && small.byteLength < bytes.length ? small : undefined;
  }

  #list(): string {
    const known = this.#byId.filter((definition) => definition !== undefined);
    return known.length === 0 ? 'none' : known.map(({ name, id }) => `${id} (${name})`).join(', ');
  }
}

/** As a plain message that long would be refused. */
function tooLong(name: string, bytes: number, maxBytes: number, bound: string): HeddleError {
  return new HeddleError(
    'RESOURCE_EXHAUSTED',
    `the body of ${bytes} bytes is over ${maxBytes} bytes when it is decompressed (${name}), the most that ${bound} takes`,
    { retry: 'no' },
  );
}
