import test from 'ava';
import fc from 'fast-check';
import { systemClock } from '../../runtime/clock.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

/** A wheel whose entries note their tag and when they fired. */
function noting(options: { slots?: number; tickMs?: number; startMs?: number } = {}) {
  const clock = new VirtualClock(options.startMs ?? 0);
  const wheel = new TimerWheel({ clock, slots: options.slots ?? 8, tickMs: options.tickMs ?? 1 });
  const fired: { tag: number; atMs: number }[] = [];
  const target = { onTimer: (tag: number) => void fired.push({ tag, atMs: clock.nowMs() }) };
  return { clock, wheel, fired, target, tags: () => fired.map((entry) => entry.tag) };
}

test('fires an entry at its time and not before', (t) => {
  const { clock, wheel, fired, target } = noting();
  wheel.add(5, target, 7);
  clock.advanceSync(4.9);
  t.deepEqual(fired, []);
  clock.advanceSync(0.1);
  t.deepEqual(fired, [{ tag: 7, atMs: 5 }]);
});

test('fires an entry that lies many turns of the wheel ahead at its time', (t) => {
  const { clock, wheel, fired, target } = noting({ slots: 8 });
  wheel.add(1003, target, 1);
  clock.advanceSync(2000);
  t.deepEqual(fired, [{ tag: 1, atMs: 1003 }]);
});

test('rounds a time between two ticks up', (t) => {
  const { clock, wheel, fired, target } = noting({ tickMs: 10 });
  wheel.add(11, target, 1);
  clock.advanceSync(100);
  t.deepEqual(fired, [{ tag: 1, atMs: 20 }]);
});

test('fires an entry that is late already on the next turn', (t) => {
  const { clock, wheel, target, tags } = noting({ startMs: 500 });
  wheel.add(20, target, 1);
  clock.advanceSync(1);
  t.deepEqual(tags(), [1]);
});

test('does not fire what was removed', (t) => {
  const { clock, wheel, target, tags } = noting();
  const entry = wheel.add(5, target, 1);
  wheel.add(5, target, 2);
  wheel.remove(entry);
  clock.advanceSync(10);
  t.deepEqual(tags(), [2]);
  t.is(wheel.size, 0);
});

test('lets an entry that fires remove one that is due at the same time', (t) => {
  const { clock, wheel } = noting();
  const fired: number[] = [];
  const entries: number[] = [];
  const target = {
    onTimer(tag: number) {
      fired.push(tag);
      wheel.remove(entries[1 - tag]!);
    },
  };
  entries.push(wheel.add(5, target, 0), wheel.add(5, target, 1));
  clock.advanceSync(10);
  t.is(fired.length, 1);
  t.is(wheel.size, 0);
});

test('lets an entry that fires add one for now without firing it in the same pass', (t) => {
  const { clock, wheel } = noting();
  let passes = 0;
  const target = { onTimer: () => void (++passes < 3 && wheel.add(clock.nowMs(), target, 0)) };
  wheel.add(1, target, 0);
  clock.advanceSync(1);
  t.is(passes, 1);
  clock.advanceSync(10);
  t.is(passes, 3);
});

test('fires everything due, however long the thread was away', (t) => {
  const { clock, wheel, target, tags } = noting({ slots: 8 });
  for (let tag = 0; tag < 40; tag++) wheel.add(tag * 3, target, tag);
  clock.skip(1000);
  wheel.advance();
  t.is(tags().length, 40);
  t.is(wheel.size, 0);
});

test('holds no real timer while it is empty', (t) => {
  const { clock, wheel, target } = noting();
  t.is(clock.pending, 0);
  wheel.add(5, target, 1);
  t.is(clock.pending, 1);
  clock.advanceSync(100);
  t.is(clock.pending, 0);
});

test('wakes once a turn, not once a tick, while all entries lie further ahead', (t) => {
  const { clock, wheel, target } = noting({ slots: 64 });
  wheel.add(1, target, 0);
  for (let tag = 0; tag < 64; tag++) wheel.add(6400 + tag, target, tag);
  let wakeUps = 0;
  while (clock.nextDueMs < 6400) {
    clock.advanceSync(clock.nextDueMs - clock.nowMs());
    wakeUps++;
  }
  t.true(wakeUps <= 2 + 6400 / 63, `woke up ${wakeUps} times`);
});

test('sets its real timer to whole milliseconds, none shorter than the wait', (t) => {
  const { clock, wheel, target } = noting({ startMs: 100.3 });
  const delays: number[] = [];
  const setTimer = clock.setTimer.bind(clock);
  clock.setTimer = (delayMs, callback) => {
    delays.push(delayMs);
    return setTimer(delayMs, callback);
  };
  wheel.add(102, target, 1);
  t.deepEqual(delays, [2]);
  wheel.add(101, target, 1);
  t.deepEqual(delays, [2, 1]);
});

test('keeps its real timer within what setTimeout takes', (t) => {
  const { clock, wheel, target, tags } = noting();
  wheel.add(2 ** 33, target, 1);
  t.is(clock.nextDueMs, 2 ** 31 - 1);
  wheel.add(3, target, 2);
  clock.advanceSync(10);
  t.deepEqual(tags(), [2]);
});

test('refuses a time that never comes', (t) => {
  const { wheel, target } = noting();
  t.throws(() => wheel.add(Number.POSITIVE_INFINITY, target, 1), { instanceOf: RangeError });
  t.throws(() => wheel.add(Number.NaN, target, 1), { instanceOf: RangeError });
  t.is(wheel.size, 0);
});

test('refuses a number of slots that is no power of two', (t) => {
  const clock = new VirtualClock();
  t.throws(() => new TimerWheel({ clock, slots: 12 }), { message: /power of two, not 12/ });
});

test('stops its timer when closed', (t) => {
  const { clock, wheel, target } = noting();
  wheel.add(5, target, 1);
  wheel.close();
  t.is(clock.pending, 0);
});

test('fires 20,000 entries of one slot beside 20,000 later ones in a time that grows with their number', (t) => {
  const { clock, wheel, target, fired } = noting({ slots: 8 });
  for (let index = 0; index < 20_000; index++) {
    wheel.add(8, target, 1);
    wheel.add(8000, target, 2);
  }
  const startMs = systemClock.nowMs();
  clock.advanceSync(8);
  t.is(fired.length, 20_000);
  // Walking the later ones once per fired entry would be 4e8 steps.
  t.true(systemClock.nowMs() - startMs < 2000);
});

test('fires what a sorted list would, whatever is added, removed and waited for', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), delayMs: fc.double({ min: -5, max: 300, noNaN: true }) }),
    fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('advance' as const), ms: fc.double({ min: 0, max: 90, noNaN: true }) }),
    fc.record({ kind: fc.constant('away' as const), ms: fc.double({ min: 0, max: 500, noNaN: true }) }),
  );
  const property = fc.property(
    fc.array(step, { maxLength: 60 }),
    fc.constantFrom(2, 8, 64),
    fc.constantFrom(1, 4),
    (steps, slots, tickMs) => {
      const { clock, wheel, fired, target } = noting({ slots, tickMs, startMs: 17.25 });
      const waiting = new Map<number, { entry: number; dueMs: number }>();
      let nextTag = 0;
      const settle = () => {
        for (const { tag, atMs } of fired.splice(0)) {
          const due = waiting.get(tag);
          t.truthy(due, 'fired once, and not after it was removed');
          t.true(atMs >= due!.dueMs, 'not early');
          waiting.delete(tag);
        }
        // Later than this the wheel's own rounding can't make it.
        for (const { dueMs } of waiting.values()) t.true(dueMs > clock.nowMs() - 2 * tickMs - 1, 'not late');
        t.is(wheel.size, waiting.size);
      };
      for (const action of steps) {
        if (action.kind === 'add') {
          const dueMs = clock.nowMs() + action.delayMs;
          const tag = nextTag++;
          waiting.set(tag, { entry: wheel.add(dueMs, target, tag), dueMs: Math.max(dueMs, clock.nowMs()) });
        } else if (action.kind === 'remove') {
          const tags = [...waiting.keys()];
          const tag = tags[action.pick % Math.max(1, tags.length)];
          if (tag === undefined) continue;
          wheel.remove(waiting.get(tag)!.entry);
          waiting.delete(tag);
        } else if (action.kind === 'advance') {
          clock.advanceSync(action.ms);
        } else {
          clock.skip(action.ms);
          wheel.advance();
        }
        if (action.kind !== 'add') settle();
      }
      clock.advanceSync(1000);
      settle();
      t.is(wheel.size, 0);
    },
  );
  fc.assert(property, { numRuns: 300 });
});
