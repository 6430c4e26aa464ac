// CBOR (RFC 8949), as far as JSON goes, for every method whose contract checks values; heddle.yaml adds it.

import { type CodecDefinition, definePlugin } from 'heddle/plugin';

export const cbor: CodecDefinition = { name: 'cbor', id: 16, contentType: 'application/cbor', read, write };

export default definePlugin({ name: 'cbor', threads: ['io', 'cpu'], install: (host) => void host.codec(cbor) });

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function read(bytes: Buffer): unknown {
  let at = 0;
  const take = (count: number): Buffer => {
    if (count > bytes.length - at) throw new Error(`it ends within a value, at byte ${at}`);
    at += count;
    return bytes.subarray(at - count, at);
  };
  const readValue = (depth: number): unknown => {
    if (depth > 64) throw new Error('it is nested deeper than 64 levels');
    const first = take(1).readUInt8();
    const [kind, info] = [first >> 5, first & 31];
    if (info > 27) throw new Error(`0x${first.toString(16)} has no definite length`);
    const argument = info < 24 ? Buffer.of(info) : take(1 << (info - 24));
    if (kind === 7) return readSimple(info, argument);
    const size = argument.length < 8 ? argument.readUIntBE(0, argument.length) : Number(argument.readBigUInt64BE());
    // As in JSON, what a number would not hold exactly is text.
    if (kind === 0) return size <= Number.MAX_SAFE_INTEGER ? size : String(argument.readBigUInt64BE());
    if (kind === 1) return size < Number.MAX_SAFE_INTEGER ? -1 - size : String(-1n - argument.readBigUInt64BE());
    if (kind === 3) return utf8.decode(take(size));
    if (kind !== 4 && kind !== 5) throw new Error('JSON has neither byte strings nor tags');
    const items: unknown[] = [];
    while (items.length < size * (kind - 3)) items.push(readValue(depth + 1));
    return kind === 4 ? items : mapOf(items);
  };
  const value = readValue(0);
  if (at < bytes.length) throw new Error(`${bytes.length - at} bytes are left over`);
  return value;
}

function readSimple(info: number, argument: Buffer): unknown {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  if (info === 26 || info === 27) return info === 26 ? argument.readFloatBE() : argument.readDoubleBE();
  throw new Error(`JSON has nothing for the simple value ${info}`);
}

function mapOf(items: unknown[]): object {
  const map: Record<string, unknown> = Object.create(null);
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index];
    if (typeof key !== 'string') throw new Error('JSON has only text for keys');
    map[key] = items[index + 1];
  }
  return map;
}

function write(value: unknown): Buffer {
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(write)]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value !== 'object') return Buffer.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  const entries = Object.entries(value);
  return Buffer.concat([head(5, entries.length), ...entries.flat().map(write)]);
}

function writeNumber(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = Buffer.of(0xfb, 0, 0, 0, 0, 0, 0, 0, 0);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(kind: number, size: number): Buffer {
  if (size < 24) return Buffer.of((kind << 5) | size);
  if (size < 256) return Buffer.of((kind << 5) | 24, size);
  const bytes = Buffer.of((kind << 5) | 27, 0, 0, 0, 0, 0, 0, 0, 0);
  bytes.writeBigUInt64BE(BigInt(size), 1);
  return bytes;
}
