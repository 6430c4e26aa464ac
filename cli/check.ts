// check: `heddle check`, all mistakes of a config and its strategies at once; with `modules` also those of the modules of
// services, plugins and jobs. Modules are loaded on a thread of their own so that what they start there ends with it.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { readConfig } from '../config/read-config.ts';
import { loadInThread } from '../dag/load/load-in-thread.ts';
import { formatProblems } from '../document/format-problems.ts';
import { HeddleError } from '../runtime/errors.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import { type PluginNote, planPlugins } from '../runtime/plugins/plan.ts';
import type { Settings } from '../runtime/settings.ts';
import type { CheckedModule, ModuleCheckAnswer, ModuleCheckData } from './check-thread.ts';
import { exitCodes } from './exit-codes.ts';

/** How long one module may take to load, ms: one that waits for ever at its top level is a mistake too. */
const loadMaxMs = 30_000;
const waits = 'does it wait at its top level for what never comes?';

/** Prints what it finds to standard output. Resolves with the exit code. */
export async function check(file: string, options: { set: string[]; modules: boolean }): Promise<number> {
  const { settings, problems } = readConfig({ file, overrides: options.set, environment: process.env });
  if (settings === undefined) return report(formatProblems(problems));
  const strategies = await checkStrategies(settings);
  const loaded = options.modules ? await loadModules(settings) : undefined;
  const texts = [strategies.problems, ...(loaded?.problems ?? [])].filter((text) => text !== '');
  if (texts.length > 0) return report(texts.join('\n'));
  const methods = loaded === undefined ? '' : ` with ${count(loaded.methods, 'method')}`;
  return pass(file, settings, methods, strategies.count);
}

async function checkStrategies(settings: Settings): Promise<{ problems: string; count: number }> {
  const { sources } = settings.strategies;
  if (sources.length === 0) return { problems: '', count: 0 };
  const { definitions, problems } = await loadInThread(sources, {
    pools: new Set(settings.pools.map(({ name }) => name)),
  });
  return { problems: formatProblems(problems), count: definitions.length };
}

function report(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.failed;
}

function pass(file: string, settings: Settings, methods: string, strategies: number): number {
  const { services, pools, plugins, jobs } = settings;
  const listeners = new Set(
    services.flatMap(({ listen }) => listen).map((one) => `${one.protocol}:${one.host}:${one.port}`),
  );
  const parts = [
    `${count(services.length, 'service')}${methods}`,
    count(pools.length, 'pool'),
    count(listeners.size, 'listener'),
    ...(jobs.length === 0 ? [] : [count(jobs.length, 'job')]),
    ...(plugins.length === 0 ? [] : [count(plugins.length, 'plugin')]),
    ...(strategies === 0 ? [] : [count(strategies, 'strategy', 'strategies')]),
  ];
  process.stdout.write(`${file}: ok (${parts.join(', ')})\n`);
  return exitCodes.ok;
}

interface Loaded {
  methods: number;
  plugins: PluginNote[];
  problems: string[];
}

/** A module that ends its thread or hangs is named, and those behind it are loaded on the next thread. */
async function loadModules({ plugins, services, jobs }: Settings): Promise<Loaded> {
  const loaded: Loaded = { methods: 0, plugins: [], problems: [] };
  const modules = [
    ...plugins.map((plugin) => ({ plugin })),
    ...services.map((service) => ({ service })),
    ...jobs.map((job) => ({ job })),
  ];
  let at = 0;
  while (at < modules.length) at += await loadSome(modules.slice(at), loaded);
  try {
    planPlugins(loaded.plugins);
  } catch (reason) {
    loaded.problems.push(HeddleError.from(reason).message);
  }
  return loaded;
}

/** How many it came through, at least one. */
async function loadSome(modules: CheckedModule[], loaded: Loaded): Promise<number> {
  const worker = new Worker(moduleUrl('./check-thread', import.meta.url), {
    workerData: { modules } satisfies ModuleCheckData,
  });
  try {
    return await answersOf(worker, modules, loaded);
  } finally {
    await worker.terminate();
  }
}

function answersOf(worker: Worker, modules: CheckedModule[], loaded: Loaded): Promise<number> {
  return new Promise((resolve) => {
    let answered = 0;
    const fail = (what: string): void => {
      clearTimeout(timer);
      // Its thread may end once all is said.
      if (answered < modules.length) loaded.problems.push(`${fileURLToPath(urlOf(modules[answered]!))}: ${what}`);
      resolve(Math.min(modules.length, answered + 1));
    };
    const timer = setTimeout(() => fail(`it did not load within ${loadMaxMs / 1000} s; ${waits}`), loadMaxMs);
    worker.on('message', (answer: ModuleCheckAnswer) => {
      if ('problem' in answer) loaded.problems.push(answer.problem);
      else if ('plugin' in answer) loaded.plugins.push(answer.plugin);
      else loaded.methods += answer.methods;
      answered++;
      timer.refresh();
      if (answered < modules.length) return;
      clearTimeout(timer);
      resolve(answered);
    });
    worker.once('error', (error) => fail(`an error that nobody caught ended its thread: ${String(error)}`));
    worker.once('exit', (code) => {
      fail(
        code === 0 ? `it never ends loading; ${waits}` : `it ended its thread while it was loaded (exit code ${code})`,
      );
    });
  });
}

function urlOf(module: CheckedModule): string {
  if ('job' in module) return module.job.moduleUrl;
  return 'plugin' in module ? module.plugin.moduleUrl : module.service.moduleUrl;
}

function count(number: number, noun: string, nouns = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : nouns}`;
}
