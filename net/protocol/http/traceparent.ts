// traceparent: the W3C trace context header, read strictly (https://www.w3.org/TR/trace-context/, levels 1 and 2).
// Called once per request on IO threads; no allocation.

import type { CallHead } from '../../../runtime/call.ts';

const dash = 45;

/**
 * Reads `00-<32 hex>-<16 hex>-<2 hex>` into `head.trace` and `head.traceFlags`. A malformed header counts as absent, as
 * the standard says: upper-case digits, version ff, ids of all zeros, a wrong length. Of later versions the part that
 * version 00 knows is read.
 */
export function readTraceparent(head: CallHead, header: string | undefined): void {
  if (header !== undefined && parse(head, header)) return;
  head.trace.fill(0);
  head.traceFlags = 0;
}

function parse(head: CallHead, header: string): boolean {
  const version = hex(header, 0, 2);
  if (version === -1 || version === 0xff) return false;
  if (version === 0 ? header.length !== 55 : header.length < 55) return false;
  if (header.length > 55 && header.charCodeAt(55) !== dash) return false;
  if (header.charCodeAt(2) !== dash || header.charCodeAt(35) !== dash || header.charCodeAt(52) !== dash) return false;
  const flags = hex(header, 53, 2);
  if (flags === -1) return false;
  for (let word = 0; word < 6; word++) {
    const value = hex(header, word < 4 ? 3 + word * 8 : 36 + (word - 4) * 8, 8);
    if (value === -1) return false;
    head.trace[word] = value;
  }
  const [trace0, trace1, trace2, trace3, span0, span1] = head.trace;
  if ((trace0! | trace1! | trace2! | trace3!) === 0 || (span0! | span1!) === 0) return false;
  // Later versions may give the other bits a meaning that we don't know.
  head.traceFlags = version === 0 ? flags : flags & 1;
  return true;
}

/** The value of `count` (at most 8) lower-case hex digits at `at`; -1 when one is something else or missing. */
export function hex(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    const char = text.charCodeAt(index);
    if (char >= 48 && char <= 57) value = value * 16 + char - 48;
    else if (char >= 97 && char <= 102) value = value * 16 + char - 87;
    else return -1;
  }
  return value;
}
