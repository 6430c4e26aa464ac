// Watchdog: whom it judges when time was lost and when numbers change hands, with a clock that the test moves and threads
// that it plays on the board.

import test from 'ava';
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { Board } from '../../runtime/shared/board.ts';
import { board as boardWord } from '../../runtime/shared/layout.ts';
import type { PoolThread } from '../../scheduler/pool-thread.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { Watchdog } from '../../scheduler/watchdog.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

const stalls = { stallWarningMs: 200, stallLimitMs: 5_000, cancelGraceMs: 0 };
/** It looks once in so long. */
const lookMs = 100;
/** And profiles a thread for so long before it ends it. */
const profileMs = 200;

const hot = { id: 1, callFrame: { functionName: 'loops', url: 'file:///work.ts', lineNumber: 6 }, hitCount: 9 };
const nodes = [{ ...hot, positionTicks: [{ line: 7, ticks: 9 }] }];

/** It never waits, and can be profiled; its first profiles are `empty`. */
function playedWorker(empty: number): object {
  let profiles = 0;
  const stop = () => Promise.resolve(JSON.stringify({ nodes: ++profiles > empty ? nodes : [] }));
  return {
    performance: { eventLoopUtilization: () => ({ idle: 0 }) },
    startCpuProfile: () => Promise.resolve({ stop }),
  };
}

/** A pool of one thread, of number 1, which the watchdog looks at. */
class Watch {
  readonly clock = new VirtualClock(1_000);
  readonly board = new Board();
  readonly condemned: string[] = [];
  onCondemned = (): void => {};
  readonly warned: object[] = [];
  readonly ended: object[] = [];
  readonly watchdog: Watchdog;
  #thread: PoolThread | undefined;

  constructor() {
    const watch = this;
    const pool = {
      name: 'work',
      get threads() {
        return watch.#thread === undefined ? [] : [watch.#thread];
      },
      thread: () => this.#thread,
      condemn: () => {
        this.condemned.push(this.#thread!.name);
        this.#thread!.state = 'condemned';
        this.onCondemned();
      },
    };
    const log: Logger = {
      ...silentLogger,
      warn: (fields, message) => void this.warned.push({ ...fields, message }),
      error: (fields) => void this.ended.push(fields),
    };
    this.watchdog = new Watchdog({
      pools: [{ pool: pool as unknown as ThreadPool, stalls }],
      board: this.board,
      nameOf: (method) => `method ${method}`,
      clock: this.clock,
      log,
      onWarning: () => {},
    });
    this.watchdog.start();
  }

  /** The number's next owner goes. */
  goes(name: string, emptyProfiles = 0): void {
    const control = { postMessage: () => {} };
    const thread = { number: 1, name, state: 'going', worker: playedWorker(emptyProfiles), control };
    this.board.resetRow(1);
    this.#thread = thread as unknown as PoolThread;
  }

  turns(): void {
    this.board.noteTurn(1, this.board.gauge(1, boardWord.turns) + 1);
  }

  /** Its next turn begins with a handler that does not end. */
  sticks(fiber: number): void {
    this.turns();
    this.board.setRunning(1, 7, fiber, 0, this.clock.nowMs());
  }

  /** Time goes by in which nobody looks: main, or the whole process, stands. */
  stands(ms: number): void {
    this.clock.skip(ms);
  }
}

test('a handler that keeps its thread is named with its fiber at stallWarning and ended at stallLimit', async (t) => {
  const watch = new Watch();
  watch.goes('one');
  watch.sticks(9);
  await watch.clock.advance(stalls.stallWarningMs - 1);
  t.deepEqual(watch.warned, []);
  await watch.clock.advance(2 * lookMs);
  t.like(watch.warned[0], { thread: 'one', method: 'method 7', fiber: 9 });
  await watch.clock.advance(stalls.stallLimitMs - stalls.stallWarningMs - 2 * lookMs);
  t.deepEqual(watch.condemned, []);
  await watch.clock.advance(3 * lookMs + profileMs);
  t.deepEqual(watch.condemned, ['one']);
});

test('a profile that shows no line, since the machine gave the thread no processor, is made again for longer', async (t) => {
  const watch = new Watch();
  watch.goes('one', 1);
  watch.sticks(9);
  await watch.clock.advance(stalls.stallLimitMs + 2 * lookMs + profileMs);
  t.deepEqual(watch.condemned, []);
  await watch.clock.advance(4 * profileMs + lookMs);
  t.deepEqual(watch.condemned, ['one']);
  t.like(watch.ended[0], { hottest: { function: 'loops', at: 'file:///work.ts:7', share: 1 } });
});

test('a thread that stands still with no handler on it, as in a long collection of garbage, is named later', async (t) => {
  const watch = new Watch();
  watch.goes('one');
  await watch.clock.advance(4 * stalls.stallWarningMs);
  t.deepEqual(watch.warned, []);
  await watch.clock.advance(2 * lookMs);
  t.like(watch.warned[0], { thread: 'one', method: 'unknown' });
});

test('a thread that goes on while it is profiled is kept, and judged anew', async (t) => {
  const watch = new Watch();
  watch.goes('one');
  for (let times = 0; times < 3; times++) {
    watch.sticks(1);
    // The look that found it past the limit; the next is that of the profile's end.
    await watch.clock.advance(stalls.stallLimitMs + lookMs);
    watch.turns();
    await watch.clock.advance(profileMs);
    t.deepEqual(watch.condemned, []);
    t.like(watch.warned.at(-1), { message: 'a handler that kept its thread too long has ended just now' });
  }
  watch.sticks(1);
  await watch.clock.advance(stalls.stallLimitMs + 2 * lookMs + profileMs);
  t.deepEqual(watch.condemned, ['one']);
});

test('time for which the process was suspended is charged to no handler, however long it was', async (t) => {
  const watch = new Watch();
  watch.goes('one');
  await watch.clock.advance(2 * lookMs);
  watch.sticks(1);
  // Before any look has seen it, and then again and again.
  for (let times = 0; times < 4; times++) {
    watch.stands(60_000);
    await watch.clock.advance(stalls.stallLimitMs / 5);
  }
  t.deepEqual(watch.condemned, [], 'it has run for four fifths of the limit');
  await watch.clock.advance(stalls.stallLimitMs / 5 + 6 * lookMs + profileMs);
  t.deepEqual(watch.condemned, ['one']);
});

test('the next owner of a number is judged afresh', async (t) => {
  const watch = new Watch();
  watch.goes('one');
  watch.sticks(1);
  const heldUpMs = 1_000;
  // Main is busy while the number is given back and taken: no look comes between the two.
  watch.onCondemned = () => {
    if (watch.condemned.length > 1) return;
    watch.stands(heldUpMs);
    watch.goes('two');
    watch.sticks(1);
  };
  await watch.clock.advance(stalls.stallLimitMs + lookMs + profileMs + heldUpMs);
  await watch.clock.advance(stalls.stallLimitMs - lookMs);
  t.deepEqual(watch.condemned, ['one'], 'what the first did is not its doing');
  await watch.clock.advance(6 * lookMs + profileMs);
  t.deepEqual(watch.condemned, ['one', 'two'], 'and what it does itself is');
});

test('bounds that a reload changes hold at once, also for a thread that is stuck already', async (t) => {
  const watch = new Watch();
  const change = (bounds: Partial<typeof stalls>) =>
    watch.watchdog.change(new Map([['work', { ...stalls, ...bounds }]]));
  change({ stallWarningMs: 0, stallLimitMs: 0 });
  watch.goes('one');
  watch.sticks(9);
  await watch.clock.advance(20_000);
  t.deepEqual([watch.warned.length, watch.condemned], [0, []]);
  change({ stallLimitMs: 60_000 });
  await watch.clock.advance(4 * lookMs + stalls.stallWarningMs);
  t.is(watch.warned.length, 1);
  change({});
  await watch.clock.advance(stalls.stallLimitMs + 3 * lookMs + profileMs);
  t.deepEqual(watch.condemned, ['one']);
});
