// A worker thread that observes 2, sets a gauge to the time at which it does, and counts, again and again, with a pause
// between that is shorter than a reader needs.

import { parentPort, workerData } from 'node:worker_threads';
import { MetricCells } from '../../runtime/shared/metric-cells.ts';

export interface MetricHammerPlan {
  memory: SharedArrayBuffer;
  histogram: number;
  gauge: number;
  counter: number;
  times: number;
}

const { memory, histogram, gauge, counter, times } = workerData as MetricHammerPlan;
const cells = new MetricCells(memory);
for (let time = 1; time <= times; time++) {
  cells.observe(histogram, 2);
  cells.setGauge(gauge, time, time);
  cells.addTo(counter, 1);
  // A few hundred nanoseconds.
  for (let wait = 0; wait < 10; wait++) performance.now();
}
parentPort!.postMessage('done');
