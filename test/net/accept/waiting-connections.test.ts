import test from 'ava';
import type { AcceptedConnection } from '../../../net/accept/accepted-connection.ts';
import { WaitingConnections, waitingMs } from '../../../net/accept/waiting-connections.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const accepted: AcceptedConnection = { remoteAddress: '::1', descriptor: 3, move() {}, destroy() {} };

function setUp(max = 2) {
  const clock = new VirtualClock();
  const expired: number[] = [];
  const places = new WaitingConnections({
    clock,
    max,
    onExpired: ({ connection }) => void expired.push(connection),
  });
  const add = (connection: number) => places.add({ accepted, listener: 0, connection });
  return { clock, expired, places, add };
}

test('all places taken is an answer', (t) => {
  const { add, places } = setUp();
  t.deepEqual([add(1), add(2), add(3)], [true, true, false]);
  t.is(places.take()?.connection, 1);
  t.true(add(3));
});

test('one that was taken does not expire, and the last that goes takes the timer along', async (t) => {
  const { clock, add, places, expired } = setUp();
  add(1);
  add(2);
  places.take();
  await clock.advance(waitingMs);
  t.deepEqual(expired, [2]);
  add(3);
  places.take();
  t.is(clock.pending, 0);
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
