import { Socket } from 'node:net';
import test from 'ava';
import { WaitingConnections, waitingMs } from '../../../net/accept/waiting-connections.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';

function setUp(max = 2) {
  const clock = new VirtualClock();
  const expired: number[] = [];
  const closed: number[] = [];
  const places = new WaitingConnections({
    clock,
    max,
    onExpired: ({ connection }) => void expired.push(connection),
    onClosed: ({ connection }) => void closed.push(connection),
  });
  const add = (connection: number, socket = new Socket()) => places.add({ socket, listener: 0, connection });
  return { clock, expired, closed, places, add };
}

test('all places taken is an answer', (t) => {
  const { add, places } = setUp();
  t.deepEqual([add(1), add(2), add(3)], [true, true, false]);
  t.is(places.take()?.connection, 1);
  t.true(add(3));
});

test('a socket that closes by itself frees its place, one that was taken is no longer ours', async (t) => {
  const { add, places, closed } = setUp();
  const [first, second] = [new Socket(), new Socket()];
  add(1, first);
  add(2, second);
  places.take();
  first.destroy();
  second.destroy();
  await settle();
  t.deepEqual(closed, [2]);
  t.is(places.size, 0);
});

test('each waits its own time, under one timer', async (t) => {
  const { clock, add, expired } = setUp();
  add(1);
  await clock.advance(waitingMs - 10);
  add(2);
  t.is(clock.pending, 1);
  await clock.advance(10);
  t.deepEqual(expired, [1]);
  await clock.advance(waitingMs - 11);
  t.deepEqual(expired, [1]);
  await clock.advance(1);
  t.deepEqual(expired, [1, 2]);
  t.is(clock.pending, 0);
});
