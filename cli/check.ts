// check: `heddle check`, all mistakes of a config at once; with `modules` also those of the service modules, which are
// loaded on a thread of their own so that what they start there ends with it.

import { Worker } from 'node:worker_threads';
import { formatProblems } from '../config/format-problems.ts';
import { readConfig } from '../config/read-config.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { Settings } from '../runtime/settings.ts';
import type { ModuleCheckAnswer, ModuleCheckData } from './check-thread.ts';
import { exitCodes } from './exit-codes.ts';

/** How long all modules together may take to load, ms: one that waits for ever at its top level is a mistake too. */
const loadMaxMs = 30_000;

/** Prints what it finds to standard output. Resolves with the exit code. */
export async function check(file: string, options: { set: string[]; modules: boolean }): Promise<number> {
  const { settings, problems } = readConfig({ file, overrides: options.set, environment: process.env });
  if (settings === undefined) return report(formatProblems(problems));
  if (!options.modules) return pass(file, settings, '');
  const loaded = await loadModules(settings);
  if ('problem' in loaded) return report(loaded.problem);
  return pass(file, settings, ` with ${count(loaded.methods, 'method')}`);
}

function report(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.failed;
}

function pass(file: string, settings: Settings, methods: string): number {
  const { services, pools } = settings;
  const listeners = new Set(
    services.flatMap(({ listen }) => listen).map((one) => `${one.protocol}:${one.host}:${one.port}`),
  );
  const parts = [
    `${count(services.length, 'service')}${methods}`,
    count(pools.length, 'pool'),
    count(listeners.size, 'listener'),
  ];
  process.stdout.write(`${file}: ok (${parts.join(', ')})\n`);
  return exitCodes.ok;
}

async function loadModules(settings: Settings): Promise<ModuleCheckAnswer> {
  const workerData: ModuleCheckData = { services: settings.services };
  const worker = new Worker(moduleUrl('./check-thread', import.meta.url), { workerData });
  try {
    return await answerOf(worker);
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<ModuleCheckAnswer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({
        problem: `the service modules did not load within ${loadMaxMs / 1000} s; does one wait at its top level?`,
      });
    }, loadMaxMs);
    worker.once('message', (answer: ModuleCheckAnswer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    worker.once('error', (error) => {
      clearTimeout(timer);
      resolve({ problem: `a service module failed after it was loaded: ${String(error)}` });
    });
    worker.once('exit', (code) => {
      clearTimeout(timer);
      resolve({ problem: `a service module ended its thread while it was loaded (exit code ${code})` });
    });
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
