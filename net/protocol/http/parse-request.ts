// parseRequest: the text of a request's head -> its line, the headers that Heddle reads, and how its body is framed
// (RFC 9112, sections 3, 5 and 6). Where two readers could disagree on where a request ends, it is refused: what a proxy in
// front took for one request must not be two here. Pure; on IO threads.

import { headersMax } from './limits.ts';
import { headTooLarge, malformed, type Refusal } from './refusal.ts';
import { readTarget, type Target } from './target.ts';

/** By lower-case name, those that are read here; repeated ones are joined by `, `. */
export type HeaderFields = { readonly [name: string]: string | undefined };

/** The head of a request. Never changes: requests with the same text may share one. */
export interface ParsedRequest {
  readonly text: string;
  readonly verb: string;
  readonly target: Target;
  /** `1.1`, `1.0`, or another one that is not spoken here; `0.9` when the line names none. */
  readonly version: string;
  readonly headers: HeaderFields;
  readonly hostCount: number;
  /** 0, the content-length, or -1 when the body comes in chunks. */
  readonly bodyBytes: number;
  /** The client wants to send more after the answer. */
  readonly keepAlive: boolean;
  /** No header of it is about the call itself: no `heddle-*`, no `traceparent`. */
  readonly isPlain: boolean;
}

const keptHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'traceparent',
  'transfer-encoding',
]);
const keptPrefix = 'heddle-';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9112, section 3.2; what stands in it is looked at where it is used. */
const targetForm = /^(?:\/|\*$|[a-z][a-z0-9+.-]*:\/\/)[^\t ]*$/i;
/** Digits whose value is exact. */
const lengthDigits = /^[0-9]{1,15}$/;

/**
 * `text`: the bytes of the head as latin1, without the empty line that ends it; its lines end with CRLF, and it has no other
 * control characters but tabs, which the parser has seen to.
 */
export function parseRequest(text: string): ParsedRequest | Refusal {
  const lineEnd = endOfLine(text, 0);
  const line = text.slice(0, lineEnd);
  const verbEnd = line.indexOf(' ');
  const targetEnd = line.lastIndexOf(' ');
  const verb = line.slice(0, verbEnd);
  if (verbEnd === -1 || !token.test(verb)) return malformed(`its first line is no "VERB /path HTTP/1.1"`);
  const version = targetEnd === verbEnd ? '0.9' : versionOf(line, targetEnd + 1);
  if (version === undefined) return malformed('its first line does not end with "HTTP/1.1"');
  const target = line.slice(verbEnd + 1, targetEnd === verbEnd ? undefined : targetEnd);
  if (!targetForm.test(target) && verb !== 'CONNECT') {
    return malformed('the target in its first line is no path from / on, no URL and no *; write spaces as %20');
  }
  const fields: Record<string, string> = Object.create(null);
  let headerCount = 0;
  let hostCount = 0;
  let isPlain = true;
  for (let at = lineEnd + 2; at < text.length; headerCount++) {
    if (headerCount === headersMax) return headTooLarge;
    const end = endOfLine(text, at);
    const colon = nameEnd(text, at, end);
    if (typeof colon !== 'number') return colon;
    const lower = text.slice(at, colon).toLowerCase();
    if (keptHeaders.has(lower) || lower.startsWith(keptPrefix)) {
      const value = trimmed(text, colon + 1, end);
      const before = fields[lower];
      if (before !== undefined && lower === 'content-length') return malformed('it has two content-length headers');
      if (lower === 'host') hostCount++;
      else if (lower === 'traceparent' || lower.startsWith(keptPrefix)) isPlain = false;
      fields[lower] = before === undefined ? value : `${before}, ${value}`;
    }
    at = end + 2;
  }
  const framing = bodyBytesOf(fields, version);
  if (typeof framing !== 'number') return framing;
  return {
    text,
    verb,
    target: readTarget(target),
    version,
    headers: fields,
    hostCount,
    bodyBytes: framing,
    keepAlive: staysOpen(fields.connection, version),
    isPlain,
  };
}

/** Fields that frame a request or say whose it is: behind its body they come too late (RFC 9110, section 6.5.1). */
const neverTrailers = new Set(['content-length', 'transfer-encoding', 'host']);

/** What is wrong with the lines behind the last chunk of a body, which are read as strictly as headers and dropped. */
export function trailerFault(text: string): Refusal | undefined {
  for (let at = 0; at < text.length; ) {
    const end = endOfLine(text, at);
    const colon = nameEnd(text, at, end);
    if (typeof colon !== 'number') return colon;
    if (neverTrailers.has(text.slice(at, colon).toLowerCase())) {
      return malformed('a header that frames the request stands behind its body');
    }
    at = end + 2;
  }
  return undefined;
}

/** Where the colon of a header line stands. */
function nameEnd(text: string, at: number, end: number): number | Refusal {
  const colon = text.indexOf(':', at);
  if (colon === -1 || colon > end) return malformed('a header line has no colon');
  if (token.test(text.slice(at, colon))) return colon;
  return malformed('a header line begins with a space, or its name has characters that none has');
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

function versionOf(line: string, at: number): string | undefined {
  const written = line.slice(at);
  if (written === 'HTTP/1.1') return '1.1';
  return /^HTTP\/([0-9]\.[0-9])$/.exec(written)?.[1];
}

/** Without the spaces and tabs around it; by hand, since a pattern for those at the end takes quadratic time. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(char: number): boolean {
  return char === space || char === tab;
}

/** The elements of a list, in lower case. */
function elementsOf(list: string): string[] {
  return list.split(',').map((element) => trimmed(element, 0, element.length).toLowerCase());
}

const space = 32;
const tab = 9;

function bodyBytesOf(headers: HeaderFields, version: string): number | Refusal {
  const length = headers['content-length'];
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined) {
    if (length !== undefined) return malformed('it has both content-length and transfer-encoding');
    if (version !== '1.1') return malformed('only HTTP/1.1 has transfer-encoding');
    return endsInChunks(transfer) ? -1 : malformed('its transfer-encoding does not end with chunked, once');
  }
  if (length === undefined) return 0;
  return lengthDigits.test(length) ? Number(length) : malformed('its content-length is no number of bytes');
}

function endsInChunks(transfer: string): boolean {
  if (transfer === 'chunked') return true;
  const codings = elementsOf(transfer);
  return codings.indexOf('chunked') === codings.length - 1;
}

function staysOpen(connection: string | undefined, version: string): boolean {
  if (connection === undefined || connection === 'keep-alive') return version === '1.1' || connection !== undefined;
  const options = elementsOf(connection);
  if (options.includes('close')) return false;
  return version === '1.1' || options.includes('keep-alive');
}
