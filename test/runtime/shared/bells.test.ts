// Bells: who is woken for what was put into a queue.

import test from 'ava';
import { Arena } from '../../../runtime/shared/arena.ts';
import { ringIfNeeded, ringOne } from '../../../runtime/shared/bells.ts';
import { Board } from '../../../runtime/shared/board.ts';
import { allocateRing } from '../../../runtime/shared/completion-ring.ts';
import { board as boardWord, fates, nestedLane, wants } from '../../../runtime/shared/layout.ts';
import { Link, Links } from '../../../runtime/shared/link.ts';
import { poolQueue } from '../../../runtime/shared/pool-queue.ts';
import { RequestTable } from '../../../runtime/shared/request-table.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';

const me = 9;
let clockMs = 0;
const nowMs = (): number => clockMs;

/** A pool of threads 1 to `count`, seen by thread 9; who was rung, in order. */
function rig(count: number) {
  const board = new Board();
  const links = new Links();
  const pool = poolQueue('p', new RunQueue(RunQueue.allocate(4), 4, me));
  const rung: number[] = [];
  for (let peer = 1; peer <= count; peer++) {
    board.setFate(peer, fates.alive);
    const memory = {
      peer,
      pools: ['p'],
      toPeer: allocateRing(),
      fromPeer: allocateRing(),
      table: RequestTable.allocate(4),
      arena: Arena.allocate(4096),
    };
    const ports = { ring: () => void rung.push(peer), post: () => {}, receive: () => undefined, close: () => {} };
    links.add(new Link(memory, ports));
    pool.members.push(peer);
  }
  return { board, links, pool, rung };
}

const everything = wants.completions | wants.requests | wants.nested;

test('the first parked thread without fibers is rung, and each once', (t) => {
  const { board, links, pool, rung } = rig(3);
  for (const thread of [1, 2, 3]) board.park(thread, everything);
  board.setGauge(1, boardWord.fibers, 1);
  for (let count = 0; count < 5; count++) ringOne(board, links, pool, 0, me);
  t.deepEqual(rung, [2, 3, 1]);
});

test('nobody is rung after a put while another thread is awake and looks at the queue', (t) => {
  const { board, links, pool, rung } = rig(3);
  board.park(1, everything);
  board.unpark(2, true);
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  ringIfNeeded(board, links, pool, nestedLane, me, nowMs);
  t.deepEqual(rung, []);
  board.unpark(2);
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, [1]);
});

test('a thread that was rung and looks is enough for what is put before it is up', (t) => {
  const { board, links, pool, rung } = rig(2);
  board.park(1, everything, true);
  board.park(2, everything);
  for (let count = 0; count < 3; count++) ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, [1]);
});

test('that the putting thread looks itself saves no ring: it goes on with what it does', (t) => {
  const { board, links, pool, rung } = rig(2);
  board.unpark(1, true);
  board.park(2, everything);
  ringIfNeeded(board, links, pool, nestedLane, 1, nowMs);
  t.deepEqual(rung, [2]);
});

test('nobody counts on a thread that is gone, or on whose stack something has been for long', (t) => {
  const { board, links, pool, rung } = rig(2);
  board.unpark(1, true);
  board.park(2, everything);
  clockMs = 100;
  board.setRunning(1, 7, 1, 0, 99.9);
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, []);
  clockMs = 101;
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, [2], 'it is held up');
  board.park(2, everything);
  board.leaveRunning(1, 101);
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, [2]);
  board.setFate(1, fates.condemned);
  ringIfNeeded(board, links, pool, 0, me, nowMs);
  t.deepEqual(rung, [2, 2], 'it is condemned');
});

test('whoever asks for a ring in any case gets one', (t) => {
  const { board, links, pool, rung } = rig(2);
  board.unpark(1, true);
  board.park(2, everything);
  ringOne(board, links, pool, 0, me);
  t.deepEqual(rung, [2]);
});
