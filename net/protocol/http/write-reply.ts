// write-reply: CallReply, refusal or plain text -> an HTTP response. On IO threads, once per request. The views of a
// reply are copied here, once. Each function returns the bytes of the body, for the books.

import type { OutgoingHttpHeader } from 'node:http';
import { type CallReply, codecIds } from '../../../runtime/call.ts';
import { codeOfNumber, retryHints } from '../../../runtime/errors.ts';
import { codingOf } from './content-coding.ts';
import { contentTypeOfCodec } from './content-type.ts';
import type { Exchange } from './exchange.ts';
import { textReplyBytesMax } from './limits.ts';
import { pushMetadataHeaders } from './metadata-headers.ts';
import { errorBody, type Refusal } from './refusal.ts';
import { statusOfCode } from './status.ts';

/** `close`: this is the last answer of its connection. */
export function writeReply(exchange: Exchange, reply: CallReply, close: boolean): number {
  if (reply.code !== 0) return writeError(exchange, reply, close);
  if (exchange.oneWay) return finish(exchange, 202, ['content-length', '0'], close, undefined);
  const bodyBytes = reply.bodyEnd - reply.bodyStart;
  const headers = ['content-type', contentTypeOfCodec(reply.codec), 'content-length', String(bodyBytes)];
  if (reply.codec === codecIds.avro && (reply.fingerprintHigh | reply.fingerprintLow) !== 0) {
    headers.push('heddle-schema-fingerprint', hex32(reply.fingerprintHigh) + hex32(reply.fingerprintLow));
  }
  if (exchange.compressors !== undefined) {
    headers.push('vary', 'accept-encoding');
    const coding = reply.compression === 0 ? undefined : codingOf(exchange.compressors, reply.compression);
    if (coding !== undefined) headers.push('content-encoding', coding);
  }
  pushMetadataHeaders(headers, reply);
  return finish(exchange, 200, headers, close, copyBody(reply, bodyBytes));
}

/** A refusal by protocol http itself. */
export function writeRefusal(exchange: Exchange, refusal: Refusal, close: boolean): number {
  const body = errorBody(refusal.code, refusal.message, refusal.retry, refusal.retryAfterMs);
  const headers = errorHeaders(body, refusal.retryAfterMs);
  if (refusal.allow !== undefined) headers.push('allow', refusal.allow);
  if (refusal.acceptEncoding !== undefined) headers.push('accept-encoding', refusal.acceptEncoding);
  return finish(exchange, refusal.status, headers, close, body, 'utf8');
}

export function writeText(exchange: Exchange, status: number, text: string, close: boolean): number {
  const headers = ['content-type', 'text/plain', 'content-length', String(text.length), 'cache-control', 'no-store'];
  return finish(exchange, status, headers, close, text);
}

function writeError(exchange: Exchange, reply: CallReply, close: boolean): number {
  const code = codeOfNumber(reply.code);
  const message = reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd);
  const body = errorBody(code, message, retryHints[reply.retry] ?? 'no', reply.retryAfterMs);
  const headers = errorHeaders(body, reply.retryAfterMs);
  pushMetadataHeaders(headers, reply);
  return finish(exchange, statusOfCode(code), headers, close, body, 'utf8');
}

function errorHeaders(body: string, retryAfterMs: number): string[] {
  const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
  // The header counts whole seconds; the body has the milliseconds.
  if (retryAfterMs > 0) headers.push('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  return headers;
}

// A latin1 string keeps any bytes as they are, and node:http writes head and string body as one string: one copy, one
// write. Past a size, copying the body again into that string costs more than a second piece in the same writev.
function copyBody(reply: CallReply, bodyBytes: number): string | Buffer | undefined {
  if (bodyBytes === 0) return undefined;
  if (bodyBytes <= textReplyBytesMax) return reply.source.toString('latin1', reply.bodyStart, reply.bodyEnd);
  const body = Buffer.allocUnsafeSlow(bodyBytes);
  reply.source.copy(body, 0, reply.bodyStart, reply.bodyEnd);
  return body;
}

function finish(
  exchange: Exchange,
  status: number,
  headers: string[],
  close: boolean,
  body: string | Buffer | undefined,
  encoding: BufferEncoding = 'latin1',
): number {
  if (close) headers.push('connection', 'close');
  // @types/node wants OutgoingHttpHeader[]; a flat list of names and values is one.
  const flat: OutgoingHttpHeader[] = headers;
  if (status === 499) exchange.writeHead(status, 'Client Closed Request', flat);
  else exchange.writeHead(status, flat);
  if (body === undefined) exchange.end();
  else exchange.end(body, encoding);
  return body === undefined ? 0 : body.length;
}

function hex32(word: number): string {
  return word.toString(16).padStart(8, '0');
}
