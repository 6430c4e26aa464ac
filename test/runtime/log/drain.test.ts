// The drain against destinations that are slow, full, broken or gone.

import { closeSync, openSync } from 'node:fs';
import test from 'ava';
import { systemClock } from '../../../runtime/clock.ts';
import { LogDrain } from '../../../runtime/log/drain.ts';
import { type LogDestination, writeNow } from '../../../runtime/log/sink.ts';
import { allocateLogRing, LogRingWriter } from '../../../runtime/shared/log-ring.ts';

/** A destination that takes at most `budget` bytes, then nothing, or fails. */
class TestSink implements LogDestination {
  readonly human = false;
  text = '';
  budget = Number.POSITIVE_INFINITY;
  failure: string | undefined;

  writeSync(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.budget);
    if (taken === 0 && this.failure !== undefined) throw new Error(this.failure);
    this.text += bytes.toString('utf8', 0, taken);
    this.budget -= taken;
    return taken;
  }

  close(): void {}
}

function setUp(ringBytes = 1024) {
  const sink = new TestSink();
  const complaints: string[] = [];
  const time = { nowMs: 0 };
  const clock = { ...systemClock, nowMs: () => time.nowMs, wallMs: () => 5 };
  const drain = new LogDrain({ sink, clock, complain: (sentence) => complaints.push(sentence), color: false });
  const memory = allocateLogRing(ringBytes);
  drain.add(1, 'io-1', memory);
  return { sink, drain, complaints, time, log: new LogRingWriter(memory) };
}

const droppedLine = (dropped: number) =>
  `{"level":"warn","time":5,"source":"io-1","component":"log","dropped":${dropped},"msg":"${dropped} log line${dropped === 1 ? '' : 's'} dropped: too long, or logged faster than the destination takes them"}\n`;

test('a destination that is full for a while gets every byte once, in order', (t) => {
  const { sink, drain, log } = setUp();
  log.put('one\n');
  log.put('two\n');
  sink.budget = 5;
  t.is(drain.round(), 'blocked');
  log.put('three\n');
  t.is(drain.round(), 'blocked');
  sink.budget = 100;
  t.is(drain.round(), 'wrote');
  t.is(drain.round(), 'idle');
  t.is(sink.text, 'one\ntwo\nthree\n');
});

test('what a full ring dropped is told behind the lines that it held', (t) => {
  const { sink, drain, log } = setUp();
  const long = `${'x'.repeat(599)}\n`;
  log.put(long);
  log.put(long);
  log.put(long);
  drain.round();
  log.put('after\n');
  drain.round();
  t.is(sink.text, `${long}${droppedLine(2)}after\n`);
});

test('a destination that fails loses lines, says so at a limited rate, and counts them once it works again', (t) => {
  const { sink, drain, complaints, time, log } = setUp();
  sink.budget = 6;
  sink.failure = 'ENOSPC: no space left on device';
  for (const line of ['one\n', 'two\n', 'three\n']) log.put(line);
  drain.round();
  log.put('four\n');
  drain.round();
  time.nowMs = 60_000;
  log.put('five\n');
  drain.round();
  t.deepEqual(complaints, [
    'log lines are being lost (2 so far): ENOSPC: no space left on device',
    'log lines are being lost (4 so far): ENOSPC: no space left on device',
  ]);
  sink.budget = 1000;
  log.put('six\n');
  drain.round();
  t.is(
    sink.text,
    'one\ntw\nsix\n{"level":"warn","time":5,"source":"log","component":"log","lost":4,"msg":"4 log lines lost: the log\'s destination failed"}\n',
  );
});

test('a really full disk is such a destination', (t) => {
  if (process.platform !== 'linux') return t.pass('there is no /dev/full here');
  const fd = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(fd));
  const complaints: string[] = [];
  const drain = new LogDrain({
    sink: { human: false, writeSync: (bytes) => writeNow(fd, bytes), close() {} },
    clock: systemClock,
    complain: (sentence) => complaints.push(sentence),
    color: false,
  });
  const memory = allocateLogRing(1024);
  drain.add(1, 'main', memory);
  new LogRingWriter(memory).put('x\n');
  t.is(drain.round(), 'wrote');
  t.false(drain.hasWork);
  t.regex(complaints[0] ?? '', /ENOSPC/);
});

test('the lines of a dead thread are written before it is forgotten', (t) => {
  const { sink, drain, log } = setUp();
  log.put('last words\n');
  drain.end(1);
  drain.round();
  log.put('unheard\n');
  drain.round();
  t.is(sink.text, 'last words\n');
});
