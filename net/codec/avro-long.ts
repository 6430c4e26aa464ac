// Longs as JavaScript has them: a number while it is exact, a bigint past 2^53. avsc calls these through its documented
// hook for custom longs (`LongType.__with`), with the raw varint bytes.

import avsc from 'avsc';

export const longMin = -(2n ** 63n);
export const longMax = 2n ** 63n - 1n;

/** True for what a long may be: a safe integer, or a bigint of 64 bits. */
export function isLong(value: unknown): value is number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return typeof value === 'bigint' && value >= longMin && value <= longMax;
}

/** The same long as a number if that is exact, else as a bigint. */
export function narrowLong(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

// One buffer per varint length, overwritten by the next long: avsc copies it at once, and so no long allocates.
const varints = Array.from({ length: 11 }, (_, length) => Buffer.alloc(length));

function toVarint(value: number | bigint): Buffer {
  if (typeof value === 'bigint') return bigToVarint(value);
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  if (!Number.isSafeInteger(rest)) return bigToVarint(BigInt(value));
  let length = 1;
  for (let bound = 128; rest >= bound; bound *= 128) length++;
  const bytes = varints[length]!;
  for (let index = 0; index < length - 1; index++) {
    bytes[index] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[length - 1] = rest;
  return bytes;
}

function bigToVarint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let length = 1;
  for (let bound = rest >> 7n; bound > 0n; bound >>= 7n) length++;
  const bytes = varints[length]!;
  for (let index = 0; index < length; index++) {
    bytes[index] = Number(rest & 0x7fn) | (index < length - 1 ? 0x80 : 0);
    rest >>= 7n;
  }
  return bytes;
}

function fromVarint(bytes: Buffer): number | bigint {
  if (bytes.length > 7) return bigFromVarint(bytes);
  let value = 0;
  let unit = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * unit;
    unit *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function bigFromVarint(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 7n) | BigInt(bytes[index]! & 0x7f);
  return narrowLong((value >> 1n) ^ -(value & 1n));
}

/** avsc's long with these rules. */
export const longType = avsc.types.LongType.__with(
  {
    toBuffer: toVarint,
    fromBuffer: fromVarint,
    fromJSON: (value: number | bigint) => value,
    toJSON: (value: number | bigint) => value,
    isValid: isLong,
    compare: (one: number | bigint, other: number | bigint) => (one < other ? -1 : one > other ? 1 : 0),
  },
  true,
);
