// CBOR (RFC 8949), as far as JSON goes, for every method whose contract checks values; heddle.yaml adds it.

import { type CodecDefinition, definePlugin } from 'heddle/plugin';

export const cbor: CodecDefinition = { name: 'cbor', id: 16, contentType: 'application/cbor', read, write };

export default definePlugin({ name: 'cbor', threads: ['io', 'cpu'], install: (host) => void host.codec(cbor) });

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Of one body, which strangers write: an empty array or map is one byte of it, and some 60 once it is read. */
const containersMax = 1_000_000;

function read(bytes: Buffer): unknown {
  let at = 0;
  let containers = 0;
  const take = (count: number): number => {
    if (count > bytes.length - at) throw new Error(`it ends within a value, at byte ${at}`);
    at += count;
    return at - count;
  };
  const readValue = (depth: number): unknown => {
    if (depth > 64) throw new Error('it is nested deeper than 64 levels');
    const first = bytes[take(1)]!;
    const kind = first >> 5;
    const info = first & 31;
    if (info > 27) throw new Error(`0x${first.toString(16)} has no definite length`);
    const width = info < 24 ? 0 : 1 << (info - 24);
    const start = take(width);
    if (kind === 7 && info >= 26) return info === 26 ? bytes.readFloatBE(start) : bytes.readDoubleBE(start);
    if (kind === 7 && info >= 20 && info <= 22) return info === 22 ? null : info === 21;
    const wide = width === 8 ? bytes.readBigUInt64BE(start) : 0n;
    const size = width === 8 ? Number(wide) : width === 0 ? info : bytes.readUIntBE(start, width);
    // As in JSON, what a number would not hold exactly is text.
    if (kind === 0) return size <= Number.MAX_SAFE_INTEGER ? size : String(wide);
    if (kind === 1) return size < Number.MAX_SAFE_INTEGER ? -1 - size : String(-1n - wide);
    if (kind === 3) {
      const text = bytes.toString('utf8', take(size), at);
      return text.includes('\ufffd') ? utf8.decode(bytes.subarray(at - size, at)) : text;
    }
    if (kind !== 4 && kind !== 5) throw new Error('JSON has no byte strings, no tags and no such simple values');
    if (++containers > containersMax) throw new Error(`it has over ${containersMax} arrays and maps`);
    const value = (kind === 4 ? [] : {}) as unknown[] & Record<string, unknown>;
    for (let left = size; left > 0; left--) {
      const item = readValue(depth + 1);
      if (kind === 4) value.push(item);
      else if (typeof item !== 'string') throw new Error('JSON has only text for keys');
      else if (item !== '__proto__') value[item] = readValue(depth + 1);
      else Object.defineProperty(value, item, { value: readValue(depth + 1), enumerable: true });
    }
    return value;
  };
  const value = readValue(0);
  if (at < bytes.length) throw new Error(`${bytes.length - at} bytes are left over`);
  return value;
}

function write(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value !== 'object') return Buffer.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(write)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(5, entries.length), ...entries.flat().map(write)]);
}

function writeNumber(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(kind: number, size: number): Buffer {
  if (size < 24) return Buffer.of((kind << 5) | size);
  if (size < 256) return Buffer.of((kind << 5) | 24, size);
  const bytes = Buffer.alloc(9, (kind << 5) | 27);
  bytes.writeBigUInt64BE(BigInt(size), 1);
  return bytes;
}
