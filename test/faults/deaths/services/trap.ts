// trap: makes the thread that calls it die at an atomic operation drawn from the test's seed, in the code that is shipped.
// runtime/shared/atomics.ts calls `Atomics.store` and its like by name at each call, so they can be replaced for this
// thread alone; the methods around them are wrapped to tell where the thread is. Called by service modules at load.

import { threadId } from 'node:worker_threads';
import { type Random, seededRandom } from '../../../../runtime/clock.ts';
import { Answerer } from '../../../../runtime/shared/answerer.ts';
import { Arena, ArenaReader } from '../../../../runtime/shared/arena.ts';
import { Asker } from '../../../../runtime/shared/asker.ts';
import { Board } from '../../../../runtime/shared/board.ts';
import { RingWriter } from '../../../../runtime/shared/completion-ring.ts';
import { RunQueue } from '../../../../runtime/shared/run-queue.ts';
import { Taker } from '../../../../runtime/shared/taker.ts';
import { type Place, sharedRecord } from './record.ts';

const record = sharedRecord();

/** How many operations at its place a thread lives through at most; there are few of some for each request. */
const operationsMax = 12;
const rareOperationsMax = 4;
const rare: readonly Place[] = ['lease', 'mark', 'free', 'publish'];
/** A thread that never comes to its place dies anywhere after so many operations. */
const patience = 4_000;
/** Of threads that die by themselves: those that stand still, to be ended from outside at that very instant. */
const standing = 0.15;

/** Where the thread is now. */
let here: Place = 'turn';
let target: Place = 'turn';
/** Operations at the target until the thread dies; those anywhere. */
let left = Number.POSITIVE_INFINITY;
let leftAnywhere = Number.POSITIVE_INFINITY;
let drawn = false;
let dieBefore = false;
let random: Random;

/** Arms the calling thread: it dies at one of `targets`, once the test has armed all threads. */
export function trap(targets: readonly Place[]): void {
  random = seededRandom(record.seed + 7919 * record.nextLife());
  if (record.armed && random() < 0.1) dieAtLoad();
  within(Asker.prototype, 'put', 'put');
  within(RunQueue.prototype, 'claim', 'put');
  within(RunQueue.prototype, 'commit', 'put');
  within(Arena.prototype, 'allocate', 'lease');
  within(Arena.prototype, 'generation', 'lease');
  within(Arena.prototype, 'giveUp', 'lease');
  within(Taker.prototype, 'take', 'mark');
  within(RunQueue.prototype, 'take', 'take');
  within(RunQueue.prototype, 'release', 'take');
  within(ArenaReader.prototype, 'free', 'free');
  within(Answerer.prototype, 'flush', 'publish');
  within(RingWriter.prototype, 'publish', 'publish');
  within(Asker.prototype, 'drain', 'drain');
  within(Board.prototype, 'takeBell', 'bell');
  const { add, compareExchange, exchange, load, store } = Atomics;
  Object.assign(Atomics, {
    load: (words: Int32Array, at: number) => step(targets, () => load(words, at)),
    store: (words: Int32Array, at: number, value: number) => step(targets, () => store(words, at, value)),
    add: (words: Int32Array, at: number, value: number) => step(targets, () => add(words, at, value)),
    exchange: (words: Int32Array, at: number, value: number) => step(targets, () => exchange(words, at, value)),
    compareExchange: (words: Int32Array, at: number, expected: number, value: number) =>
      step(targets, () => compareExchange(words, at, expected, value)),
  });
}

/** One atomic operation, which may be the last: half of the dying die before it, half after it. */
function step(targets: readonly Place[], operation: () => number): number {
  if (!drawn && record.armed) draw(targets);
  const last = drawn && isLast() && record.armed;
  if (last && dieBefore) die();
  const result = operation();
  if (last) die();
  return result;
}

function draw(targets: readonly Place[]): void {
  drawn = true;
  target = targets[Math.floor(random() * targets.length)]!;
  left = Math.floor(random() * (rare.includes(target) ? rareOperationsMax : operationsMax));
  leftAnywhere = patience;
  dieBefore = random() < 0.5;
}

function isLast(): boolean {
  const isThere = here === target && left-- <= 0;
  return leftAnywhere-- <= 0 || isThere;
}

/** Ends the thread here: no listener, no microtask and no `finally` runs after it. */
function die(): void {
  record.died(here);
  if (random() < standing) record.stand(threadId);
  endNow();
}

function endNow(): never {
  const { reallyExit } = process as unknown as { reallyExit(code: number): void };
  reallyExit.call(process, 1);
  // The end comes with the next turn of a loop.
  for (;;);
}

function dieAtLoad(): void {
  record.died('load');
  const how = random();
  if (how < 0.4) endNow();
  if (how < 0.7) process.exit(3);
  throw new Error('this module does not load, as a test asked');
}

function within<Method extends string>(
  owner: { [name in Method]: (...input: never[]) => unknown },
  method: Method,
  place: Place,
): void {
  const original = owner[method] as (...input: unknown[]) => unknown;
  Reflect.set(owner, method, function (this: unknown, ...input: unknown[]): unknown {
    const before = here;
    here = place;
    try {
      return original.apply(this, input);
    } finally {
      here = before;
    }
  });
}
