// The encoder of heddle frames, for both sides: IO threads (replies) and clients (requests). Each function writes one
// frame into `target` at `at` and returns where it ends; the caller has made room by the matching …FrameBytes. Nothing
// here allocates but encodeRoute and encodeMessage, which are for once per route and for errors.

import { type CallHead, type CallReply, callFlags, noBytes } from '../../../runtime/call.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import {
  budgetMaxUs,
  errorLayout,
  frameFlags,
  frameMagic,
  frameTypes,
  goawayLayout,
  messageMaxBytes,
  nameMaxBytes,
  pingLayout,
  prefix,
  protocolVersion,
  replyLayout,
  requestLayout,
  traceLayout,
} from './layout.ts';

/** Service and method as they stand in a frame: encode them once per route, not once per call. */
export interface EncodedRoute {
  /** The service's bytes, then the method's. */
  readonly bytes: Buffer;
  /** How many of them are the service's. */
  readonly serviceBytes: number;
}

/** Throws INVALID_ARGUMENT when a name is over 255 bytes. */
export function encodeRoute(service: string, method: string): EncodedRoute {
  const serviceBytes = Buffer.byteLength(service);
  const methodBytes = Buffer.byteLength(method);
  if (serviceBytes > nameMaxBytes || methodBytes > nameMaxBytes) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `service and method names may have ${nameMaxBytes} bytes; ${service.slice(0, 40)}/${method.slice(0, 40)} has ${serviceBytes} and ${methodBytes}`,
    );
  }
  return { bytes: Buffer.from(service + method), serviceBytes };
}

/** What is left until a deadline, as the wire says it: µs, at least 1; 0 for none; a longer one than fits is cut to 2^32 - 1. */
export function budgetUsUntil(deadlineMs: number, nowMs: number): number {
  if (deadlineMs === Number.POSITIVE_INFINITY) return 0;
  return Math.min(Math.max(1, Math.floor((deadlineMs - nowMs) * 1000)), budgetMaxUs);
}

/** Size of a REQUEST or ONE_WAY without its body. `mark`: metadata that goes behind the head's own. */
export function requestHeadBytes(route: EncodedRoute, head: CallHead, mark: Buffer = noBytes): number {
  const trace = hasTrace(head) ? traceLayout.bytes : 0;
  return requestLayout.bytes + trace + route.bytes.length + head.metadataEnd - head.metadataStart + mark.length;
}

/** Size of a whole REQUEST or ONE_WAY. */
export function requestFrameBytes(route: EncodedRoute, head: CallHead, mark: Buffer = noBytes): number {
  return requestHeadBytes(route, head, mark) + head.bodyEnd - head.bodyStart;
}

/**
 * Everything of a REQUEST (ONE_WAY when `head.flags` says so) but the body, whose bytes are to follow at once. The
 * frame's length counts them. `head.deadlineMs` is not read: `budgetUs` says what is left of it (`budgetUsUntil`).
 */
export function encodeRequestHead(
  target: Buffer,
  at: number,
  requestId: number,
  route: EncodedRoute,
  head: CallHead,
  budgetUs: number,
  mark: Buffer = noBytes,
): number {
  const traced = hasTrace(head);
  const type = (head.flags & callFlags.oneWay) !== 0 ? frameTypes.oneWay : frameTypes.request;
  const flags =
    ((head.flags & callFlags.idempotent) !== 0 ? frameFlags.idempotent : 0) | (traced ? frameFlags.trace : 0);
  const metadataBytes = head.metadataEnd - head.metadataStart + mark.length;
  encodePrefix(target, at, type, flags, requestFrameBytes(route, head, mark), requestId);
  put32(target, at + requestLayout.budgetUs, budgetUs);
  put32(target, at + requestLayout.callIdLow, head.callIdLow);
  put32(target, at + requestLayout.callIdHigh, head.callIdHigh);
  put32(target, at + requestLayout.fingerprintLow, head.fingerprintLow);
  put32(target, at + requestLayout.fingerprintHigh, head.fingerprintHigh);
  target[at + requestLayout.priority] = head.priority;
  target[at + requestLayout.codec] = head.codec;
  target[at + requestLayout.compression] = head.compression;
  target[at + requestLayout.attempt] = Math.min(head.attempt, 255);
  target[at + requestLayout.serviceBytes] = route.serviceBytes;
  target[at + requestLayout.methodBytes] = route.bytes.length - route.serviceBytes;
  put16(target, at + requestLayout.metadataBytes, metadataBytes);
  let end = at + requestLayout.bytes;
  if (traced) end = putTrace(target, end, head);
  end = putBytes(target, end, route.bytes, 0, route.bytes.length);
  end = putBytes(target, end, head.source, head.metadataStart, head.metadataEnd);
  return putBytes(target, end, mark, 0, mark.length);
}

/** A whole REQUEST or ONE_WAY. */
export function encodeRequest(
  target: Buffer,
  at: number,
  requestId: number,
  route: EncodedRoute,
  head: CallHead,
  budgetUs: number,
  mark: Buffer = noBytes,
): number {
  const end = encodeRequestHead(target, at, requestId, route, head, budgetUs, mark);
  return putBytes(target, end, head.source, head.bodyStart, head.bodyEnd);
}

/** Size of a whole REPLY, or ERROR when `reply.code` is not 0. */
export function replyFrameBytes(reply: CallReply): number {
  const metadataBytes = reply.metadataEnd - reply.metadataStart;
  if (reply.code === 0) return replyLayout.bytes + metadataBytes + reply.bodyEnd - reply.bodyStart;
  return errorLayout.bytes + metadataBytes + messageEnd(reply.source, reply.bodyStart, reply.bodyEnd) - reply.bodyStart;
}

/** A whole REPLY, or ERROR when `reply.code` is not 0; its message is cut at 4096 bytes, between characters. */
export function encodeReply(target: Buffer, at: number, requestId: number, reply: CallReply): number {
  const metadataBytes = reply.metadataEnd - reply.metadataStart;
  let end: number;
  let bodyEnd = reply.bodyEnd;
  if (reply.code === 0) {
    const length = replyLayout.bytes + metadataBytes + bodyEnd - reply.bodyStart;
    encodePrefix(target, at, frameTypes.reply, 0, length, requestId);
    target[at + replyLayout.codec] = reply.codec;
    target[at + replyLayout.compression] = reply.compression;
    put16(target, at + replyLayout.metadataBytes, metadataBytes);
    put32(target, at + replyLayout.fingerprintLow, reply.fingerprintLow);
    put32(target, at + replyLayout.fingerprintHigh, reply.fingerprintHigh);
    end = at + replyLayout.bytes;
  } else {
    bodyEnd = messageEnd(reply.source, reply.bodyStart, bodyEnd);
    const length = errorLayout.bytes + metadataBytes + bodyEnd - reply.bodyStart;
    encodePrefix(target, at, frameTypes.error, 0, length, requestId);
    target[at + errorLayout.code] = reply.code;
    target[at + errorLayout.retry] = reply.retry;
    put16(target, at + errorLayout.metadataBytes, metadataBytes);
    put32(target, at + errorLayout.retryAfterMs, reply.retryAfterMs);
    end = at + errorLayout.bytes;
  }
  end = putBytes(target, end, reply.source, reply.metadataStart, reply.metadataEnd);
  return putBytes(target, end, reply.source, reply.bodyStart, bodyEnd);
}

/** CANCEL has `prefix.bytes` bytes. */
export function encodeCancel(target: Buffer, at: number, requestId: number): number {
  encodePrefix(target, at, frameTypes.cancel, 0, prefix.bytes, requestId);
  return at + prefix.bytes;
}

/** PING has `pingLayout.bytes` bytes; its 8 bytes of data are taken from `data` at `dataStart`. */
export function encodePing(target: Buffer, at: number, data: Buffer, dataStart: number): number {
  encodePrefix(target, at, frameTypes.ping, 0, pingLayout.bytes, 0);
  return putBytes(target, at + pingLayout.data, data, dataStart, dataStart + pingLayout.dataBytes);
}

/** The answer to a PING: the same 8 bytes. */
export function encodePong(target: Buffer, at: number, data: Buffer, dataStart: number): number {
  encodePrefix(target, at, frameTypes.pong, 0, pingLayout.bytes, 0);
  return putBytes(target, at + pingLayout.data, data, dataStart, dataStart + pingLayout.dataBytes);
}

/** An error's sentence for GOAWAY, cut at 4096 bytes, between characters. */
export function encodeMessage(text: string): Buffer {
  const bytes = Buffer.from(text);
  return bytes.subarray(0, messageEnd(bytes, 0, bytes.length));
}

/** Size of a GOAWAY with this message. */
export function goawayFrameBytes(message: Buffer): number {
  return goawayLayout.bytes + message.length;
}

/** `code` 0: an orderly end; else an error code's number. `final`: see `frameFlags.final`. */
export function encodeGoaway(target: Buffer, at: number, code: number, final: boolean, message: Buffer): number {
  encodePrefix(target, at, frameTypes.goaway, final ? frameFlags.final : 0, goawayFrameBytes(message), 0);
  target[at + goawayLayout.code] = code;
  target[at + goawayLayout.lowestVersion] = protocolVersion;
  target[at + goawayLayout.highestVersion] = protocolVersion;
  target[at + goawayLayout.zero] = 0;
  return putBytes(target, at + goawayLayout.bytes, message, 0, message.length);
}

function encodePrefix(target: Buffer, at: number, type: number, flags: number, length: number, requestId: number) {
  target[at + prefix.magic] = frameMagic;
  target[at + prefix.version] = protocolVersion;
  target[at + prefix.type] = type;
  target[at + prefix.flags] = flags;
  put32(target, at + prefix.length, length);
  put32(target, at + prefix.requestId, requestId);
}

function hasTrace(head: CallHead): boolean {
  const words = head.trace;
  return (words[0]! | words[1]! | words[2]! | words[3]!) !== 0;
}

function putTrace(target: Buffer, at: number, head: CallHead): number {
  for (let word = 0; word < 6; word++) {
    const value = head.trace[word]!;
    const start = at + traceLayout.words + word * 4;
    target[start] = value >>> 24;
    target[start + 1] = value >>> 16;
    target[start + 2] = value >>> 8;
    target[start + 3] = value;
  }
  target[at + traceLayout.flags] = head.traceFlags;
  return at + traceLayout.bytes;
}

/** End of the longest part of a message that fits and does not cut a UTF-8 character. */
function messageEnd(source: Buffer, start: number, end: number): number {
  if (end - start <= messageMaxBytes) return end;
  let cut = start + messageMaxBytes;
  while (cut > start && (source[cut]! & 0xc0) === 0x80) cut--;
  return cut;
}

function put16(target: Buffer, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
}

function put32(target: Buffer, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

/** Below this a loop in JavaScript beats the call into the engine. */
const shortCopyBytes = 32;

function putBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length > shortCopyBytes) source.copy(target, at, start, end);
  else for (let index = 0; index < length; index++) target[at + index] = source[start + index]!;
  return at + length;
}
