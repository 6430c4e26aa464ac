// The whole story of one request, socket to socket, with the bytes at each stage: the parts that the threads of a server
// are made of, here wired on one thread as asker 1 (an IO thread) and taker 2 (a CPU thread); then the same bytes once
// more through a real server.

import test from 'ava';
import type { BodyForm } from '../../net/codec/method-codec.ts';
import {
  encodeReply,
  encodeRequest,
  encodeRoute,
  replyFrameBytes,
  requestFrameBytes,
} from '../../net/protocol/heddle/encode.ts';
import { FrameParser } from '../../net/protocol/heddle/frame-parser.ts';
import type { RequestFrame } from '../../net/protocol/heddle/read-frame.ts';
import { type CallReply, callFlags, emptyCallHead, emptyCallReply } from '../../runtime/call.ts';
import { decodeMetadata, encodeMetadata } from '../../runtime/metadata.ts';
import { lane, laneWords, ring, slotRecordWords } from '../../runtime/shared/layout.ts';
import { Probe } from './services/contracts.ts';
import { startSpine } from './spine.ts';
import { atMs, twoThreads } from './two-threads.ts';
import { Wire } from './wire.ts';

/** The golden bytes of each stage; what stands behind `;` is a comment. */
const golden = {
  request: bytes(`
    ed 01 01 03 61 00 00 00 07 00 00 00              ; magic, version, REQUEST, idempotent + trace, 97 bytes, id 7
    00 00 00 00                                      ; no deadline
    08 07 06 05 04 03 02 01                          ; call id
    41 ea 62 9d e9 27 64 4a                          ; fingerprint of greet's schemas
    01 02 00 01                                      ; normal, avro, no compression, attempt 1
    0a 05 0c 00                                      ; names of 10 and 5 bytes, 12 bytes of metadata
    4b f9 2f 35 77 b3 4d a6 a3 ce 92 9d 0e 0e 47 36  ; trace id
    00 f0 67 aa 0b a9 02 b7 01                       ; parent span, flags
    74 65 73 74 2e 50 72 6f 62 65 67 72 65 65 74     ; test.Probe greet
    04 66 72 6f 6d 05 00 73 74 6f 72 79              ; from = story
    06 41 64 61 04                                   ; { name: 'Ada', times: 2 }
  `),
  slot: bytes(`
    00 02 00 00                                      ; lap 0, READY, nobody's
    01 00 00 00  00 00 00 00  00 00 00 00            ; asker 1, request 0, generation 0
    03 00 00 00                                      ; method 3
    02 01 02 00                                      ; idempotent, normal, avro, no compression
    01 00 00 00  01 00 00 00                         ; attempt 1, depth 0; trace flags
    00 00 00 00 00 88 93 40                          ; deadline 1250 ms
    00 00 00 00 00 40 8f 40                          ; put at 1000 ms
    04 03 02 01  08 07 06 05                         ; call id, high and low half
    e9 27 64 4a  41 ea 62 9d                         ; fingerprint, high and low half
    35 2f f9 4b a6 4d b3 77 9d 92 ce a3 36 47 0e 0e  ; trace id, by words
    aa 67 f0 00 b7 02 a9 0b                          ; parent span
    0c 00 00 00  05 00 00 00                         ; 12 bytes of metadata, 5 of body
    ff ff ff ff  00 00 00 00                         ; no block: inline
    00 00 00 00                                      ; no name
  `),
  inline: bytes(`
    04 66 72 6f 6d 05 00 73 74 6f 72 79              ; from = story
    06 41 64 61 04                                   ; { name: 'Ada', times: 2 }
  `),
  reply: bytes(`
    07 67 72 65 65 74 65 64 05 00 73 74 6f 72 79              ; greeted = story
    24 68 65 6c 6c 6f 20 41 64 61 68 65 6c 6c 6f 20 41 64 61  ; { text: 'hello Adahello Ada' }
  `),
  ringFrame: bytes(`
    50 00 00 00                                               ; 80 bytes, 6 of them filling
    00 00 00 00  00 00 00 00                                  ; request 0, generation 0
    00 00 02 00  00 00 00 00                                  ; success, avro; no retry after
    e9 27 64 4a  41 ea 62 9d                                  ; fingerprint
    0f 00 00 00  13 00 00 00                                  ; 15 bytes of metadata, 19 of body
    00 00 00 00                                               ; here, not on the side port
    07 67 72 65 65 74 65 64 05 00 73 74 6f 72 79
    24 68 65 6c 6c 6f 20 41 64 61 68 65 6c 6c 6f 20 41 64 61
    00 00 00 00 00 00
  `),
  replyFrame: bytes(`
    ed 01 03 00 3a 00 00 00 07 00 00 00                       ; magic, version, REPLY, 58 bytes, id 7
    02 00 0f 00                                               ; avro, no compression, 15 bytes of metadata
    41 ea 62 9d e9 27 64 4a                                   ; fingerprint
    07 67 72 65 65 74 65 64 05 00 73 74 6f 72 79              ; greeted = story
    24 68 65 6c 6c 6f 20 41 64 61 68 65 6c 6c 6f 20 41 64 61  ; { text: 'hello Adahello Ada' }
  `),
};

test('one request, from the bytes of its frame to the bytes of its reply', async (t) => {
  // The client: a value becomes a body, head and body a frame.
  const sent = emptyCallHead();
  sent.source = encodeMetadata([['from', 'story']]);
  sent.metadataEnd = sent.source.length;
  Probe.greet.codec.writeRequest({ name: 'Ada', times: 2 }, sent, undefined);
  Object.assign(sent, { flags: callFlags.idempotent, callIdHigh: 0x01020304, callIdLow: 0x05060708, traceFlags: 1 });
  sent.trace.set([0x4bf92f35, 0x77b34da6, 0xa3ce929d, 0x0e0e4736, 0x00f067aa, 0x0ba902b7]);
  const route = encodeRoute('test.Probe', 'greet');
  const frame = Buffer.alloc(requestFrameBytes(route, sent));
  encodeRequest(frame, 0, 7, route, sent, 0);
  same(t, frame, golden.request, 'request frame');

  // Stage 2 and 3, IO thread: chunks become a frame, the frame a head. Nothing is copied.
  const { asker, taker, answerer, pool, toAsker } = twoThreads();
  const { queue } = pool;
  const replies: Buffer[] = [];
  const sink = {
    // Stage 10: a reply becomes a frame.
    onReply(tag: number, reply: CallReply): void {
      const out = Buffer.alloc(replyFrameBytes(reply));
      encodeReply(out, 0, tag, reply);
      replies.push(out);
    },
  };
  let handle = -1;
  parse(frame, (head) => {
    t.is(head.source, frame);
    t.is(head.requestId, 7);
    t.is(head.source.toString('latin1', head.serviceStart, head.methodStart), 'test.Probe');
    t.is(head.source.toString('latin1', head.methodStart, head.methodEnd), 'greet');
    t.deepEqual(
      [head.priority, head.codec, head.attempt, head.flags, head.budgetUs],
      [1, 2, 1, callFlags.idempotent, 0],
    );
    t.deepEqual([head.metadataStart, head.metadataEnd, head.bodyStart, head.bodyEnd], [80, 92, 92, 97]);
    // Stage 4 to 6: to method 3 of its pool, once into shared memory.
    head.deadlineMs = atMs + 250;
    handle = asker.put(
      { pool, method: 3, column: 1, maxConcurrency: 0, service: 'test.Probe' },
      head,
      undefined,
      sink,
      7,
    );
  });
  t.true(handle >= 0);
  frame.fill(0xee);
  const slot = laneWords(queue.capacity) + lane.slots;
  same(t, words(queue.memory, slot, 27), golden.slot, 'slot record');
  same(
    t,
    queue.bytes.subarray((slot + slotRecordWords) * 4, (slot + slotRecordWords) * 4 + 17),
    golden.inline,
    'inline bytes',
  );

  // Stage 7, CPU thread: the record becomes a head again, its bytes a private copy; the slot is free for the next lap.
  const taken = taker.take(true, true)!;
  const { head } = taken;
  t.deepEqual([taken.asker, taken.request, taken.generation, taken.method], [1, 0, 0, 3]);
  t.deepEqual([head.priority, head.codec, head.attempt, head.depth, head.deadlineMs], [1, 2, 1, 0, atMs + 250]);
  t.deepEqual([...head.trace], [...sent.trace]);
  t.deepEqual([head.callIdHigh, head.callIdLow], [0x01020304, 0x05060708]);
  t.true(head.source.buffer instanceof ArrayBuffer);
  same(t, head.source.subarray(head.metadataStart, head.bodyEnd), golden.inline, 'private copy');
  t.is(queue.words[slot], 1 << 10);
  queue.words.fill(-1, slot + 1, slot + slotRecordWords);

  // Stage 8: a body becomes a value, the handler's value a body.
  const form = Probe.greet.codec.formFor(head, 'test.Probe/greet') as BodyForm;
  t.deepEqual(form.decode(head.source, head.bodyStart, head.bodyEnd), { name: 'Ada', times: 2 });
  t.deepEqual([...decodeMetadata(head.source, head.metadataStart, head.metadataEnd)], [['from', 'story']]);
  const reply = emptyCallReply();
  reply.source = encodeMetadata([['greeted', 'story']]);
  reply.metadataEnd = reply.source.length;
  form.encode({ text: 'hello Adahello Ada' }, reply);
  same(t, reply.source.subarray(0, reply.bodyEnd), golden.reply, 'reply');

  // Stage 9: once into the completion ring, visible when it is published.
  answerer.reply(taken.asker, taken.request, taken.generation, reply);
  t.is(asker.drain(16), 0);
  const controls = () => [...new Int32Array(toAsker, 0, ring.data).entries()].filter(([, value]) => value !== 0);
  t.deepEqual(controls(), [[ring.written, golden.ringFrame.length]]);
  answerer.publish();
  same(t, words(toAsker, ring.data, 20), golden.ringFrame, 'ring frame');
  t.deepEqual(controls(), [
    [ring.tail, golden.ringFrame.length],
    [ring.written, golden.ringFrame.length],
  ]);

  // Stage 10, IO thread: the frame in the ring becomes the reply of request 7.
  t.is(asker.drain(16), 1);
  t.is(replies.length, 1);
  same(t, replies[0]!, golden.replyFrame, 'reply frame');
  t.deepEqual([asker.inFlight, asker.arena.leased, asker.table.room], [0, 0, asker.table.entries]);
});

test('the same bytes through a real server', async (t) => {
  await using spine = await startSpine(`
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`);
  using wire = await Wire.to(spine.address('heddle'));
  for (const split of [golden.request.length, 50, 1]) {
    wire.received.length = 0;
    for (let at = 0; at < golden.request.length; at += split) wire.send(golden.request.subarray(at, at + split));
    await wire.one();
    same(t, Buffer.concat(wire.received), golden.replyFrame, 'reply frame');
  }
});

function parse(frame: Buffer, onRequest: (head: RequestFrame) => void): void {
  const unexpected = (): never => {
    throw new Error('this frame is a request');
  };
  const parser = new FrameParser(
    {
      onRequest,
      onReply: unexpected,
      onCancel: unexpected,
      onPing: unexpected,
      onPong: unexpected,
      onGoaway: unexpected,
      onBadFrame: unexpected,
      onBroken: unexpected,
    },
    1024,
  );
  parser.push(frame, frame.length);
}

function words(memory: SharedArrayBuffer, first: number, count: number): Buffer {
  return Buffer.from(new Uint8Array(memory, first * 4, count * 4));
}

function bytes(text: string): Buffer {
  return Buffer.from(text.replace(/;.*$/gm, '').replace(/\s/g, ''), 'hex');
}

function same(
  t: { is(actual: string, expected: string, message?: string): void },
  actual: Buffer,
  expected: Buffer,
  what: string,
) {
  const shown = (buffer: Buffer): string => buffer.toString('hex').replace(/(..)(?=.)/g, '$1 ');
  t.is(shown(actual), shown(expected), what);
}
