// Trace context (W3C) between its two forms: six unsigned 32-bit words on the wire and in call heads, hex for people.

const hexDigits = 8;

/** The 16-byte trace id, words 0 to 3, as 32 hex digits. */
export function traceIdOf(words: Uint32Array): string {
  return hex(words[0]!) + hex(words[1]!) + hex(words[2]!) + hex(words[3]!);
}

/** The 8-byte parent span id, words 4 and 5, as 16 hex digits. */
export function parentSpanIdOf(words: Uint32Array): string {
  return hex(words[4]!) + hex(words[5]!);
}

function hex(word: number): string {
  return word.toString(16).padStart(hexDigits, '0');
}
