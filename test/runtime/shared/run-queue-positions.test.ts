// The run queue by one thread at a time: laps and hints where positions pass 2^31 and 2^32, the window, settlement. What
// several threads do at once is for the step harness.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  laneCount,
  lane as laneWord,
  laneWords,
  phaseShift,
  phases,
  slot,
  slotRecordWords,
  slotWords,
} from '../../../runtime/shared/layout.ts';
import { type LostSlot, RunQueue, takeWindow } from '../../../runtime/shared/run-queue.ts';

const lanes = Array.from({ length: laneCount }, (_, lane) => lane);

/** Puts one whole record, named `request`; false: full. */
function put(queue: RunQueue, lane: number, request: number, deadlineMs = Number.POSITIVE_INFINITY): boolean {
  const at = queue.claim(lane, deadlineMs);
  if (at < 0) return false;
  queue.doubles[(at + slot.deadline) >> 1] = deadlineMs;
  queue.words[at + slot.asker] = 1;
  queue.words[at + slot.request] = request;
  queue.commit(at);
  return true;
}

/** Takes one record and frees its slot; -1: empty. */
function take(queue: RunQueue, lane: number): number {
  const at = queue.take(lane);
  if (at < 0) return -1;
  const request = queue.words[at + slot.request]!;
  queue.release(at);
  return request;
}

/** Puts until full and takes until empty, `laps` times, a single pair and half a ring between; counts what is wrong. */
function faults(queue: RunQueue, lane: number, laps: number): number {
  const { capacity } = queue;
  let next = 0;
  let wrong = 0;
  const burst = (count: number): void => {
    const first = next;
    while (next - first < count) if (!put(queue, lane, next++)) wrong++;
    if (queue.size(lane) !== count) wrong++;
    if (put(queue, lane, -2) !== count < capacity) wrong++;
    if (!queue.hasWork(lane)) wrong++;
    for (let expected = first; expected < next; expected++) if (take(queue, lane) !== expected) wrong++;
    if (count < capacity && take(queue, lane) !== -2) wrong++;
    if (take(queue, lane) !== -1 || queue.hasWork(lane) || queue.size(lane) !== 0) wrong++;
  };
  for (let lap = 0; lap < laps; lap++) {
    burst(capacity);
    burst(1 % capacity);
    burst(capacity >> 1);
  }
  return wrong;
}

function testPositions(t: ExecutionContext, capacity: number): void {
  for (const border of [2 ** 31, 2 ** 32]) {
    const queue = new RunQueue(RunQueue.allocate(capacity, border - capacity - 1), capacity, 7);
    const wrong = lanes.map((lane) => faults(queue, lane, 2));
    t.deepEqual(wrong, [0, 0, 0, 0], `at ${border}`);
    for (const lane of lanes) t.true((queue.words[lane * laneWords(capacity) + laneWord.tail]! | 0) >= (border | 0));
  }
}
const positions = test.macro({
  exec: testPositions,
  title: (_, capacity) => `${capacity} slots: order, full and empty are right where positions pass 2^31 and 2^32`,
});
for (const capacity of [1, 2, 1024, 2048, 8192, 65_536]) test(positions, capacity);

test('the first request that is put out of order is known to takers, wherever the positions stand', (t) => {
  for (let start = -100; start < 4; start++) {
    const queue = new RunQueue(RunQueue.allocate(16, start), 16, 1);
    for (const [request, deadlineMs] of [5000, 4000, 100].entries()) put(queue, 1, request, deadlineMs);
    t.is(take(queue, 1), 2, `from ${start}`);
  }
});

test('lanes share nothing', (t) => {
  const queue = new RunQueue(RunQueue.allocate(2), 2, 1);
  for (const lane of lanes) for (const request of [0, 1]) t.true(put(queue, lane, 10 * lane + request));
  for (const lane of [2, 0, 3, 1]) {
    t.false(put(queue, lane, 99));
    t.deepEqual([take(queue, lane), take(queue, lane), take(queue, lane)], [10 * lane, 10 * lane + 1, -1]);
  }
});

test('what is ready behind a slot that is being written is taken; the head catches up when it is taken too', (t) => {
  const queue = new RunQueue(RunQueue.allocate(4, 2 ** 32 - 1), 4, 1);
  const slow = queue.claim(0);
  put(queue, 0, 2);
  put(queue, 0, 3);
  t.deepEqual([take(queue, 0), take(queue, 0), take(queue, 0)], [2, 3, -1]);
  t.is(queue.words[laneWord.head], -1);
  t.false(queue.hasWork(0));
  queue.words[slow + slot.request] = 1;
  queue.commit(slow);
  t.is(take(queue, 0), 1);
  t.is(queue.words[laneWord.head], queue.words[laneWord.tail]);
  t.is(queue.size(0), 0);
});

test('a slot that stays unwritten holds up the lane one lap later, not before', (t) => {
  const queue = new RunQueue(RunQueue.allocate(4, 2 ** 32 - 2), 4, 1);
  const slow = queue.claim(0);
  for (let request = 0; request < 3; request++) {
    t.true(put(queue, 0, request));
    t.is(take(queue, 0), request);
  }
  t.false(put(queue, 0, 3));
  queue.commit(slow);
  take(queue, 0);
  t.true(put(queue, 0, 3));
});

test('a taker looks so far and no farther', (t) => {
  const queue = new RunQueue(RunQueue.allocate(16), 16, 1);
  const slow = Array.from({ length: takeWindow }, () => queue.claim(0));
  put(queue, 0, 1);
  t.is(queue.take(0), -1);
  t.false(queue.hasWork(0));
  queue.commit(slow[0]!);
  t.is(queue.take(0), slow[0]!);
  t.is(take(queue, 0), 1);
});

/** The requests of a lane in the order in which they are taken. */
function takeAll(queue: RunQueue, lane = 0): number[] {
  const taken: number[] = [];
  for (let request = take(queue, lane); request >= 0; request = take(queue, lane)) taken.push(request);
  return taken;
}

test('the earliest deadline within the window goes first; equal ones, and those without, as they came', (t) => {
  for (const start of [0, 2 ** 31 - 5, 2 ** 32 - 5]) {
    const queue = new RunQueue(RunQueue.allocate(16, start), 16, 1);
    for (const lane of lanes) {
      const deadlines = [Number.POSITIVE_INFINITY, 500, 20, 500, 20, Number.POSITIVE_INFINITY];
      for (const [request, deadlineMs] of deadlines.entries()) t.true(put(queue, lane, request, deadlineMs));
      t.deepEqual(takeAll(queue, lane), [2, 4, 1, 3, 0, 5], `at ${start}`);
    }
  }
});

test('a request is passed by those within the window of the head alone, however early the others are due', (t) => {
  const queue = new RunQueue(RunQueue.allocate(64), 64, 1);
  put(queue, 0, 0);
  for (let request = 1; request < 40; request++) put(queue, 0, request, 1000 - 10 * request);
  const taken = takeAll(queue);
  t.deepEqual(taken.slice(0, takeWindow), [7, 6, 5, 4, 3, 2, 1, 0]);
  for (const [place, request] of taken.entries()) {
    const passedBy = taken.slice(0, place).filter((earlier) => earlier > request).length;
    t.true(passedBy < takeWindow, `${request} is passed by ${passedBy}`);
  }
});

test('a look for the earliest deadline stops at the first free slot', (t) => {
  const queue = new RunQueue(RunQueue.allocate(8), 8, 1);
  put(queue, 0, 0);
  put(queue, 0, 1, 5);
  // Slot 2 is free; slot 3 is as if both had been put after a look that found slot 2 free.
  const behind = laneWord.slots + 3 * slotWords;
  queue.words[behind] = phases.ready << phaseShift;
  t.is(take(queue, 0), 1);
  t.is(take(queue, 0), 0);
  t.is(queue.take(0), -1);
});

/** Brings the first slots of an empty queue into these phases; `phases.free` stands for "read and freed". */
function arrange(queue: RunQueue, wanted: readonly number[]): void {
  const head = queue.words[laneWord.head]!;
  const slots = wanted.map(() => queue.claim(0));
  for (const [index, phase] of wanted.entries()) {
    if (phase !== phases.reading && phase !== phases.free) continue;
    queue.commit(slots[index]!);
    queue.take(0);
    if (phase === phases.free) queue.release(slots[index]!);
  }
  // As if the takers had died before they moved it.
  queue.words[laneWord.head] = head;
  for (const [index, phase] of wanted.entries()) if (phase === phases.ready) queue.commit(slots[index]!);
}

test('hasWork says yes when a slot is ready or the head lags, and take finds the first ready one: all cases', (t) => {
  const names = Object.values(phases);
  let cases: number[][] = [[]];
  for (let length = 0; length <= 4; length++) {
    for (const wanted of cases) {
      const queue = new RunQueue(RunQueue.allocate(4, 2 ** 32 - 2), 4, 1);
      const first = queue.words[laneWord.head]! & 3;
      arrange(queue, wanted);
      const ready = wanted.indexOf(phases.ready);
      const lags = wanted[0] === phases.reading || wanted[0] === phases.free;
      t.is(queue.hasWork(0), ready >= 0 || lags, `${wanted}`);
      const taken = queue.take(0);
      t.is(taken < 0 ? -1 : indexOf(queue, taken, first), ready, `${wanted}`);
      if (taken < 0) t.false(queue.hasWork(0), `${wanted}`);
    }
    cases = cases.flatMap((wanted) => names.map((phase) => [...wanted, phase]));
  }
});

/** How many slots after `first` the slot at `at` lies. */
function indexOf(queue: RunQueue, at: number, first: number): number {
  const each = (laneWords(queue.capacity) - laneWord.slots) / queue.capacity;
  return ((at - laneWord.slots) / each - first) & (queue.capacity - 1);
}

test('settle voids what the dead thread was writing, reports what it was reading, and leaves the others alone', (t) => {
  const memory = RunQueue.allocate(8, 2 ** 32 - 3);
  const dead = new RunQueue(memory, 8, 255);
  const other = new RunQueue(memory, 8, 254);
  for (const lane of lanes) {
    for (const reader of [dead, other]) {
      put(other, lane, lane);
      const at = reader.take(lane);
      reader.words[at + slot.generation] = 5;
      reader.words[at + slot.block] = 6;
      reader.words[at + slot.blockGeneration] = 7;
    }
    dead.claim(lane);
  }
  const alive = lanes.map((lane) => other.claim(lane));
  for (const lane of lanes) put(other, lane, 100 + lane);
  const lost: LostSlot[] = [];
  const before = other.words.slice();
  other.settle(255, (one) => lost.push(one));
  t.deepEqual(
    lost,
    lanes.map((lane) => ({ asker: 1, request: lane, generation: 5, block: 6, blockGeneration: 7 })),
  );
  const changed = new Set<number>();
  for (const [word, value] of other.words.entries())
    if (value !== before[word]) changed.add(Math.floor(word / slotRecordWords));
  t.is(changed.size, 2 * laneCount);
  other.settle(255, () => t.fail('settled twice'));
  for (const lane of lanes) {
    const at = other.take(lane);
    t.is(other.words[at + slot.asker], 0);
    t.is(other.words[at + slot.block], -1);
    other.release(at);
    other.words[alive[lane]! + slot.request] = 50;
    other.commit(alive[lane]!);
    t.deepEqual([take(other, lane), take(other, lane), take(other, lane)], [50, 100 + lane, -1]);
  }
});

test('no slot is lost by deaths: when the living have released theirs, a lane holds its capacity again', (t) => {
  const memory = RunQueue.allocate(4, 2 ** 31 - 2);
  const dead = new RunQueue(memory, 4, 9);
  const other = new RunQueue(memory, 4, 8);
  for (let round = 0; round < 50; round++) {
    put(dead, 0, 0);
    dead.take(0);
    dead.claim(0);
    other.settle(9, () => {});
    t.not(take(other, 0), -1);
    t.is(faults(other, 0, 1), 0);
  }
});

/** A slot of the model: its position is its place in the list. */
interface ModelSlot {
  at: number;
  request: number;
  deadlineMs: number;
  phase: 'writing' | 'ready' | 'reading' | 'released';
  owner: number;
}

type Step =
  | { type: 'claim' | 'commit' | 'take' | 'release' | 'settle'; thread: number; which: number; deadlineMs: number }
  | { type: 'lag'; hint: 'head' | 'tail' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constantFrom('claim', 'commit', 'take', 'release'),
      thread: fc.constantFrom(1, 2, 3),
      which: fc.nat(7),
      deadlineMs: fc.constantFrom(50, 100, 2000, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('settle'),
      thread: fc.constantFrom(1, 2, 3),
      which: fc.constant(0),
      deadlineMs: fc.constant(0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lag'), hint: fc.constantFrom('head', 'tail') }) },
);

test('does as a list does, whatever the order of claims, commits, takes, releases, deaths and lagging hints', (t) => {
  const script = fc.array(step, { maxLength: 120, size: 'max' });
  const capacity = fc.constantFrom(1, 2, 4, 16);
  const start = fc.constantFrom(0, 2 ** 31 - 3, 2 ** 32 - 1, 2 ** 32 - 20);
  fc.assert(
    fc.property(capacity, start, script, (slots, startAt, steps) => {
      const world = new ListedQueue(slots, startAt);
      for (const one of steps) {
        world.do(one);
        const size = world.queues[0]!.size(0);
        if (size < 0 || size > slots) throw new Error(`size ${size}`);
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

/** A queue, used by threads 1..3, beside the list that says what it must do. */
class ListedQueue {
  readonly queues: readonly RunQueue[];
  readonly #start: number;
  readonly #list: ModelSlot[] = [];
  #requests = 0;

  constructor(capacity: number, start: number) {
    const memory = RunQueue.allocate(capacity, start);
    this.queues = [0, 1, 2, 3].map((me) => new RunQueue(memory, capacity, me));
    this.#start = start;
  }

  do(one: Step): void {
    if (one.type === 'lag') {
      this.#lag(one.hint);
      return;
    }
    const queue = this.queues[one.thread]!;
    if (one.type === 'claim') this.#claim(queue, one.thread, one.deadlineMs);
    else if (one.type === 'take') this.#take(queue, one.thread);
    else if (one.type === 'settle') this.#settle(one.thread);
    else {
      const phase = one.type === 'commit' ? 'writing' : 'reading';
      const mine = this.#list.filter((entry) => entry.phase === phase && entry.owner === one.thread);
      const entry = mine[one.which % Math.max(1, mine.length)];
      if (entry === undefined) return;
      if (one.type === 'commit') queue.commit(entry.at);
      else queue.release(entry.at);
      entry.phase = one.type === 'commit' ? 'ready' : 'released';
    }
  }

  #claim(queue: RunQueue, owner: number, deadlineMs: number): void {
    const before = this.#list[this.#list.length - queue.capacity];
    const isFull = before !== undefined && before.phase !== 'released';
    const at = queue.claim(0, deadlineMs);
    equal(at < 0, isFull, 'full');
    if (at < 0) return;
    const request = ++this.#requests;
    queue.words[at + slot.asker] = owner;
    queue.words[at + slot.request] = request;
    queue.doubles[(at + slot.deadline) >> 1] = deadlineMs;
    this.#list.push({ at, request, deadlineMs, phase: 'writing', owner });
  }

  #take(queue: RunQueue, owner: number): void {
    const hadWork = queue.hasWork(0);
    const head = this.#list.findIndex(({ phase }) => phase === 'writing' || phase === 'ready');
    const window = head < 0 ? [] : this.#list.slice(head, head + Math.min(takeWindow, queue.capacity));
    const ready = window.filter(({ phase }) => phase === 'ready');
    const at = queue.take(0);
    const earliestMs = Math.min(...ready.map(({ deadlineMs }) => deadlineMs));
    let expected = ready.find(({ deadlineMs }) => deadlineMs === earliestMs);
    // Nobody tells takers of a void record: it has its turn, or goes first while they look for the earliest.
    if (ready.some(({ request }) => request === 0)) expected = ready.find((entry) => entry.at === at);
    equal(at, expected?.at ?? -1, 'taken');
    if (expected === undefined) return;
    equal(hadWork, true, 'hasWork');
    equal(queue.words[at + slot.request], expected.request, 'record');
    expected.phase = 'reading';
    expected.owner = owner;
  }

  #settle(dead: number): void {
    const lost: number[] = [];
    this.queues[0]!.settle(dead, ({ request }) => lost.push(request));
    const mine = this.#list.filter(({ owner }) => owner === dead);
    const read = mine.filter(({ phase }) => phase === 'reading');
    equal(String(lost.sort()), String(read.map(({ request }) => request).sort()), 'lost');
    for (const entry of read) entry.phase = 'released';
    for (const entry of mine) {
      if (entry.phase !== 'writing') continue;
      entry.phase = 'ready';
      entry.request = 0;
      entry.deadlineMs = 0;
    }
  }

  /** A thread died after it moved a slot and before it moved the hint. */
  #lag(hint: 'head' | 'tail'): void {
    const { words } = this.queues[0]!;
    const at = laneWord[hint];
    if (words[at] !== (this.#start | 0)) words[at] = (words[at]! - 1) | 0;
  }
}

function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}
