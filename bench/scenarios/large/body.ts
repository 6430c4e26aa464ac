// The bodies of the scenario `large`: bytes that no codec looks into. Imports nothing, since the clients of peers load it too.

/** Of `bytes` bytes, the same each time, and in memory of its own. */
export function bodyOf(bytes: number): Buffer {
  const body = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) body[at] = (at * 31 + (at >>> 8)) & 255;
  return body;
}

/** Throws when the answer is not what was sent: then it does not count. */
export function checkBody(answer: Uint8Array, sent: Buffer): void {
  if (sent.equals(answer)) return;
  throw new Error(`the answer is not what was sent: ${answer.length} bytes instead of ${sent.length}, or others`);
}
