// The extension point `compressor`: ways to make bodies smaller. CPU threads compress and decompress, with the fiber
// whose body it is; IO threads know the names only, for headers. The built-in ones are plugins/compressors.ts.

import { HeddleError } from '../errors.ts';
import type { Registry } from './registry.ts';

/** The id has four bits on the wire; 0 is no compression. */
export const compressorIdMax = 15;

/** How a compressor is called: all that IO threads need of it. */
export type CompressorNames = Pick<CompressorDefinition, 'name' | 'id' | 'encoding'>;

/** What a plugin adds. Both functions are synchronous: they run in the fiber's own time, on its CPU thread. */
export interface CompressorDefinition {
  /** As `clients.X.compression` names it: `zstd`. Unique on the thread. */
  name: string;
  /** In heddle frames: 1 gzip, 2 zstd, 3 to 15 free. Both ends must mean the same by it. */
  id: number;
  /** The content coding in HTTP's headers, lower-case: `zstd`. Unique on the thread. */
  encoding: string;
  /** Called with bodies over a bound that the config sets; what does not get smaller is sent as it is. Must not keep `bytes`. */
  compress(bytes: Buffer): Uint8Array;
  /**
   * The whole body, in memory of its own. `bytes` are a stranger's, at least one. Must stop with a RangeError once the
   * result is over `maxBytes`, as node:zlib does with `maxOutputLength`, and must take no other memory or time that the
   * bytes choose; anything else that is thrown says that they are damaged. Must not keep `bytes`.
   */
  decompress(bytes: Buffer, maxBytes: number): Uint8Array;
}

/** What plugins have on IO and CPU threads; a compressor is added on both. */
export interface CompressorPoint {
  /** Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name, id or encoding that is taken. */
  compressor(definition: CompressorDefinition): void;
}

export function compressorPoint(plugin: string, compressors: Registry<CompressorDefinition>): CompressorPoint {
  return {
    compressor: (definition) => {
      checkCompressor(definition);
      checkFree(definition, compressors.all);
      compressors.add(plugin, definition);
    },
  };
}

/** Throws INVALID_ARGUMENT that says what is wrong with it. */
export function checkCompressor(definition: CompressorDefinition): void {
  const { name, id, encoding, compress, decompress } = definition;
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `compressor ${JSON.stringify(name)}: ${what}`);
  if (!Number.isInteger(id) || id < 1 || id > compressorIdMax) {
    throw wrong(`its id must be 1 to ${compressorIdMax}, not ${JSON.stringify(id)}; 1 is gzip, 2 zstd`);
  }
  if (typeof encoding !== 'string' || !/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(encoding) || encoding === '*') {
    throw wrong(`its encoding must be a content coding such as br, in lower case, not ${JSON.stringify(encoding)}`);
  }
  if (encoding === 'identity') throw wrong('the encoding identity is what is not compressed at all');
  if (typeof compress !== 'function') throw wrong('it has no compress(bytes)');
  if (typeof decompress !== 'function') throw wrong('it has no decompress(bytes, maxBytes)');
}

function checkFree({ name, id, encoding }: CompressorDefinition, others: readonly CompressorDefinition[]): void {
  const other = others.find((one) => one.id === id || one.encoding === encoding);
  if (other === undefined || other.name === name) return;
  const taken = other.id === id ? `id ${id}` : `encoding ${encoding}`;
  throw new HeddleError(
    'ALREADY_EXISTS',
    `compressor ${JSON.stringify(name)}: ${taken} is taken by ${other.name}; take another`,
  );
}
