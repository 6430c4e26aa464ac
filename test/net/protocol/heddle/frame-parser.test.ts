// The parser's laws: pieces don't matter, garbage never throws, promises cost no memory, a bad frame is told once.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import * as encode from '../../../../net/protocol/heddle/encode.ts';
import { FrameParser } from '../../../../net/protocol/heddle/frame-parser.ts';
import {
  frameTypes,
  goawayLayout,
  messageMaxBytes,
  prefix,
  requestLayout,
} from '../../../../net/protocol/heddle/layout.ts';
import { emptyCallHead, emptyCallReply } from '../../../../runtime/call.ts';
import { anyFrame, cut } from './frame-arbitrary.ts';
import { type FrameEvent, FrameRecorder, parsePieces } from './frame-recorder.ts';

const frameBytes = 512;

test('any split of any frames gives the same frames', (t) => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (frames, places) => {
      const stream = Buffer.concat(frames);
      const whole = parsePieces([stream], 2000);
      t.deepEqual(parsePieces(cut(stream, places), 2000), whole);
      t.deepEqual(parsePieces(bytewise(stream), 2000), whole);
      t.is(whole.length, frames.length);
      t.false(whole.some(({ frame }) => frame === 'bad' || frame === 'broken'));
    }),
    { numRuns: 150 },
  );
  t.pass();
});

test('any split of mutated frames gives the same frames and refusals', (t) => {
  const mutation = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (frames, mutations, places) => {
        const stream = Buffer.concat(frames);
        for (const [place, byte] of mutations) stream[place % stream.length] = byte;
        const whole = parsePieces([stream], frameBytes);
        t.deepEqual(parsePieces(cut(stream, places), frameBytes), whole);
        const broken = whole.findIndex(({ frame }) => frame === 'broken');
        t.true(broken === -1 || broken === whole.length - 1, 'nothing comes after the end');
      },
    ),
    { numRuns: 600 },
  );
  t.pass();
});

test('garbage never throws, and no more of it is held than frameBytes or the longest GOAWAY', (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.tuple(fc.nat(40), fc.nat(255), fc.nat(0xffff_ffff), fc.nat(600)).map(([type, flags, length, tail]) => {
      const garbage = Buffer.alloc(prefix.bytes + tail, 7);
      garbage.set([0xed, 1, type, flags]);
      garbage.writeUInt32LE(length % 3 === 0 ? length : length % 700, prefix.length);
      return garbage;
    }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parser = new FrameParser(new FrameRecorder(), frameBytes);
      for (const chunk of pieces) {
        parser.push(chunk, chunk.length);
        if (parser.heldBytes > Math.max(frameBytes, goawayLayout.bytes + messageMaxBytes)) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('what is promised costs no memory, only what was sent', (t) => {
  const parser = new FrameParser(new FrameRecorder(), 10_000_000);
  const frame = requestFrame(9_000_000);
  parser.push(frame, 12);
  t.true(parser.heldBytes <= 256);
  parser.push(frame.subarray(12), 1000);
  t.true(parser.heldBytes <= 2048);
  parser.push(frame.subarray(1012), frame.length - 1012);
  t.is(parser.heldBytes, 0);
  t.is(parser.frames, 1);
});

test('a frame over frameBytes is refused by its prefix, skipped without being held, and the next one is read', (t) => {
  const recorder = new FrameRecorder();
  const parser = new FrameParser(recorder, frameBytes);
  const stream = Buffer.concat([requestFrame(100_000), cancelFrame(5)]);
  for (const piece of bytewise(stream)) {
    parser.push(piece, 1);
    t.true(parser.heldBytes <= prefix.bytes);
  }
  t.like(recorder.events[0]!, { frame: 'bad', type: frameTypes.request, requestId: 9, code: 'RESOURCE_EXHAUSTED' });
  t.deepEqual(recorder.events[1], { frame: 'cancel', requestId: 5 });
  t.is(parser.frames, 2);
  t.false(parser.partial);
});

test('a frame that lies whole in a chunk is read in place', (t) => {
  const sources: Buffer[] = [];
  const recorder = new FrameRecorder();
  recorder.onRequest = (frame) => sources.push(frame.source);
  const stream = Buffer.concat([requestFrame(10), requestFrame(20)]);
  new FrameParser(recorder, frameBytes).push(stream, stream.length);
  t.true(sources.length === 2 && sources.every((source) => source === stream));
});

test('nothing is told after stop', (t) => {
  const recorder = new FrameRecorder();
  const parser = new FrameParser(recorder, frameBytes);
  recorder.onCancel = () => parser.stop();
  const stream = Buffer.concat([cancelFrame(1), requestFrame(1), cancelFrame(2)]);
  parser.push(stream, stream.length);
  parser.push(stream, stream.length);
  t.deepEqual(recorder.events, []);
});

const refused = (t: ExecutionContext, edit: (frame: Buffer) => unknown, expected: Partial<FrameEvent>) => {
  const frame = requestFrame(16);
  edit(frame);
  const events = parsePieces([frame, cancelFrame(5)], frameBytes);
  t.like(events[0]!, expected);
  const goesOn = expected.frame === 'bad';
  t.deepEqual(events.slice(1), goesOn ? [{ frame: 'cancel', requestId: 5 }] : []);
};
refused.title = (what?: string) => `malformed: ${what}`;

const bad = (code: string): Partial<FrameEvent> => ({ frame: 'bad', requestId: 9, code });
const broken = (code: string): Partial<FrameEvent> => ({ frame: 'broken', code });

test('magic', refused, (f: Buffer) => f.writeUInt8(0x47, 0), broken('INVALID_ARGUMENT'));
test('version 2', refused, (f: Buffer) => f.writeUInt8(2, 1), broken('UNIMPLEMENTED'));
test('length below the prefix', refused, (f: Buffer) => f.writeUInt32LE(11, 4), broken('INVALID_ARGUMENT'));
test('cancel of a wrong length', refused, (f: Buffer) => f.writeUInt8(5, 2), broken('INVALID_ARGUMENT'));
test('ping of a wrong length', refused, (f: Buffer) => f.writeUInt8(6, 2), broken('INVALID_ARGUMENT'));
test('a stream frame', refused, (f: Buffer) => f.writeUInt8(17, 2), bad('UNIMPLEMENTED'));
test('an unknown type', refused, (f: Buffer) => f.writeUInt8(200, 2), bad('UNIMPLEMENTED'));
test('an attachment', refused, (f: Buffer) => f.writeUInt8(0x80, 3), bad('UNIMPLEMENTED'));
test('an unknown flag', refused, (f: Buffer) => f.writeUInt8(0x10, 3), bad('INVALID_ARGUMENT'));
test('priority 3', refused, (f: Buffer) => f.writeUInt8(3, requestLayout.priority), bad('INVALID_ARGUMENT'));
test('attempt 0', refused, (f: Buffer) => f.writeUInt8(0, requestLayout.attempt), bad('INVALID_ARGUMENT'));
test('codec v8', refused, (f: Buffer) => f.writeUInt8(255, requestLayout.codec), bad('UNIMPLEMENTED'));
test('names behind the end', refused, (f: Buffer) => f.writeUInt8(200, 37), bad('INVALID_ARGUMENT'));
test('metadata behind the end', refused, (f: Buffer) => f.writeUInt16LE(17, 38), bad('INVALID_ARGUMENT'));
test('metadata cut short', refused, (f: Buffer) => f.writeUInt16LE(7, 38), bad('INVALID_ARGUMENT'));

test('a metadata key with a capital is refused', (t) => {
  const frame = requestFrame(0, Buffer.from([1, 65, 0, 0]));
  t.like(parsePieces([frame], frameBytes)[0]!, bad('INVALID_ARGUMENT'));
});

test('a request too short for its head is refused alone', (t) => {
  const short = requestFrame(0).subarray(0, 30);
  short.writeUInt32LE(30, prefix.length);
  const events = parsePieces([short, cancelFrame(5)], frameBytes);
  t.like(events[0]!, bad('INVALID_ARGUMENT'));
  t.is(events.length, 2);
});

test('a GOAWAY of any version is read', (t) => {
  const goaway = Buffer.alloc(16);
  encode.encodeGoaway(goaway, 0, 12, false, Buffer.alloc(0));
  goaway.set([7, frameTypes.goaway, 0xfe], prefix.version);
  t.like(parsePieces(bytewise(goaway), frameBytes)[0]!, { frame: 'goaway', code: 12, lowestVersion: 1 });
});

test('codes and hints of later versions read as UNKNOWN and no retry', (t) => {
  const reply = { ...emptyCallReply(), code: 77, retry: 9 };
  const frame = Buffer.alloc(encode.replyFrameBytes(reply));
  encode.encodeReply(frame, 0, 3, reply);
  t.like(parsePieces([frame], frameBytes)[0]!, { frame: 'reply', code: 2, retry: 0 });
});

test('an error message is cut at 4096 bytes, between characters', (t) => {
  const source = Buffer.from(`a${'é'.repeat(3000)}`);
  const reply = { ...emptyCallReply(), code: 13, source, bodyEnd: source.length };
  const frame = Buffer.alloc(encode.replyFrameBytes(reply));
  t.is(encode.encodeReply(frame, 0, 3, reply), 20 + 4095);
  t.is(frame.toString('utf8', 20), `a${'é'.repeat(2047)}`);
});

test('a budget is said in µs: none as 0, a late one as 1, a long one as 2^32 - 1', (t) => {
  t.is(encode.budgetUsUntil(Number.POSITIVE_INFINITY, 5), 0);
  t.is(encode.budgetUsUntil(5, 5.5), 1);
  t.is(encode.budgetUsUntil(255.25, 5), 250_250);
  t.is(encode.budgetUsUntil(1e9, 0), 0xffff_ffff);
});

test('a name over 255 bytes can not be encoded', (t) => {
  t.throws(() => encode.encodeRoute('é'.repeat(128), 'm'), { message: /255 bytes; é+\/m has 256 and 1/ });
});

/** A request with id 9 and a body of zeros. */
function requestFrame(bodyBytes: number, metadata = Buffer.alloc(0)): Buffer {
  const head = emptyCallHead();
  head.source = Buffer.concat([metadata, Buffer.alloc(bodyBytes)]);
  head.metadataEnd = head.bodyStart = metadata.length;
  head.bodyEnd = head.source.length;
  const route = encode.encodeRoute('a.B', 'c');
  const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
  encode.encodeRequest(frame, 0, 9, route, head, 0);
  return frame;
}

function cancelFrame(requestId: number): Buffer {
  const frame = Buffer.alloc(prefix.bytes);
  encode.encodeCancel(frame, 0, requestId);
  return frame;
}

function bytewise(stream: Buffer): Buffer[] {
  return Array.from(stream, (_, index) => stream.subarray(index, index + 1));
}
