// The board: who sleeps and who may wake it, who is dead, what all do together.

import test from 'ava';
import fc from 'fast-check';
import { Board } from '../../../runtime/shared/board.ts';
import { boardRowWords, board as boardWord, fates, threadNumberMax, wants } from '../../../runtime/shared/layout.ts';

test('a parked thread is rung for what it wants and for nothing else: all cases', (t) => {
  const board = new Board();
  for (let parked = 0; parked < 16; parked++) {
    for (let wanted = 0; wanted < 16; wanted++) {
      board.park(3, parked);
      const rung = board.takeBell(3, wanted);
      t.is(rung, (parked & wanted) !== 0);
      t.is(board.gauge(3, boardWord.park), rung ? 0 : parked);
    }
  }
});

test('of many ringers one wins, until the thread parks again', (t) => {
  const board = new Board();
  const everything = wants.completions | wants.requests | wants.nested | wants.calls;
  const ringAll = () => [1, 2, 3].map(() => board.takeBell(9, everything)).filter(Boolean).length;
  t.is(ringAll(), 0);
  board.park(9, wants.requests | wants.completions);
  t.is(ringAll(), 1);
  t.is(ringAll(), 0);
  board.park(9, wants.completions);
  t.is(ringAll(), 1);
  board.park(9, wants.completions);
  board.unpark(9);
  t.is(ringAll(), 0);
});

/** A board whose ringer stops between its load and its swap, and what happens there. */
function stoppedRinger(board: Board, meanwhile: () => void): Board {
  const { words } = board;
  let count = 0;
  return Object.defineProperty(new Board(board.memory), 'words', {
    get: () => {
      if (++count === 2) meanwhile();
      return words;
    },
  });
}

test('a ringer that loses its race to another ringer, or to the waking thread, rings nobody', (t) => {
  const board = new Board();
  for (const meanwhile of [() => t.true(board.takeBell(5, wants.completions)), () => board.unpark(5)]) {
    board.park(5, wants.completions);
    t.false(stoppedRinger(board, meanwhile).takeBell(5, wants.completions));
    t.is(board.gauge(5, boardWord.park), 0);
  }
});

test('a ringer that stops while the thread parks for something else leaves it parked: it has looked since', (t) => {
  const board = new Board();
  board.park(5, wants.completions | wants.requests);
  const ringer = stoppedRinger(board, () => board.park(5, wants.completions));
  t.false(ringer.takeBell(5, wants.requests));
  t.is(board.gauge(5, boardWord.park), wants.completions);
});

test('a thread is gone unless it is alive', (t) => {
  const board = new Board();
  t.is(board.fate(255), fates.unused);
  for (const [name, fate] of Object.entries(fates)) {
    board.setFate(255, fate);
    t.is(board.fate(255), fate);
    t.is(board.isGone(255), name !== 'alive');
  }
});

test('cancels count up by thread, and past 2^31 still differ from what they were', (t) => {
  const board = new Board();
  board.setGauge(4, boardWord.cancels, 2 ** 31 - 1);
  const seen = board.cancels(4);
  board.addCancel(4);
  t.not(board.cancels(4), seen);
  board.addCancel(5);
  t.is(board.cancels(5), 1);
  t.is(board.cancels(3), 0);
});

test('a reset row is awake, at rest and at zero, keeps its fate, and leaves its neighbours alone', (t) => {
  const board = new Board();
  board.words.fill(1);
  board.setFate(threadNumberMax, fates.dead);
  board.resetRow(threadNumberMax);
  board.resetRow(7);
  const isReset = (word: number) => [7, threadNumberMax].includes(Math.floor(word / boardRowWords));
  t.true(board.words.every((value, word) => isReset(word) || value === 1));
  const expected = (fate: number) =>
    Array.from({ length: boardRowWords }, (_, at) => (at === boardWord.fate ? fate : 0));
  t.deepEqual([...board.words.subarray(7 * boardRowWords, 8 * boardRowWords)], expected(1));
  t.deepEqual([...board.words.subarray(threadNumberMax * boardRowWords)], expected(fates.dead));
});

test('what is on a stack is said by method, fiber, body and time, until it leaves', (t) => {
  const board = new Board();
  const doubles = new Float64Array(board.memory);
  const row = 6 * boardRowWords;
  board.setRunning(6, 41, 2 ** 32 - 1, -7, 1234.5);
  t.is(board.gauge(6, boardWord.method), 42);
  t.is(board.gauge(6, boardWord.fiber), -1);
  t.is(doubles[(row + boardWord.since) / 2], 1234.5);
  t.deepEqual(board.running(6), { method: 41, fiber: -1, body: -7, sinceMs: 1234.5 });
  board.leaveRunning(6, 1300);
  t.is(board.running(6), undefined);
  board.leaveRunning(6, 1300);
  t.is(board.running(6), undefined, 'leaving twice is leaving');
  t.false(board.blameLeft(6, 1302));
  t.true(board.blameLeft(6, 1300.5));
  t.is(board.running(6)?.method, 41);
});

test('no two words of a row are the same word', (t) => {
  const words: number[] = Object.values(boardWord).flatMap((at) => (at === boardWord.since ? [at, at + 1] : [at]));
  t.is(new Set(words).size, words.length);
  t.true(words.every((at) => at < boardRowWords));
  t.is(boardWord.since % 2, 0);
});

test('a gauge’s sum is that of all numbers in use, mod 2^32', (t) => {
  const rows = fc.array(
    fc.record({
      thread: fc.integer({ min: 1, max: threadNumberMax }),
      fate: fc.constantFrom(...Object.values(fates)),
      value: fc.oneof(fc.nat(1000), fc.nat(2 ** 32 - 1)),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(rows, (entries) => {
      const board = new Board();
      const values = new Map<number, number>();
      for (const { thread, fate, value } of entries) {
        board.setFate(thread, fate);
        board.setGauge(thread, boardWord.answered, value);
        values.set(thread, fate === fates.unused ? 0 : value);
      }
      let total = 0;
      for (const value of values.values()) total += value;
      if (board.sum(boardWord.answered) !== total % 2 ** 32) throw new Error(`${board.sum(boardWord.answered)}`);
      if (board.sum(boardWord.failed) !== 0) throw new Error('another gauge');
    }),
  );
  t.pass();
});

test('a thread that looks at its queues counts as one that does, awake or rung, and not while it sleeps', (t) => {
  const board = new Board();
  board.setFate(4, fates.alive);
  t.false(board.looks(4));
  board.unpark(4, true);
  t.true(board.looks(4));
  t.false(board.takeBell(4, wants.requests), 'and nobody rings it');
  board.park(4, wants.requests | wants.completions, true);
  t.false(board.looks(4));
  t.true(board.takeBell(4, wants.completions));
  t.true(board.looks(4));
  board.unpark(4);
  t.false(board.looks(4));
});
