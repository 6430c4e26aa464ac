// Arbitrary valid frames for property tests, written by the encoder.

import fc from 'fast-check';
import * as encode from '../../../../net/protocol/heddle/encode.ts';
import { callFlags, emptyCallHead, emptyCallReply } from '../../../../runtime/call.ts';
import { encodeMetadata } from '../../../../runtime/metadata.ts';

const u32 = fc.nat(0xffff_ffff);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const metadata = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,12}$/), fc.string({ maxLength: 20 })), { maxLength: 3 })
  .map(encodeMetadata);
const name = fc.string({ maxLength: 40, unit: 'binary' });

const request = fc
  .record({
    requestId: u32,
    service: name,
    method: name,
    metadata,
    body: bytes(300),
    budgetUs: u32,
    words: fc.array(u32, { minLength: 6, maxLength: 6 }),
    traced: fc.boolean(),
    flags: fc.nat(3),
    low: u32,
    high: u32,
    priority: fc.nat(2),
    codec: fc.nat(3),
    attempt: fc.integer({ min: 1, max: 255 }),
  })
  .map((want) => {
    const head = emptyCallHead();
    head.flags = want.flags & (callFlags.oneWay | callFlags.idempotent);
    head.priority = want.priority;
    head.codec = want.codec;
    head.attempt = want.attempt;
    head.callIdLow = head.fingerprintHigh = want.low;
    head.callIdHigh = head.fingerprintLow = want.high;
    if (want.traced) head.trace.set(want.words);
    if (want.traced) head.traceFlags = want.words[0]! & 255;
    head.source = Buffer.concat([want.metadata, want.body]);
    head.metadataEnd = head.bodyStart = want.metadata.length;
    head.bodyEnd = head.source.length;
    const route = encode.encodeRoute(want.service, want.method);
    const target = Buffer.alloc(encode.requestFrameBytes(route, head));
    encode.encodeRequest(target, 0, want.requestId, route, head, want.budgetUs);
    return target;
  });

const reply = fc
  .record({ requestId: u32, code: fc.nat(16), retry: fc.nat(2), retryAfterMs: u32, metadata, body: bytes(300) })
  .map((want) => {
    const answer = emptyCallReply();
    answer.code = want.code;
    answer.retry = want.retry;
    answer.retryAfterMs = want.retryAfterMs;
    answer.source = Buffer.concat([want.metadata, want.body]);
    answer.metadataEnd = answer.bodyStart = want.metadata.length;
    answer.bodyEnd = answer.source.length;
    const target = Buffer.alloc(encode.replyFrameBytes(answer));
    encode.encodeReply(target, 0, want.requestId, answer);
    return target;
  });

const control = fc.oneof(
  u32.map((id) => written(12, (target) => encode.encodeCancel(target, 0, id))),
  bytes(8)
    .filter((data) => data.length === 8)
    .map((data) => written(20, (target) => encode.encodePing(target, 0, data, 0))),
  fc.tuple(fc.nat(16), fc.boolean(), fc.string({ maxLength: 30 })).map(([code, final, text]) => {
    const message = encode.encodeMessage(text);
    return written(encode.goawayFrameBytes(message), (target) => encode.encodeGoaway(target, 0, code, final, message));
  }),
);

function written(length: number, encodeInto: (target: Buffer) => void): Buffer {
  const target = Buffer.alloc(length);
  encodeInto(target);
  return target;
}

/** One whole frame. */
export const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 3, arbitrary: request },
  { weight: 2, arbitrary: reply },
  { weight: 2, arbitrary: control },
);

/** Cuts a stream at the given places. */
export function cut(stream: Buffer, places: number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [...ends, stream.length].map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1]!, end));
}
