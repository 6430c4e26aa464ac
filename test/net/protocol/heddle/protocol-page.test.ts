// docs/protocol.md is exact: its examples are what the encoder writes and what the parser reads.

import { readFileSync } from 'node:fs';
import test from 'ava';
import * as encode from '../../../../net/protocol/heddle/encode.ts';
import { FrameParser } from '../../../../net/protocol/heddle/frame-parser.ts';
import { callFlags, codecIds, emptyCallHead, emptyCallReply, priorities } from '../../../../runtime/call.ts';
import { codeNumber, errorCodes, HeddleError, retryHints } from '../../../../runtime/errors.ts';
import { encodeMetadata } from '../../../../runtime/metadata.ts';
import { FrameRecorder } from './frame-recorder.ts';

const page = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');

/** The bytes of each example on the page, by the first word above it. */
const examples = new Map<string, Buffer>();
for (const [, name, dump] of page.matchAll(/^([A-Z_]+)\b.*\n\n```hex\n([^`]*)```/gm)) {
  const digits = dump!.replace(/;.*$/gm, '').replace(/\s/g, '');
  examples.set(name!, Buffer.from(digits, 'hex'));
}

const target = Buffer.alloc(256);
const written = (end: number) => target.subarray(3, end);

function request(): Buffer {
  const head = emptyCallHead();
  head.flags = callFlags.idempotent;
  head.priority = priorities.normal;
  head.codec = codecIds.json;
  head.callIdHigh = 0x01020304;
  head.callIdLow = 0x05060708;
  head.trace.set([0x4bf92f35, 0x77b34da6, 0xa3ce929d, 0x0e0e4736, 0x00f067aa, 0x0ba902b7]);
  head.traceFlags = 1;
  const metadata = encodeMetadata([['tenant', 'acme']]);
  head.source = Buffer.concat([metadata, Buffer.from('{"text":"heat"}')]);
  head.metadataEnd = head.bodyStart = metadata.length;
  head.bodyEnd = head.source.length;
  return written(encode.encodeRequest(target, 3, 7, encode.encodeRoute('movies.Search', 'search'), head, 250_000));
}

function oneWay(): Buffer {
  const head = emptyCallHead();
  head.flags = callFlags.oneWay;
  head.priority = priorities.low;
  head.attempt = 2;
  head.callIdLow = 42;
  head.source = Buffer.from([1, 2, 3]);
  head.bodyEnd = 3;
  return written(encode.encodeRequest(target, 3, 0, encode.encodeRoute('Log', 'append'), head, 0));
}

function reply(): Buffer {
  const answer = emptyCallReply();
  answer.codec = codecIds.avro;
  answer.fingerprintHigh = 0x11121314;
  answer.fingerprintLow = 0x15161718;
  const metadata = encodeMetadata([['cache', 'hit-001']]);
  answer.source = Buffer.concat([metadata, Buffer.from('\x06abc', 'latin1')]);
  answer.metadataEnd = answer.bodyStart = metadata.length;
  answer.bodyEnd = answer.source.length;
  return written(encode.encodeReply(target, 3, 7, answer));
}

function error(): Buffer {
  const answer = emptyCallReply();
  answer.code = codeNumber('RESOURCE_EXHAUSTED');
  answer.retry = retryHints.indexOf('yes');
  answer.retryAfterMs = 50;
  answer.source = Buffer.from('the queue is full');
  answer.bodyEnd = answer.source.length;
  return written(encode.encodeReply(target, 3, 7, answer));
}

const data = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
const encoders: Record<string, () => Buffer> = {
  REQUEST: request,
  ONE_WAY: oneWay,
  REPLY: reply,
  ERROR: error,
  CANCEL: () => written(encode.encodeCancel(target, 3, 7)),
  PING: () => written(encode.encodePing(target, 3, data, 0)),
  PONG: () => written(encode.encodePong(target, 3, data, 0)),
  GOAWAY: () => written(encode.encodeGoaway(target, 3, 0, true, encode.encodeMessage('stopping'))),
};

test('the page has an example of each frame type', (t) => {
  t.deepEqual([...examples.keys()].sort(), Object.keys(encoders).sort());
});

for (const [name, encodeExample] of Object.entries(encoders)) {
  test(`the encoder writes the page's ${name}`, (t) => {
    t.is(encodeExample().toString('hex'), examples.get(name)!.toString('hex'));
  });
}

test('the parser reads the examples of the page', (t) => {
  const recorder = new FrameRecorder();
  const stream = Buffer.concat([...examples.values()]);
  new FrameParser(recorder, 1000).push(stream, stream.length);
  const [asked, told, answered, refused, ...rest] = recorder.events;
  t.like(asked!, {
    frame: 'request',
    requestId: 7,
    flags: callFlags.idempotent,
    budgetUs: 250_000,
    service: 'movies.Search',
    method: 'search',
    metadata: encodeMetadata([['tenant', 'acme']]).toString('hex'),
    body: Buffer.from('{"text":"heat"}').toString('hex'),
    traceFlags: 1,
  });
  t.like(told!, { frame: 'request', flags: callFlags.oneWay, attempt: 2, priority: priorities.low, traceFlags: 0 });
  t.deepEqual(told?.trace, [0, 0, 0, 0, 0, 0]);
  t.like(answered!, { frame: 'reply', requestId: 7, code: 0, codec: codecIds.avro, fingerprintLow: 0x15161718 });
  t.like(refused!, { frame: 'reply', code: 8, retry: 2, retryAfterMs: 50, body: 'the queue is full' });
  t.deepEqual(rest, [
    { frame: 'cancel', requestId: 7 },
    { frame: 'ping', data: '0102030405060708' },
    { frame: 'pong', data: '0102030405060708' },
    { frame: 'goaway', code: 0, final: true, lowestVersion: 1, highestVersion: 1, message: 'stopping' },
  ]);
});

test("the page's table of codes is runtime/errors.ts", (t) => {
  for (const code of errorCodes) {
    const retry = retryHints.indexOf(new HeddleError(code, '').retry);
    t.regex(page, new RegExp(`\\| +${codeNumber(code)} \\| ${code} +\\| +${retry} \\|`), code);
  }
});
