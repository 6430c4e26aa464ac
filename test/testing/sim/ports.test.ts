import test from 'ava';
import { channelOf, type SimPort } from '../../../testing/sim/ports.ts';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type { SimThread } from '../../../testing/sim/thread.ts';

interface Pair {
  sim: Simulation;
  one: SimThread;
  two: SimThread;
  /** The end of each. */
  mine: SimPort;
  theirs: SimPort;
}

function pair(seed = 1): Pair {
  const sim = new Simulation({ seed });
  const [one, two] = [sim.thread('one'), sim.thread('two')];
  const { port1, port2 } = new (channelOf(one))();
  return { sim, one, two, mine: port1, theirs: port2.handTo(two) };
}

test('messages come in order, as copies', async (t) => {
  const { sim, one, mine, theirs } = pair();
  const got: unknown[] = [];
  theirs.on('message', (message: unknown) => got.push(message));
  const sent = { list: [1, { deep: new Map([['a', 2]]) }], bytes: Buffer.from('abc'), none: undefined };
  one.post('start', 'posts', () => {
    mine.postMessage(1);
    mine.postMessage(sent);
    mine.postMessage(3);
  });
  await sim.run(() => got.length === 3);
  t.is(got[0], 1);
  t.is(got[2], 3);
  const copy = got[1] as typeof sent;
  t.deepEqual({ ...copy, bytes: Buffer.from(copy.bytes) }, sent);
  t.not(copy.list, sent.list);
});

test('shared memory is shared, and buffers of the transfer list move', async (t) => {
  const { sim, one, mine, theirs } = pair();
  const got: { shared: SharedArrayBuffer; bytes: Uint8Array }[] = [];
  theirs.on('message', (message: { shared: SharedArrayBuffer; bytes: Uint8Array }) => got.push(message));
  const shared = new SharedArrayBuffer(8);
  const bytes = Uint8Array.from([1, 2, 3]);
  one.post('start', 'posts', () => mine.postMessage({ shared, bytes }, [bytes.buffer]));
  await sim.run(() => got.length === 1);
  t.is(got[0]!.shared, shared);
  t.deepEqual([...got[0]!.bytes], [1, 2, 3]);
  t.is(bytes.length, 0);
});

test('a message can be read before its event, which then tells of nothing', async (t) => {
  const { sim, one, mine, theirs } = pair();
  let events = 0;
  theirs.on('message', () => events++);
  let read: unknown;
  one.post('start', 'posts', () => {
    mine.postMessage('x');
    read = theirs.receive();
  });
  await sim.run(() => read !== undefined && sim.steps >= 2);
  t.deepEqual(read, { message: 'x' });
  t.is(events, 0);
});

test('a port that is handed on takes its unread messages along', async (t) => {
  const { sim, one, mine, theirs } = pair();
  const inner = new (channelOf(one))();
  const got: unknown[] = [];
  theirs.on('message', ({ port }: { port: SimPort }) => port.on('message', (message: unknown) => got.push(message)));
  one.post('start', 'posts', () => {
    inner.port1.postMessage('before');
    mine.postMessage({ port: inner.port2 }, [inner.port2]);
    inner.port1.postMessage('after');
  });
  await sim.run(() => got.length === 2);
  t.deepEqual(got, ['before', 'after']);
});

test('what can’t be cloned is refused', (t) => {
  const { mine } = pair();
  t.throws(() => mine.postMessage({ call: () => {} }), { name: 'DataCloneError' });
});

test('what a thread had posted before it died arrives, and its ports are closed then', async (t) => {
  const { sim, one, mine, theirs } = pair();
  const heard: string[] = [];
  theirs.on('message', (message: string) => heard.push(message));
  theirs.on('close', () => heard.push('closed'));
  one.post('start', 'posts', () => {
    mine.postMessage('last');
    one.kill('the test says so');
  });
  await sim.run(() => heard.length === 2);
  t.deepEqual(heard, ['last', 'closed']);
});
