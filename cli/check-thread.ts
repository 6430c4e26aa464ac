// The thread of `heddle check --modules`: loads the service modules as a CPU thread would, says how that went, and is
// ended by its parent.

import { parentPort, workerData } from 'node:worker_threads';
import { loadServices } from '../net/load-services.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { ServiceSettings } from '../runtime/settings.ts';

export interface ModuleCheckData {
  services: ServiceSettings[];
}

/** How many methods there are, or a line for each module that is wrong. */
export type ModuleCheckAnswer = { methods: number } | { problem: string };

async function load({ services }: ModuleCheckData): Promise<ModuleCheckAnswer> {
  try {
    return { methods: (await loadServices(services)).length };
  } catch (reason) {
    return { problem: HeddleError.from(reason, String(reason)).message };
  }
}

parentPort?.postMessage(await load(workerData as ModuleCheckData));
