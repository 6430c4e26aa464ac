// What stands in one whole heddle frame, read in place into an object that its caller uses again and again. Pure: each
// function fills its object and says what is wrong with the frame, if something is. Called by FrameParser only.

import { type CallHead, type CallReply, callFlags, codecIds, emptyCallHead } from '../../../runtime/call.ts';
import { bodyCompression } from '../../../runtime/compression-byte.ts';
import type { ErrorCode } from '../../../runtime/errors.ts';
import { codecs } from '../../../runtime/plugins/codec.ts';
import {
  errorLayout,
  frameFlags,
  frameTypes,
  goawayLayout,
  prefix,
  replyLayout,
  requestLayout,
  traceLayout,
} from './layout.ts';
import { metadataFault } from './metadata-fault.ts';

/** A REQUEST or ONE_WAY (`callFlags.oneWay` in `flags`). `deadlineMs` is left for the receiver to set from `budgetUs`. */
export interface RequestFrame extends CallHead {
  requestId: number;
  /** Remaining budget, µs; 0: none. */
  budgetUs: number;
  /** In `source`: the service's name from `serviceStart`, the method's from `methodStart` to `methodEnd`. */
  serviceStart: number;
  methodStart: number;
  methodEnd: number;
}

export function emptyRequestFrame(): RequestFrame {
  return { ...emptyCallHead(), requestId: 0, budgetUs: 0, serviceStart: 0, methodStart: 0, methodEnd: 0 };
}

export interface GoawayFrame {
  /** 0: an orderly end; else an error code's number. */
  code: number;
  /** See `frameFlags.final`. */
  final: boolean;
  lowestVersion: number;
  highestVersion: number;
  message: string;
}

/** What is wrong with one frame of a stream that is otherwise good. */
export interface FrameFault {
  code: ErrorCode;
  message: string;
}

/** Reads the REQUEST or ONE_WAY in `source` from `at` to `end`. */
export function readRequest(frame: RequestFrame, source: Buffer, at: number, end: number): FrameFault | undefined {
  const flags = source[at + prefix.flags]!;
  frame.requestId = source.readUInt32LE(at + prefix.requestId);
  frame.flags =
    ((flags & frameFlags.idempotent) !== 0 ? callFlags.idempotent : 0) |
    (source[at + prefix.type] === frameTypes.oneWay ? callFlags.oneWay : 0);
  frame.budgetUs = source.readUInt32LE(at + requestLayout.budgetUs);
  frame.callIdLow = source.readUInt32LE(at + requestLayout.callIdLow);
  frame.callIdHigh = source.readUInt32LE(at + requestLayout.callIdHigh);
  frame.fingerprintLow = source.readUInt32LE(at + requestLayout.fingerprintLow);
  frame.fingerprintHigh = source.readUInt32LE(at + requestLayout.fingerprintHigh);
  frame.priority = source[at + requestLayout.priority]!;
  frame.codec = source[at + requestLayout.codec]!;
  frame.compression = source[at + requestLayout.compression]!;
  frame.attempt = source[at + requestLayout.attempt]!;
  frame.source = source;
  let names = at + requestLayout.bytes;
  const words = frame.trace;
  if ((flags & frameFlags.trace) !== 0) {
    for (let word = 0; word < 6; word++) words[word] = source.readUInt32BE(names + traceLayout.words + word * 4);
    frame.traceFlags = source[names + traceLayout.flags]!;
    names += traceLayout.bytes;
  } else if ((words[0]! | words[1]! | words[2]! | words[3]! | words[4]! | words[5]! | frame.traceFlags) !== 0) {
    words.fill(0);
    frame.traceFlags = 0;
  }
  frame.serviceStart = names;
  frame.methodStart = names + source[at + requestLayout.serviceBytes]!;
  frame.methodEnd = frame.methodStart + source[at + requestLayout.methodBytes]!;
  frame.metadataStart = frame.methodEnd;
  frame.metadataEnd = frame.methodEnd + source.readUInt16LE(at + requestLayout.metadataBytes);
  frame.bodyStart = frame.metadataEnd;
  frame.bodyEnd = end;
  return viewsFault(frame) ?? classFault(frame) ?? codecFault(frame);
}

/** Reads the REPLY in `source` from `at` to `end`. */
export function readReply(reply: CallReply, source: Buffer, at: number, end: number): FrameFault | undefined {
  reply.code = 0;
  reply.retry = 0;
  reply.retryAfterMs = 0;
  reply.codec = source[at + replyLayout.codec]!;
  reply.compression = source[at + replyLayout.compression]!;
  reply.fingerprintLow = source.readUInt32LE(at + replyLayout.fingerprintLow);
  reply.fingerprintHigh = source.readUInt32LE(at + replyLayout.fingerprintHigh);
  setViews(reply, source, at + replyLayout.bytes, source.readUInt16LE(at + replyLayout.metadataBytes), end);
  return viewsFault(reply) ?? codecFault(reply) ?? compressionFault(reply);
}

/** Reads the ERROR in `source` from `at` to `end`. */
export function readError(reply: CallReply, source: Buffer, at: number, end: number): FrameFault | undefined {
  const code = source[at + errorLayout.code]!;
  const retry = source[at + errorLayout.retry]!;
  // A code or hint of a later version reads as the most careful one of this: UNKNOWN (2), and no retry.
  reply.code = code >= 1 && code <= 16 ? code : 2;
  reply.retry = retry <= 2 ? retry : 0;
  reply.retryAfterMs = source.readUInt32LE(at + errorLayout.retryAfterMs);
  reply.codec = codecIds.bytes;
  reply.compression = 0;
  reply.fingerprintLow = 0;
  reply.fingerprintHigh = 0;
  setViews(reply, source, at + errorLayout.bytes, source.readUInt16LE(at + errorLayout.metadataBytes), end);
  return viewsFault(reply);
}

/** Reads the GOAWAY in `source` from `at` to `end`: of any version. */
export function readGoaway(source: Buffer, at: number, end: number): GoawayFrame {
  return {
    code: source[at + goawayLayout.code]!,
    final: (source[at + prefix.flags]! & frameFlags.final) !== 0,
    lowestVersion: source[at + goawayLayout.lowestVersion]!,
    highestVersion: source[at + goawayLayout.highestVersion]!,
    message: source.toString('utf8', at + goawayLayout.bytes, end),
  };
}

function setViews(reply: CallReply, source: Buffer, start: number, metadataBytes: number, end: number): void {
  reply.source = source;
  reply.metadataStart = start;
  reply.metadataEnd = start + metadataBytes;
  reply.bodyStart = reply.metadataEnd;
  reply.bodyEnd = end;
}

function viewsFault(views: RequestFrame | CallReply): FrameFault | undefined {
  if (views.metadataEnd > views.bodyEnd) {
    return invalid(`names and metadata end ${views.metadataEnd - views.bodyEnd} bytes behind the end of the frame`);
  }
  if (views.metadataStart === views.metadataEnd) return undefined;
  const fault = metadataFault(views.source, views.metadataStart, views.metadataEnd);
  return fault === undefined ? undefined : invalid(fault);
}

function classFault(frame: RequestFrame): FrameFault | undefined {
  if (frame.priority > 2) {
    return invalid(`priority must be 0 (high), 1 (normal) or 2 (low), not ${frame.priority}`);
  }
  return frame.attempt === 0 ? invalid('attempt must be 1 for the first try, not 0') : undefined;
}

/** Codec v8 never crosses a socket: its reader trusts the writer. */
function codecFault(frame: RequestFrame | CallReply): FrameFault | undefined {
  if (frame.codec > codecIds.flatbuffers && codecs.ofId(frame.codec) === undefined) {
    const others = codecs.all.filter(({ id }) => id > codecIds.flatbuffers);
    const spoken = ['0 bytes', '1 json', '2 avro', '3 flatbuffers', ...others.map(({ id, name }) => `${id} ${name}`)];
    return {
      code: 'UNIMPLEMENTED',
      message: `codec ${frame.codec} is not spoken here; ${spoken.slice(0, -1).join(', ')} and ${spoken.at(-1)} are`,
    };
  }
  return undefined;
}

/** Which ids are known is for the thread that decompresses to say; a reply has nothing to announce. */
function compressionFault({ compression }: CallReply): FrameFault | undefined {
  if (compression === bodyCompression(compression)) return undefined;
  return {
    code: 'UNIMPLEMENTED',
    message: `compression ${compression} of a reply is reserved; 0 to 15 are spoken here`,
  };
}

function invalid(message: string): FrameFault {
  return { code: 'INVALID_ARGUMENT', message };
}
