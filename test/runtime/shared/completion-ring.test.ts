// The completion ring: what goes in comes out once, whole and in order, and a writer that waits for room is never left
// waiting.

import test from 'ava';
import fc from 'fast-check';
import {
  allocateRing,
  completionRingDataBytes,
  RingReader,
  RingWriter,
} from '../../../runtime/shared/completion-ring.ts';
import { ring, ringFrame, ringFrameHeadBytes } from '../../../runtime/shared/layout.ts';

const starts = fc.constantFrom(0, 248, 2 ** 31 - 512, 2 ** 31 - 8, 2 ** 32 - 512, 2 ** 32 - 8);

function ends(dataBytes: number, start = 0) {
  const memory = allocateRing(dataBytes, start);
  return { memory, writer: new RingWriter(memory), reader: new RingReader(memory) };
}

/** Reserves frame number `request` and fills its payload; false: no room. */
function write(writer: RingWriter, request: number, payloadBytes: number): boolean {
  const offset = writer.reserve(payloadBytes);
  if (offset < 0) return false;
  if (offset % 8 !== 0) throw new Error(`frame at ${offset}`);
  writer.words[(offset >> 2) + ringFrame.request] = request;
  writer.words[(offset >> 2) + ringFrame.bodyBytes] = payloadBytes;
  writer.bytes.fill(request & 255, offset + ringFrameHeadBytes, offset + ringFrameHeadBytes + payloadBytes);
  return true;
}

/** The number of the frame at `offset`; throws when its payload is not as written. */
function frameAt(reader: RingReader, offset: number): number {
  const request = reader.words[(offset >> 2) + ringFrame.request]!;
  const bodyBytes = reader.words[(offset >> 2) + ringFrame.bodyBytes]!;
  const start = offset + ringFrameHeadBytes;
  if (start + bodyBytes > reader.bytes.length) throw new Error(`frame ${request} leaves the ring`);
  if (!reader.bytes.subarray(start, start + bodyBytes).every((byte) => byte === (request & 255))) {
    throw new Error(`frame ${request} is overwritten`);
  }
  return request;
}

function readAll(reader: RingReader): number[] {
  const requests: number[] = [];
  for (let offset = reader.next(); offset >= 0; offset = reader.next()) requests.push(frameAt(reader, offset));
  return requests;
}

function fill(writer: RingWriter, payloadBytes: number): number {
  let count = 0;
  while (write(writer, count, payloadBytes)) count++;
  writer.publish();
  return count;
}

type Step = { type: 'write'; share: number } | { type: 'publish' | 'next' | 'release' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('write'),
      share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    fc.record({ type: fc.constantFrom('publish', 'next', 'release') }),
  ),
  { maxLength: 200, size: 'max' },
);

test('published frames come once, whole, in order and readable until released; no others do', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(256, 512, 4096), starts, steps, (dataBytes, start, script) => {
      const { writer, reader } = ends(dataBytes, start);
      let written = 0;
      let published = 0;
      let read = 0;
      let held: number[] = [];
      for (const one of script) {
        if (one.type === 'write') {
          if (write(writer, written, Math.round(one.share * writer.payloadMax))) written++;
          if (writer.unpublished !== written > published) throw new Error('unpublished');
        } else if (one.type === 'publish') {
          writer.publish();
          published = written;
        } else if (one.type === 'next') {
          if (reader.hasWork !== read < published) throw new Error('hasWork');
          const offset = reader.next();
          if (offset >= 0 !== read < published) throw new Error(`${read} read of ${published}`);
          if (offset < 0) continue;
          if (frameAt(reader, offset) !== read++) throw new Error('order');
          held.push(offset);
        } else {
          for (const offset of held) frameAt(reader, offset);
          held = [];
          if (reader.release()) throw new Error('nobody waits');
        }
      }
      // A frame of any size fits a ring that is read to its end, wherever the end is.
      writer.publish();
      if (readAll(reader).length !== written - read) throw new Error('lost');
      reader.release();
      if (!write(writer, written, writer.payloadMax)) throw new Error('no room in an empty ring');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('a frame is refused only when it really does not fit', (t) => {
  fc.assert(
    fc.property(starts, fc.array(fc.nat(80), { minLength: 1, maxLength: 60 }), (start, sizes) => {
      const { writer, reader } = ends(256, start);
      let position = start;
      let used = 0;
      for (const [request, payloadBytes] of sizes.entries()) {
        const frameBytes = Math.ceil((ringFrameHeadBytes + payloadBytes) / 8) * 8;
        const toEnd = 256 - (position % 256);
        const bytes = frameBytes > toEnd ? toEnd + frameBytes : frameBytes;
        if (write(writer, request, payloadBytes) !== used + bytes <= 256) throw new Error(`${used} + ${bytes} of 256`);
        if (used + bytes <= 256) {
          position += bytes;
          used += bytes;
          continue;
        }
        writer.publish();
        readAll(reader);
        reader.release();
        used = 0;
      }
    }),
  );
  t.pass();
});

test('a frame that does not fit before the end begins at the beginning, behind a pad', (t) => {
  for (const border of [256, 2 ** 31, 2 ** 32]) {
    const { memory, writer, reader } = ends(256, border - 48);
    t.true(write(writer, 1, 0));
    t.true(write(writer, 2, 80));
    writer.publish();
    t.is(new Int32Array(memory)[ring.tail], (border + 120) | 0);
    t.is(reader.next(), ring.data * 4 + 208);
    t.is(reader.next(), ring.data * 4);
    t.is(reader.next(), -1);
  }
});

test('nothing is visible before it is published, then all of it is', (t) => {
  const { writer, reader } = ends(4096);
  for (const request of [0, 1, 2]) write(writer, request, 100);
  t.is(reader.next(), -1);
  t.false(reader.hasWork);
  writer.publish();
  t.true(reader.hasWork);
  t.deepEqual(readAll(reader), [0, 1, 2]);
});

test('of a dead writer the published frames are read and no others', (t) => {
  fc.assert(
    fc.property(starts, fc.nat(5), fc.nat(5), (start, published, unpublished) => {
      const { writer, reader } = ends(1024, start);
      for (let request = 0; request < published; request++) write(writer, request, 40);
      writer.publish();
      for (let request = 0; request < unpublished; request++) write(writer, published + request, 40);
      if (readAll(reader).length !== published || reader.hasWork) throw new Error('unpublished frames were read');
    }),
  );
  t.pass();
});

test('frames hold as much as payloadMax says: half of a small ring, and never more than 32 KiB', (t) => {
  for (const [dataBytes, frames] of [
    [65_536, 2],
    [completionRingDataBytes, completionRingDataBytes / 32_768],
  ] as const) {
    const { writer, reader } = ends(dataBytes);
    t.is(writer.payloadMax, 32_720);
    t.is(fill(writer, writer.payloadMax), frames);
    t.is(readAll(reader).length, frames);
  }
});

test('the size of a ring is a power of two, from 256 bytes', (t) => {
  for (const bytes of [0, 128, 255, 257, 3000, Number.NaN, 2 ** 31]) {
    t.throws(() => allocateRing(bytes), { message: /power of two from 256/ });
  }
});

test('a writer that waits is rung at the next release, once', (t) => {
  const { writer, reader } = ends(256);
  fill(writer, 80);
  t.true(writer.waitForRoom());
  t.false(writer.roomCame);
  t.false(reader.release());
  reader.next();
  t.true(reader.release());
  t.true(writer.roomCame);
  t.true(write(writer, 9, 80));
  writer.publish();
  reader.next();
  t.false(reader.release());
});

test('a writer does not wait when room has come since it was refused', (t) => {
  const { writer, reader } = ends(256);
  fill(writer, 80);
  reader.next();
  t.false(reader.release());
  t.false(writer.waitForRoom());
  t.true(write(writer, 9, 80));
});

test('a writer may wait again and again when the room that comes is too small', (t) => {
  const { writer, reader } = ends(256);
  const count = fill(writer, 0);
  for (let released = 1; released < count - 1; released++) {
    t.false(write(writer, 9, 80) && released < 3);
    if (released < 3) t.true(writer.waitForRoom());
    reader.next();
    t.is(reader.release(), released < 3);
  }
});

/** Runs `interruption` before access number `turn` of `end` to its shared words: there its thread stops for a while. */
function interrupt(end: RingReader | RingWriter, turn: number, interruption: () => void): void {
  const { words } = end;
  let count = 0;
  Object.defineProperty(end, 'words', {
    get: () => {
      if (count++ === turn) interruption();
      return words;
    },
  });
}

/**
 * A writer without room looks (again, if it waited already) while the reader makes some: before access number `turn` of
 * the one to the shared words the other does all it has to do, or after it, when there are not so many.
 */
function meeting(waitedBefore: boolean, stopped: 'writer' | 'reader', turn: number): string {
  const { writer, reader } = ends(256, 2 ** 31 - 128);
  fill(writer, 80);
  if (waitedBefore) writer.waitForRoom();
  reader.next();
  let waits: boolean | undefined;
  let rings: boolean | undefined;
  const wait = () => {
    waits ??= writer.waitForRoom();
  };
  const release = () => {
    rings ??= reader.release();
  };
  const [first, second] = stopped === 'writer' ? [wait, release] : [release, wait];
  interrupt(stopped === 'writer' ? writer : reader, turn, second);
  first();
  second();
  if (!writer.roomCame || !write(writer, 9, 80)) throw new Error('the writer does not find the room');
  return `${waits ? 'waits' : 'goes on'}, ${rings ? 'rung' : 'not rung'}`;
}

test('a writer never sleeps unrung beside free room, wherever its look and the release meet', (t) => {
  const meet = (waitedBefore: boolean, stopped: 'writer' | 'reader') =>
    [0, 1, 2].map((turn) => meeting(waitedBefore, stopped, turn));
  t.deepEqual(meet(false, 'writer'), ['goes on, not rung', 'goes on, rung', 'waits, rung']);
  t.deepEqual(meet(false, 'reader'), ['waits, rung', 'goes on, not rung', 'goes on, not rung']);
  t.deepEqual(meet(true, 'writer'), ['goes on, rung', 'goes on, rung', 'waits, rung']);
  t.deepEqual(meet(true, 'reader'), ['waits, rung', 'goes on, not rung', 'goes on, not rung']);
});

for (const start of [0, 2 ** 31 - 512, 2 ** 32 - 512]) {
  test(`what a writer had written is read once it is given up, published or not, and not again, from ${start}`, (t) => {
    const { writer, reader } = ends(1024, start);
    write(writer, 1, 40);
    writer.wrote();
    writer.publish();
    for (const request of [2, 3]) {
      write(writer, request, 100);
      writer.wrote();
    }
    // In the middle of this one it was stopped.
    write(writer, 4, 100);
    t.deepEqual(readAll(reader), [1]);
    t.false(reader.hasWork);
    reader.rescue();
    t.true(reader.hasWork);
    t.deepEqual(readAll(reader), [2, 3]);
    t.false(reader.hasWork);
    t.deepEqual(readAll(reader), []);
    // Condemned, and not yet dead: it goes on.
    writer.wrote();
    writer.publish();
    t.deepEqual(readAll(reader), [4]);
    reader.rescue();
    t.deepEqual(readAll(reader), []);
  });
}
