// The compression byte of heddle frames: every value of a request is read as it was written, and a reply has its own half.

import test from 'ava';
import { replyLayout, requestLayout } from '../../../net/protocol/heddle/layout.ts';
import { acceptedCompression, bodyCompression, compressionByte } from '../../../runtime/compression-byte.ts';
import { parsePieces } from '../protocol/heddle/frame-recorder.ts';
import { changed, reply, request } from '../protocol/heddle/frames.ts';

test('both halves of the byte come back', (t) => {
  for (let body = 0; body < 16; body++) {
    for (let accepted = 0; accepted < 16; accepted++) {
      const byte = compressionByte(body, accepted);
      t.deepEqual([bodyCompression(byte), acceptedCompression(byte)], [body, accepted]);
    }
  }
});

test('a request with any compression byte is taken: who runs it knows which there are', (t) => {
  for (const byte of [0, 1, 0x20, 0x21, 0xff]) {
    const frame = request(7, { head: { compression: byte } });
    t.is(frame[requestLayout.compression], byte);
    t.like(parsePieces([frame], 1000)[0], { frame: 'request', requestId: 7, compression: byte });
  }
});

test('a reply says how its body is; the other half is reserved', (t) => {
  for (const [byte, frame] of [
    [0, 'reply'],
    [15, 'reply'],
    [16, 'bad'],
    [0x21, 'bad'],
  ] as const) {
    t.like(parsePieces([changed(reply(7), replyLayout.compression, byte)], 1000)[0], { frame, requestId: 7 });
  }
});
