// The thread of `heddle check --modules`: loads service modules as a CPU thread would, one after another, says how each
// went, and is ended by its parent. One at a time, so that the parent knows which one ended the thread or never loaded.

import { parentPort, workerData } from 'node:worker_threads';
import { loadServices } from '../net/load-services.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { ServiceSettings } from '../runtime/settings.ts';

export interface ModuleCheckData {
  services: ServiceSettings[];
}

/** For each module in turn: how many methods it has, or what is wrong with it. */
export type ModuleCheckAnswer = { methods: number } | { problem: string };

async function load({ services }: ModuleCheckData): Promise<void> {
  for (const service of services) {
    let answer: ModuleCheckAnswer;
    try {
      answer = { methods: (await loadServices([service])).length };
    } catch (reason) {
      answer = { problem: HeddleError.from(reason, String(reason)).message };
    }
    parentPort?.postMessage(answer);
  }
}

// Not awaited here: where nothing is left to wait for, Node would print a warning of its own.
void load(workerData as ModuleCheckData);
