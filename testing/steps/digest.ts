// Hashes of states: of words, and of objects whose state is their fields.

export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed + 0x165667b1, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Counters that steer nothing but statistics, or whose turn it is among equals. */
const unobserved = new Set([
  '_turn',
  '_poolTurn',
  '_drainFrom',
  '_sentOnSide',
  'answered',
  'failed',
  'refused',
  'stale',
  'dropped',
]);

/** Hash of the numbers, flags and private arrays of an object: its state when no call is under way. */
export function digestOf(hash: number, owner: object): number {
  let digest = hash;
  for (const key in owner) {
    if (unobserved.has(key)) continue;
    const value: unknown = (owner as Record<string, unknown>)[key];
    if (typeof value === 'number') digest = mix(digest, value | 0);
    else if (typeof value === 'boolean') digest = mix(digest, value ? 1 : 2);
    else if (Array.isArray(value)) {
      digest = mix(digest, value.length);
      for (const one of value) digest = mix(digest, typeof one === 'number' ? one : one === undefined ? 5 : 6);
    } else if (value instanceof Int32Array || value instanceof Uint8Array || value instanceof Int8Array) {
      if (value.length > 256 || value.buffer instanceof SharedArrayBuffer) continue;
      for (const one of value) digest = mix(digest, one);
    }
  }
  return digest;
}
