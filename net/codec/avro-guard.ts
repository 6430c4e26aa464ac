// The guard reads an Avro body before avsc does and lets pass only what avsc then reads faithfully. avsc trusts its
// input: a count of 2^31 nulls is allocated, a number past int wraps into a valid one, bytes past the end read as
// zeros. Called on the thread that decodes; allocates nothing unless it fails.

import { isUtf8 } from 'node:buffer';
import type { HeddleError } from '../../runtime/errors.ts';
import { type AvroNode, avroKinds } from './avro-schema.ts';
import { bodyDepthMax, bodyFault, shown, tooDeep, trail } from './body-fault.ts';

/** Array items in one body that take no bytes (null, a record without fields): only these cost memory but no body. */
export const emptyItemsMax = 65_536;

/**
 * Checks that `source[start..end)` is exactly one value of the type. Throws INVALID_ARGUMENT naming the path: cut short,
 * trailing bytes, counts and lengths out of range, numbers that don't fit, invalid UTF-8, unknown branches, too deep.
 */
export function guardAvro(node: AvroNode, source: Buffer, start: number, end: number): void {
  bytes = source;
  at = start;
  limit = end;
  emptyItems = 0;
  try {
    pass(node, 0);
    if (at !== end) throw fault(0, `${end - at} bytes follow after the value; was it written with another schema?`);
  } finally {
    bytes = none;
  }
}

const none = Buffer.alloc(0);
// The one body under the guard: plain variables, as the walk is synchronous and the thread's alone.
let bytes: Buffer = none;
let at = 0;
let limit = 0;
let emptyItems = 0;
// Where the map key of each level lies: it becomes a string only when an error must name it.
const keyStarts = new Int32Array(bodyDepthMax);
const keyEnds = new Int32Array(bodyDepthMax);
const mapKey = '\0';

function pass(node: AvroNode, depth: number): void {
  switch (node.kind) {
    case avroKinds.null:
      break;
    case avroKinds.boolean:
      passBoolean(depth);
      break;
    case avroKinds.int:
      passInt(depth);
      break;
    case avroKinds.long:
      readVarint(depth);
      break;
    case avroKinds.float:
      skip(4, depth);
      break;
    case avroKinds.double:
      skip(8, depth);
      break;
    case avroKinds.string:
      passString(depth);
      break;
    case avroKinds.bytes:
      skip(readLength(depth), depth);
      break;
    case avroKinds.fixed:
      skip(node.size, depth);
      break;
    case avroKinds.enum:
      passEnum(node, depth);
      break;
    case avroKinds.array:
      passArray(node.items!, depth);
      break;
    case avroKinds.map:
      passMap(node.items!, depth);
      break;
    case avroKinds.record:
      passRecord(node, depth);
      break;
    default: {
      const index = readVarint(depth);
      const branch = node.branches[index];
      if (branch === undefined) throw fault(depth, `the union has no branch number ${index}`);
      pass(branch, depth);
    }
  }
}

function passInt(depth: number): void {
  const value = readVarint(depth);
  if (value < -2147483648 || value > 2147483647) throw fault(depth, `expected int, got ${value}`);
}

function passEnum(node: AvroNode, depth: number): void {
  const index = readVarint(depth);
  if (index >= 0 && index < node.symbols.length) return;
  throw fault(depth, `enum ${node.name} has no symbol number ${index}`);
}

function passRecord(node: AvroNode, depth: number): void {
  if (depth === bodyDepthMax) throw tooDeep();
  for (const field of node.fields) {
    trail[depth] = field.name;
    pass(field.node, depth + 1);
  }
}

function passArray(items: AvroNode, depth: number): void {
  if (depth === bodyDepthMax) throw tooDeep();
  let index = 0;
  for (;;) {
    const sized = readBlock(depth);
    if (blockCount === 0) return;
    const count = blockCount;
    const blockEnd = sized ? blockLimit : -1;
    const before = at;
    for (let left = count; left > 0; left--) {
      trail[depth] = index++;
      pass(items, depth + 1);
      // Nothing read yet: these items may be of no bytes, and so may be any number of them.
      if (at === before && ++emptyItems > emptyItemsMax) {
        throw fault(depth, `more than ${emptyItemsMax} items that take no bytes`);
      }
    }
    if (blockEnd !== -1 && at !== blockEnd) throw fault(depth, 'a block is not as long as it says');
  }
}

function passMap(values: AvroNode, depth: number): void {
  if (depth === bodyDepthMax) throw tooDeep();
  for (;;) {
    const sized = readBlock(depth);
    if (blockCount === 0) return;
    const count = blockCount;
    const blockEnd = sized ? blockLimit : -1;
    for (let left = count; left > 0; left--) {
      const keyBytes = passString(depth);
      // As a key it would set the prototype of the decoded object.
      if (keyBytes === 9 && bytes.toString('latin1', at - 9, at) === '__proto__') {
        throw fault(depth, 'the map key __proto__ is not allowed');
      }
      trail[depth] = mapKey;
      keyStarts[depth] = at - keyBytes;
      keyEnds[depth] = at;
      pass(values, depth + 1);
    }
    if (blockEnd !== -1 && at !== blockEnd) throw fault(depth, 'a block is not as long as it says');
  }
}

let blockCount = 0;
let blockLimit = 0;

/** Reads the head of an array or map block into blockCount; true when the block says where it ends (blockLimit). */
function readBlock(depth: number): boolean {
  blockCount = readVarint(depth);
  if (blockCount >= 0) {
    checkCount(depth);
    return false;
  }
  blockCount = -blockCount;
  const size = readLength(depth);
  if (size > limit - at) throw cutShort(size, depth);
  checkCount(depth);
  blockLimit = at + size;
  return true;
}

/** Each item takes a byte at least, or counts as empty: a larger count is a lie that avsc would allocate for. */
function checkCount(depth: number): void {
  if (blockCount > limit - at + emptyItemsMax) {
    throw fault(depth, `${blockCount} items can't be in ${limit - at} bytes`);
  }
}

/** Returns the length in bytes. */
function passString(depth: number): number {
  const length = readLength(depth);
  const first = at;
  skip(length, depth);
  for (let index = first; index < at; index++) {
    if (bytes[index]! < 0x80) continue;
    if (isUtf8(bytes.subarray(index, at))) break;
    throw fault(depth, 'the string is not valid UTF-8');
  }
  return length;
}

function passBoolean(depth: number): void {
  skip(1, depth);
  const value = bytes[at - 1]!;
  if (value > 1) throw fault(depth, `expected boolean, got the byte ${shown(value)}`);
}

function skip(length: number, depth: number): void {
  if (length > limit - at) throw cutShort(length, depth);
  at += length;
}

function readLength(depth: number): number {
  const length = readVarint(depth);
  if (length < 0) throw fault(depth, `the length ${length} is negative`);
  return length;
}

/** Zigzag varint of at most 64 bits. Exact up to 2^53, which is past every bound that it is compared with. */
function readVarint(depth: number): number {
  if (at < limit && bytes[at]! < 0x80) {
    // Most are one byte: lengths, branches, small numbers.
    const byte = bytes[at++]!;
    return (byte >>> 1) ^ -(byte & 1);
  }
  let value = 0;
  let unit = 1;
  for (let length = 1; at < limit; length++) {
    const byte = bytes[at++]!;
    if (length === 10 && byte > 1) throw fault(depth, 'a number has more than 64 bits');
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    unit *= 128;
  }
  throw fault(depth, 'the body is cut short within a number');
}

function cutShort(length: number, depth: number): HeddleError {
  return fault(depth, `the body is cut short: ${length} bytes are due, ${limit - at} are left`);
}

function fault(depth: number, what: string): HeddleError {
  for (let level = 0; level < depth; level++) {
    if (trail[level] === mapKey) trail[level] = bytes.toString('utf8', keyStarts[level], keyEnds[level]);
  }
  return bodyFault(depth, what);
}
