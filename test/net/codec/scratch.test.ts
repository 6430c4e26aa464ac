// The scratch buffer: one for all messages of the thread.

import test from 'ava';
import { placeBytes, scratchBytes, scratchKeepBytes, writeBody, writeText } from '../../../net/codec/scratch.ts';
import { emptyCallReply } from '../../../runtime/call.ts';

function message(metadata = ''): ReturnType<typeof emptyCallReply> {
  const reply = emptyCallReply();
  reply.source = Buffer.from(`xx${metadata}yy`);
  reply.metadataStart = 2;
  reply.metadataEnd = 2 + metadata.length;
  return reply;
}

const textOf = ({ source, bodyStart, bodyEnd }: ReturnType<typeof emptyCallReply>): string =>
  source.toString('utf8', bodyStart, bodyEnd);
const metadataOf = ({ source, metadataStart, metadataEnd }: ReturnType<typeof emptyCallReply>): string =>
  source.toString('utf8', metadataStart, metadataEnd);

const sizes = [0, 1, scratchBytes - 1, scratchBytes, scratchBytes + 1, scratchKeepBytes + 1, 1];

for (const metadata of ['', 'metadata']) {
  test(`texts of all sizes fit behind metadata of ${metadata.length} bytes`, (t) => {
    for (const size of sizes) {
      for (const unit of ['a', 'é', '€', '🎬']) {
        const text = unit.repeat(Math.ceil(size / Buffer.byteLength(unit)));
        const reply = message(metadata);
        writeBody(reply, text, writeText);
        t.true(textOf(reply) === text);
        t.is(metadataOf(reply), metadata);
      }
    }
  });

  test(`bytes of all sizes fit behind metadata of ${metadata.length} bytes`, (t) => {
    for (const size of sizes) {
      const reply = message(metadata);
      placeBytes(reply, new Uint8Array(size).fill(97));
      t.true(textOf(reply) === 'a'.repeat(size));
      t.is(metadataOf(reply), metadata);
    }
  });
}

test('messages share the buffer, except giants', (t) => {
  const write = (size: number): Buffer => {
    const reply = message();
    writeBody(reply, 'a'.repeat(size), writeText);
    return reply.source;
  };
  const giant = write(scratchKeepBytes * 2);
  const shared = write(10);
  t.not(shared, giant);
  t.is(write(20), shared);
});
