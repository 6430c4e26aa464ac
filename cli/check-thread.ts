// The thread of `heddle check --modules`: loads the modules of plugins as main would and those of services as a CPU
// thread would, one after another, says how each went, and is ended by its parent. One at a time, so that the parent knows which one ended the thread or never loaded.

import { parentPort, workerData } from 'node:worker_threads';
import { loadJobs } from '../net/jobs/job-processor.ts';
import { loadServices } from '../net/service/load-services.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { JobSettings } from '../runtime/jobs.ts';
import { noteOf, type PluginNote } from '../runtime/plugins/plan.ts';
import { readPlugin } from '../runtime/plugins/read-plugin.ts';
import type { PluginSettings, ServiceSettings } from '../runtime/settings.ts';

export type CheckedModule = { plugin: PluginSettings } | { service: ServiceSettings } | { job: JobSettings };

export interface ModuleCheckData {
  modules: CheckedModule[];
}

/** For each module in turn: what the plugin says of itself, how many methods the service has, or what is wrong with it. */
export type ModuleCheckAnswer = { plugin: PluginNote } | { methods: number } | { problem: string };

async function load({ modules }: ModuleCheckData): Promise<void> {
  for (const module of modules) {
    let answer: ModuleCheckAnswer;
    try {
      if ('plugin' in module) {
        answer = { plugin: noteOf(await readPlugin(module.plugin.moduleUrl), module.plugin) };
      } else if ('job' in module) {
        await loadJobs([module.job]);
        answer = { methods: 0 };
      } else {
        answer = { methods: (await loadServices([module.service])).length };
      }
    } catch (reason) {
      answer = { problem: HeddleError.from(reason, String(reason)).message };
    }
    parentPort?.postMessage(answer);
  }
}

// Not awaited here: where nothing is left to wait for, Node would print a warning of its own.
void load(workerData as ModuleCheckData);
