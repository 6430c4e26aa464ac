// The compression byte of a request's head: bits 0 to 3 say how its body is compressed, bits 4 to 7 which compression its
// caller takes in the reply; 0 is none. A reply's has the first half only.

/** How the body is compressed; 0: it is not. */
export function bodyCompression(byte: number): number {
  return byte & 15;
}

/** The compression that the caller takes in a reply; 0: none. */
export function acceptedCompression(byte: number): number {
  return byte >>> 4;
}

export function compressionByte(body: number, accepted: number): number {
  return body | (accepted << 4);
}
