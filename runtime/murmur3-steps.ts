// The steps of MurmurHash3, x86, 32 bits (Appleby, public domain), for those who go through bytes of different kinds:
// body-hash.ts through a Buffer, dag/experiment/murmur3.ts through the UTF-8 of a string.

/** What a whole block becomes; the bytes that are left at the end are xored into the hash scrambled. */
export function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

/** Takes in a block of four bytes, the first one lowest. */
export function mix(hash: number, block: number): number {
  const mixed = hash ^ scramble(block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** After the last byte: a signed 32-bit number. */
export function finish(hash: number, bytes: number): number {
  let mixed = hash ^ bytes;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
