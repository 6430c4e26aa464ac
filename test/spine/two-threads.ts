// Threads 1 and 2 of a process, as the supervisor links them, on one thread: asker 1 (an IO thread) and taker 2 (a CPU
// thread), with a clock that stands. For tests that look at what lies between them.

import { systemClock } from '../../runtime/clock.ts';
import { Answerer } from '../../runtime/shared/answerer.ts';
import { Arena } from '../../runtime/shared/arena.ts';
import { Asker } from '../../runtime/shared/asker.ts';
import { Board } from '../../runtime/shared/board.ts';
import { allocateRing } from '../../runtime/shared/completion-ring.ts';
import { Inflight } from '../../runtime/shared/inflight.ts';
import { LatencyHistogram } from '../../runtime/shared/latency.ts';
import { fates } from '../../runtime/shared/layout.ts';
import { Link, type LinkPorts, Links } from '../../runtime/shared/link.ts';
import { type PoolQueue, poolQueue } from '../../runtime/shared/pool-queue.ts';
import { RequestTable } from '../../runtime/shared/request-table.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import { Taker } from '../../runtime/shared/taker.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';

/** What the clock says, ms. */
export const atMs = 1000;

export interface TwoThreads {
  asker: Asker;
  taker: Taker;
  answerer: Answerer;
  pool: PoolQueue;
  /** The completion ring from 2 to 1. */
  toAsker: SharedArrayBuffer;
}

/** `ringBytes`: data of the completion ring. */
export function twoThreads(ringBytes?: number): TwoThreads {
  const board = new Board();
  board.setFate(1, fates.alive);
  board.setFate(2, fates.alive);
  const table = RequestTable.allocate(16);
  const arena = Arena.allocate(65_536);
  const toAsker = allocateRing(ringBytes);
  const toTaker = allocateRing();
  const inflight = new Inflight(Inflight.allocate(1));
  const [askerPorts, takerPorts] = portPair();
  const askerLinks = new Links();
  const takerLinks = new Links();
  const none = { table: RequestTable.allocate(16), arena: Arena.allocate(1024), pools: [] };
  askerLinks.add(new Link({ ...none, peer: 2, toPeer: toTaker, fromPeer: toAsker }, askerPorts));
  takerLinks.add(new Link({ peer: 1, pools: [], toPeer: toAsker, fromPeer: toTaker, table, arena }, takerPorts));
  const asker = new Asker({
    me: 1,
    board,
    links: askerLinks,
    timers: new TimerWheel({ clock: { ...systemClock, nowMs: () => atMs, setTimer: () => 0, clearTimer: () => {} } }),
    nowMs: () => atMs,
    inflight,
    latency: new LatencyHistogram(),
    maxRequests: 100,
    table,
    arena,
  });
  const memory = RunQueue.allocate(4);
  const taker = new Taker(2, board, takerLinks, [poolQueue('story', new RunQueue(memory, 4, 2))], () => {});
  return {
    asker,
    taker,
    answerer: new Answerer(board, takerLinks),
    pool: poolQueue('story', new RunQueue(memory, 4, 1)),
    toAsker,
  };
}

/** A side port each way; nobody needs to be woken. */
function portPair(): [LinkPorts, LinkPorts] {
  type Message = { sequence: number; bytes: Uint8Array<ArrayBuffer> };
  const end = (sent: Message[], received: Message[]): LinkPorts => ({
    ring: () => {},
    post: (sequence, bytes) => {
      sent.push({ sequence, bytes });
    },
    receive: () => received.shift(),
    close: () => {},
  });
  const there: Message[] = [];
  const back: Message[] = [];
  return [end(there, back), end(back, there)];
}
