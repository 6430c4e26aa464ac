// exampleOf: the example request of a method, out of the contract that its service's module brings along. The module is
// loaded on a thread of its own, so that what it starts there ends with it.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { HeddleError } from '../../runtime/errors.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { ServiceSettings } from '../../runtime/settings.ts';
import type { ExampleAnswer } from './example-thread.ts';

/** How long the module may take to load, ms. */
const loadMaxMs = 30_000;

/** As JSON; undefined: the contract has none. Throws FAILED_PRECONDITION: it does not load, or has no such method. */
export async function exampleOf(service: ServiceSettings, method: string): Promise<string | undefined> {
  const worker = new Worker(moduleUrl('./example-thread', import.meta.url), { workerData: service });
  try {
    const answer = await answerOf(worker, service);
    if ('problem' in answer) throw failed(answer.problem);
    const names = answer.methods.map((one) => one.method);
    const found = answer.methods.find((one) => one.method === method);
    if (found !== undefined) return found.example;
    throw failed(`${service.name} has no method ${method}${didYouMean(method, names)}; it has ${names.join(', ')}`);
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker, { moduleUrl: url }: ServiceSettings): Promise<ExampleAnswer> {
  return new Promise((resolve) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      const advice = 'give the request on the command line, and it is not loaded';
      resolve({ problem: `${fileURLToPath(url)}: ${what}; ${advice}` });
    };
    const timer = setTimeout(() => fail(`it did not load within ${loadMaxMs / 1000} s`), loadMaxMs);
    worker.once('message', (answer: ExampleAnswer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    worker.once('error', (error) => fail(`an error that nobody caught ended its thread: ${String(error)}`));
    worker.once('exit', (code) => fail(`it ended its thread while it was loaded (exit code ${code})`));
  });
}

function failed(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
