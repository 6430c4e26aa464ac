// Cells of metrics: what a reader sees while they are written, and what is left when their writer dies between any two
// steps of a write.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { cellsOf, emptyHistogram, firstCell, MetricCells } from '../../../runtime/shared/metric-cells.ts';
import { Driver, perform, run, runNow, type StepGenerator } from '../../../testing/steps/step-runtime.ts';
import { loadStepping } from '../../../testing/steps/steps.ts';
import type { MetricHammerPlan } from '../../helpers/metric-hammer.ts';

type Module = typeof import('../../../runtime/shared/metric-cells.ts');

await loadStepping();
const stepping = (await import(
  `${new URL('../../../runtime/shared/metric-cells.ts', import.meta.url).href}?steps=1`
)) as Module;

const at = firstCell;

/** Runs `writes` up to so many steps, and dies there; false: it had come to its end. */
function dieAfter(memory: SharedArrayBuffer, steps: number, writes: (cells: MetricCells) => unknown[]): boolean {
  const cells = new stepping.MetricCells(memory);
  function* body(): StepGenerator<void> {
    for (const write of writes(cells)) yield* run(write);
  }
  const driver = new Driver(body());
  let op = driver.next(undefined);
  for (let step = 0; step < steps && op !== undefined; step++) op = driver.next(perform(op));
  return op !== undefined;
}

const values = [5, 1, 9];

/** Sum, minimum and maximum of the first so many values. */
function first(count: number): { sum: number; min: number; max: number } {
  const some = values.slice(0, count);
  return { sum: some.reduce((all, one) => all + one, 0), min: Math.min(...some), max: Math.max(...some) };
}

function readHistogram(memory: SharedArrayBuffer) {
  const sums = emptyHistogram();
  new MetricCells(memory).addHistogram(at, sums);
  return sums;
}

test('a death in the middle of an observe costs at most that one value, before and after it is mended', (t) => {
  let deaths = 0;
  for (let steps = 0; ; steps++) {
    const memory = MetricCells.memoryFor(1);
    const alive = dieAfter(memory, steps, (cells) => values.map((value) => cells.observe(at, value)));
    const read = readHistogram(memory);
    const { count, sum, min, max } = read;
    // What the buckets have, or one value more that they don't have yet.
    const partly = [count, count + 1].filter((one) => one <= values.length).map(first);
    t.true(partly.some((one) => one.sum === sum) || count === 0, `${steps}: ${sum} of ${count}`);
    t.true(partly.some((one) => one.min === min) || count === 0, `${steps}: ${min} of ${count}`);
    t.true(partly.some((one) => one.max === max) || count === 0, `${steps}: ${max} of ${count}`);
    if (count === 0) t.deepEqual(read, emptyHistogram());

    const successor = new MetricCells(memory);
    successor.mend(at, 'histogram');
    t.deepEqual(readHistogram(memory), read);
    successor.observe(at, 1000);
    const after = readHistogram(memory);
    t.is(after.count, count + 1);
    t.is(after.sum, sum + 1000);
    t.is(after.max, 1000);
    t.is(after.min, count === 0 ? 1000 : min);
    if (!alive) break;
    deaths++;
  }
  t.true(deaths >= 12, `${deaths} places to die at`);
});

test('a death in the middle of a gauge leaves its old or its new value, and the next one counts', (t) => {
  let deaths = 0;
  for (let steps = 0; ; steps++) {
    const memory = MetricCells.memoryFor(1);
    const alive = dieAfter(memory, steps, (cells) => [cells.setGauge(at, 7, 100), cells.setGauge(at, 8, 200)]);
    const read = () => {
      const reading = { value: -1, atMs: Number.NEGATIVE_INFINITY };
      new MetricCells(memory).readGauge(at, reading);
      return reading;
    };
    const before = read();
    t.true([-1, 7, 8].includes(before.value));
    t.is(before.value === -1, before.atMs === Number.NEGATIVE_INFINITY);
    const successor = new MetricCells(memory);
    successor.mend(at, 'gauge');
    t.deepEqual(read(), before);
    successor.setGauge(at, 9, 300);
    t.deepEqual(read(), { value: 9, atMs: 300 });
    if (!alive) break;
    deaths++;
  }
  t.true(deaths >= 6, `${deaths} places to die at`);
});

test('a reader ends beside a writer that stands still in the middle, for ever', (t) => {
  const memory = MetricCells.memoryFor(1);
  new Int32Array(memory)[at * 2] = 3;
  const cells = new stepping.MetricCells(memory);
  const reading = { value: 0, atMs: Number.NEGATIVE_INFINITY };
  runNow(cells.readGauge(at, reading));
  runNow(cells.addHistogram(at, emptyHistogram()));
  t.is(reading.atMs, 0);
});

test('the sequence wraps without becoming that of an empty cell', (t) => {
  const memory = MetricCells.memoryFor(1);
  const cells = new MetricCells(memory);
  cells.observe(at, 3);
  new Int32Array(memory)[at * 2] = -2;
  cells.observe(at, 4);
  cells.observe(at, 5);
  const { count, sum, min, max } = readHistogram(memory);
  t.deepEqual([count, sum, min, max], [3, 12, 3, 5]);
});

test('a reader does not see half a value of a thread that goes on', async (t) => {
  const memory = MetricCells.memoryFor(3);
  const gauge = at + cellsOf.histogram;
  const counter = gauge + cellsOf.gauge;
  const workerData: MetricHammerPlan = { memory, histogram: at, gauge, counter, times: 200_000 };
  const worker = new Worker(new URL('../../helpers/metric-hammer.ts', import.meta.url), { workerData });
  let isDone = false;
  const done = once(worker, 'message').then(() => {
    isDone = true;
  });
  const exit = once(worker, 'exit');
  const cells = new MetricCells(memory);
  const counts = new Set<number>();
  /** Counts at which a value was seen half written. */
  const halves = new Set<number>();
  let before = 0;
  while (!isDone) {
    for (let look = 0; look < 200; look++) {
      const sums = emptyHistogram();
      cells.addHistogram(at, sums);
      const reading = { value: 0, atMs: Number.NEGATIVE_INFINITY };
      cells.readGauge(gauge, reading);
      if (sums.sum !== 2 * sums.count || sums.count < before) halves.add(sums.count);
      if (reading.atMs > 0 && reading.value !== reading.atMs) halves.add(reading.atMs);
      counts.add(sums.count);
      before = sums.count;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([done, exit]);
  t.log(`${halves.size} of ${counts.size}`);
  // The machine may hold the writer up in the middle for longer than a reader tries again.
  t.true(halves.size <= 10 + counts.size / 100, `${halves.size} of ${counts.size}`);
  t.is(cells.sum(counter), 200_000);
  t.is(readHistogram(memory).count, 200_000);
});
