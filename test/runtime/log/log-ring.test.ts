// The ring between a logging thread and the log thread: what goes in comes out once, in order, in whole lines.

import test from 'ava';
import fc from 'fast-check';
import { allocateLogRing, LogRingReader, LogRingWriter, logLineMaxBytes } from '../../../runtime/shared/log-ring.ts';

const batch = Buffer.alloc(logLineMaxBytes);

function take(reader: LogRingReader): string {
  const bytes = reader.peek(batch, reader.tail);
  reader.release(bytes);
  return batch.toString('utf8', 0, bytes);
}

test('gives back every line once, in order, over any pattern of puts and takes, across the wrap of its positions', (t) => {
  const line = fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => `${text.replaceAll('\n', ' ')}\n`);
  const steps = fc.array(fc.oneof(line, fc.constant(undefined)), { maxLength: 60 });
  const start = fc.constantFrom(0, 1023, 2 ** 31 - 512, 2 ** 32 - 512);
  fc.assert(
    fc.property(start, steps, (startAt, script) => {
      const memory = allocateLogRing(1024, startAt);
      const writer = new LogRingWriter(memory);
      const reader = new LogRingReader(memory);
      let put = '';
      let taken = '';
      let dropped = 0;
      for (const step of script) {
        if (step === undefined) taken += take(reader);
        else if (writer.put(step)) put += step;
        else dropped++;
      }
      taken += take(reader);
      t.is(taken, put.toWellFormed());
      t.is(reader.dropped, dropped);
      t.true(reader.empty);
    }),
  );
});

test('a batch ends with a whole line when not all fits', (t) => {
  const memory = allocateLogRing(1024);
  const writer = new LogRingWriter(memory);
  for (const line of ['one\n', 'two\n', 'three\n']) writer.put(line);
  const reader = new LogRingReader(memory);
  const small = Buffer.alloc(10);
  t.is(small.toString('utf8', 0, reader.peek(small, reader.tail)), 'one\ntwo\n');
});

test('a full ring and a line over the bound drop and count, and leave the rest alone', (t) => {
  const memory = allocateLogRing();
  const writer = new LogRingWriter(memory);
  t.false(writer.put(`${'x'.repeat(logLineMaxBytes)}\n`));
  const line = `${'y'.repeat(logLineMaxBytes - 1)}\n`;
  t.deepEqual(
    [1, 2, 3, 4, 5].map(() => writer.put(line)),
    [true, true, true, true, false],
  );
  const reader = new LogRingReader(memory);
  t.is(reader.dropped, 2);
  t.is(take(reader), line);
  t.true(writer.put('room again\n'));
});

test('a new reader goes on where a dead one stopped releasing', (t) => {
  const memory = allocateLogRing(1024);
  const writer = new LogRingWriter(memory);
  writer.put('released\n');
  const dead = new LogRingReader(memory);
  take(dead);
  writer.put('seen, not released\n');
  dead.peek(batch, dead.tail);
  t.is(take(new LogRingReader(memory)), 'seen, not released\n');
});
