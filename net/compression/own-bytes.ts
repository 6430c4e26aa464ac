// ownBytes: a decompressed body in memory of its own. Handlers may keep bodies for as long as they like; a small one that
// lies in a large store would keep all of that, and one in a pool of Node's shares its store with strangers' bytes.

/** The same bytes, copied when their store is at least twice as long: a slice of a pool is under half of it. */
export function ownBytes(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength * 2 > buffer.byteLength) return Buffer.from(buffer, byteOffset, byteLength);
  const own = Buffer.allocUnsafeSlow(byteLength);
  own.set(bytes);
  return own;
}
