// drawInThread: a strategy's picture with its live figures, drawn on a thread of its own: a large graph takes longer than
// main may be away from its connections.

import { Worker } from 'node:worker_threads';
import { HeddleError } from '../../runtime/errors.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import type { StrategyDefinition } from '../definition.ts';
import type { DrawData } from './draw-thread.ts';
import type { StrategiesReport } from './strategy-report.ts';

/** Longest time that a drawing may take, ms. */
const drawMaxMs = 10_000;

export function drawInThread(
  definition: StrategyDefinition,
  report: StrategiesReport,
  form: DrawData['form'],
): Promise<string> {
  const workerData: DrawData = { definition, report, form };
  const worker = new Worker(moduleUrl('./draw-thread', import.meta.url), { workerData });
  const drawn = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    drawn.reject(new HeddleError('DEADLINE_EXCEEDED', `the picture of ${definition.name} took over ${drawMaxMs} ms`));
  }, drawMaxMs);
  worker.once('message', (picture: string) => drawn.resolve(picture));
  worker.once('error', (error) => drawn.reject(HeddleError.from(error)));
  return drawn.promise.finally(() => {
    clearTimeout(timer);
    return worker.terminate();
  });
}
