// The queue of one sink, on a clock that stands still: what it holds, what it loses, what it says.

import test from 'ava';
import { batchMaxBytes, SinkQueue, type SinkTrouble } from '../../../runtime/log/sink-queue.ts';
import type { LogSinkCall, LogSinkDefinition } from '../../../runtime/plugins/log-sink.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

interface Write {
  lines: string;
  call: LogSinkCall;
  settle: (failure?: Error) => void;
}

function setUp(part: Partial<LogSinkDefinition> = {}) {
  const clock = new VirtualClock();
  const writes: Write[] = [];
  const troubles: string[] = [];
  const ends: number[] = [];
  const queue = new SinkQueue({
    clock,
    sink: {
      name: 'slow',
      bufferBytes: 1_024,
      timeoutMs: 100,
      write: (batch, call) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        writes.push({
          lines: batch.lines.join(' '),
          call,
          settle: (failure) => (failure === undefined ? resolve() : reject(failure)),
        });
        return promise;
      },
      close: ({ lost }) => ends.push(lost),
      ...part,
    },
    onTrouble: (_, trouble) => troubles.push(said(trouble)),
    onIdle: () => {},
  });
  const put = (...lines: string[]) => queue.put(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  return { clock, queue, writes, troubles, ends, put };
}

const said = (trouble: SinkTrouble): string =>
  trouble.kind === 'lost'
    ? `lost ${trouble.lines}${trouble.slow ? '' : ' at once'}`
    : `failed ${trouble.times}: ${(trouble.reason as Error).message}`;
const turn = () => new Promise(setImmediate);

test('what comes during a write is handed over together behind it', async (t) => {
  const { queue, writes, put } = setUp();
  put('a');
  queue.turn();
  put('b', 'c');
  put('d');
  queue.turn();
  t.deepEqual(
    writes.map(({ lines }) => lines),
    ['a'],
  );
  writes[0]!.settle();
  await turn();
  t.deepEqual(
    writes.map(({ lines }) => lines),
    ['a', 'b c d'],
  );
  t.false(queue.isIdle);
  writes[1]!.settle();
  await turn();
  t.true(queue.isIdle);
});

test('a line that finds no room is lost alone, and the sink is told right where it is missing', async (t) => {
  const { queue, writes, troubles, put } = setUp({ bufferBytes: 1_024 });
  const long = (letter: string) => letter.repeat(499);
  put(long('a'));
  queue.turn();
  put(long('b'), long('c'), 'd');
  put('e');
  put(long('f'));
  writes[0]!.settle();
  await turn();
  t.is(writes[1]!.lines, long('b'));
  put('g');
  writes[1]!.settle();
  await turn();
  // They found room behind the gap.
  t.is(writes[2]!.lines, 'd e');
  t.is(writes[2]!.call.lost, 1);
  writes[2]!.settle();
  await turn();
  t.is(writes[3]!.lines, 'g');
  t.is(writes[3]!.call.lost, 1);
  t.deepEqual(troubles, ['lost 1']);
});

test('a sink that is free and fast loses only what is longer than its buffer, and is not called slow', (t) => {
  const got: string[] = [];
  const { queue, troubles, put } = setUp({ write: ({ lines }) => void got.push(...lines) });
  const burst = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(300)}`);
  // Before its first turn.
  put('y'.repeat(1_024), ...burst.slice(0, 50));
  for (const line of burst.slice(50)) put(line);
  queue.turn();
  t.deepEqual(got, burst);
  t.deepEqual(troubles, ['lost 1 at once']);
});

test('what throws while its reason is read ends no turn, and the next batch is written', async (t) => {
  const got: string[] = [];
  const unreadable = () => Object.defineProperty(Promise.resolve(), 'constructor', { get: thrower });
  const thenThrows = () => Object.defineProperty({}, 'then', { get: thrower });
  const thrower = () => {
    throw new Error('getter');
  };
  const values = [unreadable, thenThrows];
  const { clock, queue, troubles, put } = setUp({
    write({ lines }) {
      got.push(...lines);
      return values.shift()?.();
    },
  });
  for (const line of ['a', 'b', 'c']) {
    put(line);
    queue.turn();
    await turn();
    await clock.advance(60_000);
  }
  t.deepEqual(got, ['a', 'b', 'c']);
  t.deepEqual(troubles, ['failed 1: getter', 'failed 1: getter']);
  t.true(queue.isIdle);
});

test('lost lines are told of at a limited rate, and all of them at the end', async (t) => {
  const { clock, queue, writes, troubles, ends, put } = setUp();
  const long = 'x'.repeat(1_000);
  put(long);
  queue.turn();
  for (let n = 0; n < 5; n++) put(long);
  await clock.advance(60_000);
  put(long);
  put(long);
  t.deepEqual(
    troubles.filter((one) => one.startsWith('lost')),
    ['lost 1', 'lost 5'],
  );
  const ended = queue.end(1_000);
  writes[0]!.settle();
  await ended;
  t.is(troubles.at(-1), 'lost 1');
  t.deepEqual(ends, [7]);
});

test('no batch is larger than its bound', async (t) => {
  const sizes: number[] = [];
  const { queue, put } = setUp({ bufferBytes: 4_000_000, write: ({ bytes }) => void sizes.push(bytes.length) });
  for (let n = 0; n < 20; n++) put('x'.repeat(99_999));
  queue.turn();
  t.is(
    sizes.reduce((sum, size) => sum + size),
    2_000_000,
  );
  t.true(sizes.every((size) => size <= batchMaxBytes));
  t.is(sizes.length, 10);
});

test('a sink that throws or rejects loses that batch, is told of at a limited rate, and gets the next', async (t) => {
  let count = 0;
  const got: string[] = [];
  const { clock, queue, troubles, put } = setUp({
    write({ lines }) {
      count++;
      if (count % 3 === 1) throw new Error(`thrown ${count}`);
      if (count % 3 === 2) return Promise.reject(new Error(`rejected ${count}`));
      got.push(...lines);
    },
  });
  for (const line of ['a', 'b', 'c', 'd', 'e', 'f']) {
    put(line);
    queue.turn();
    await turn();
  }
  await clock.advance(60_000);
  put('g');
  queue.turn();
  t.deepEqual(got, ['c', 'f']);
  t.deepEqual(troubles, ['failed 1: thrown 1', 'failed 4: thrown 7']);
  t.true(queue.isIdle);
});

test('a write that takes too long is aborted and told of once, and nothing follows before it has settled', async (t) => {
  const { clock, queue, writes, troubles, put } = setUp();
  put('a');
  queue.turn();
  const { signal } = writes[0]!.call;
  put('b');
  await clock.advance(100);
  t.true(signal.aborted);
  t.deepEqual(troubles, ['failed 1: its write did not end within 100ms; it is not called again before it has']);
  t.is(writes.length, 1);
  writes[0]!.settle(new Error('aborted'));
  await turn();
  t.is(writes[1]!.lines, 'b');
  t.is(troubles.length, 1);
});

test('the end waits for what is written, then closes; past its bound it says what is left', async (t) => {
  const fine = setUp();
  fine.put('a');
  const ended = fine.queue.end(500);
  fine.put('b');
  fine.writes[0]!.settle();
  await turn();
  fine.writes[1]!.settle();
  await ended;
  t.deepEqual(fine.ends, [0]);
  const stuck = setUp();
  stuck.put('a');
  stuck.queue.turn();
  stuck.put('b', 'c');
  const late = stuck.queue.end(50);
  await stuck.clock.advance(50);
  await late;
  t.true(stuck.writes[0]!.call.signal.aborted);
  t.deepEqual(stuck.troubles, ['failed 1: it had not written what waited and closed within 50ms', 'lost 2']);
  t.deepEqual(stuck.ends, []);
});
