// write-reply: CallReply, refusal or plain text -> an HTTP answer. On IO threads, once per request. An answer is the text of
// its head, and bytes that its body is copied from once, when it is laid behind the head.

import { type CallReply, codecIds, noBytes } from '../../../runtime/call.ts';
import { codeOfNumber, retryHints } from '../../../runtime/errors.ts';
import { codingOf } from './content-coding.ts';
import { contentTypeOfCodec } from './content-type.ts';
import type { Exchange } from './exchange.ts';
import { metadataLines } from './metadata-headers.ts';
import { errorBody, type Refusal } from './refusal.ts';
import { statusLine, statusOfCode } from './status.ts';

/** An answer but for the lines that all answers end their heads with. One object, overwritten by the next answer. */
export interface Answer {
  /** ASCII. */
  head: string;
  source: Buffer;
  start: number;
  end: number;
}

const answer: Answer = { head: '', source: noBytes, start: 0, end: 0 };

const okLine = statusLine(200);
const jsonOk = `${okLine}content-type: application/json\r\ncontent-length: `;

export function replyAnswer(exchange: Exchange, reply: CallReply): Answer {
  if (reply.code !== 0) return errorAnswer(reply);
  if (exchange.oneWay) return whole(`${statusLine(202)}content-length: 0\r\n`, noBytes);
  const bodyBytes = reply.bodyEnd - reply.bodyStart;
  let head =
    reply.codec === codecIds.json
      ? `${jsonOk}${bodyBytes}\r\n`
      : `${okLine}content-type: ${contentTypeOfCodec(reply.codec)}\r\ncontent-length: ${bodyBytes}\r\n`;
  if (reply.codec === codecIds.avro && (reply.fingerprintHigh | reply.fingerprintLow) !== 0) {
    head += `heddle-schema-fingerprint: ${hex32(reply.fingerprintHigh)}${hex32(reply.fingerprintLow)}\r\n`;
  }
  if (exchange.compressors !== undefined) {
    head += 'vary: accept-encoding\r\n';
    const coding = reply.compression === 0 ? undefined : codingOf(exchange.compressors, reply.compression);
    if (coding !== undefined) head += `content-encoding: ${coding}\r\n`;
  }
  if (reply.metadataEnd !== reply.metadataStart) head += metadataLines(reply);
  answer.head = head;
  answer.source = reply.source;
  answer.start = reply.bodyStart;
  answer.end = reply.bodyEnd;
  return answer;
}

/** A refusal by protocol http itself. */
export function refusalAnswer(refusal: Refusal): Answer {
  const body = Buffer.from(errorBody(refusal.code, refusal.message, refusal.retry, refusal.retryAfterMs));
  let head = errorHead(refusal.status, body, refusal.retryAfterMs);
  if (refusal.allow !== undefined) head += `allow: ${refusal.allow}\r\n`;
  if (refusal.acceptEncoding !== undefined) head += `accept-encoding: ${refusal.acceptEncoding}\r\n`;
  return whole(head, body);
}

/** What /healthz says. */
export function healthAnswer(health: string): Answer {
  const body = Buffer.from(`${health}\n`);
  const status = statusLine(health === 'ok' ? 200 : 503);
  const headers = `content-type: text/plain\r\ncontent-length: ${body.length}\r\ncache-control: no-store\r\n`;
  return whole(status + headers, body);
}

function errorAnswer(reply: CallReply): Answer {
  const code = codeOfNumber(reply.code);
  const message = reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd);
  const body = Buffer.from(errorBody(code, message, retryHints[reply.retry] ?? 'no', reply.retryAfterMs));
  return whole(errorHead(statusOfCode(code), body, reply.retryAfterMs) + metadataLines(reply), body);
}

function errorHead(status: number, body: Buffer, retryAfterMs: number): string {
  const head = `${statusLine(status)}content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  // The header counts whole seconds; the body has the milliseconds.
  return retryAfterMs > 0 ? `${head}retry-after: ${Math.ceil(retryAfterMs / 1000)}\r\n` : head;
}

function whole(head: string, body: Buffer): Answer {
  answer.head = head;
  answer.source = body;
  answer.start = 0;
  answer.end = body.length;
  return answer;
}

function hex32(word: number): string {
  return word.toString(16).padStart(8, '0');
}
