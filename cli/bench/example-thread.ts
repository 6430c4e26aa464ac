// The thread of exampleOf: loads the module of one service as a CPU thread would, says which methods it has, and is ended
// by its parent.

import { parentPort, workerData } from 'node:worker_threads';
import { loadServices } from '../../net/service/load-services.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { ServiceSettings } from '../../runtime/settings.ts';

export type ExampleAnswer = { methods: { method: string; example: string | undefined }[] } | { problem: string };

async function load(service: ServiceSettings): Promise<ExampleAnswer> {
  try {
    const processors = await loadServices([service]);
    return { methods: processors.map(({ method, example }) => ({ method, example })) };
  } catch (reason) {
    return { problem: HeddleError.from(reason, String(reason)).message };
  }
}

// Not awaited here: where nothing is left to wait for, Node would print a warning of its own.
void load(workerData as ServiceSettings).then((answer) => parentPort?.postMessage(answer));
