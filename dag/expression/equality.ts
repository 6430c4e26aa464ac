// Equality: numbers, strings, booleans and null by value, lists and maps by what they hold. Values of different kinds
// are never equal, which is no error. NaN equals nothing.

import { valueDepthMax } from './bounds.ts';
import { failAt, type Site } from './evaluation-error.ts';
import { pay, payForChars } from './meter.ts';
import { isMap } from './values.ts';

export function isEqual(left: unknown, right: unknown, site: Site): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length !== right.length) return false;
    payForChars(left.length, site);
    return left === right;
  }
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  return isEqualInside(left, right, 0, site);
}

/** Whether a list holds the item. */
export function includes(list: readonly unknown[], item: unknown, site: Site): boolean {
  pay(list.length, site);
  const isPlain = typeof item !== 'object' || item === null;
  for (const candidate of list) {
    if (isPlain && typeof item !== 'string' ? candidate === item : isEqual(candidate, item, site)) return true;
  }
  return false;
}

function isEqualInside(left: object, right: object, depth: number, site: Site): boolean {
  if (depth > valueDepthMax) {
    failAt(site, 'RESOURCE_EXHAUSTED', `these values are nested deeper than ${valueDepthMax}, or hold themselves`);
  }
  const isSame = (one: unknown, other: unknown) =>
    isObject(one) && isObject(other) && one !== other
      ? isEqualInside(one, other, depth + 1, site)
      : isEqual(one, other, site);
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    pay(left.length, site);
    return left.every((item, at) => isSame(item, right[at]));
  }
  if (ArrayBuffer.isView(left)) return ArrayBuffer.isView(right) && isEqualBytes(left, right, site);
  if (!isMap(right)) return false;
  const keys = Object.keys(left);
  pay(keys.length, site);
  if (Object.keys(right).length !== keys.length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isSame((left as Record<string, unknown>)[key], right[key]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isEqualBytes(left: ArrayBufferView, right: ArrayBufferView, site: Site): boolean {
  if (left.byteLength !== right.byteLength) return false;
  payForChars(left.byteLength, site);
  const bytesOf = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytesOf(left).equals(bytesOf(right));
}
