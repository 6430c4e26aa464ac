// loadInThread: loadStrategies on a thread of its own, which is ended afterwards: a module that hangs or ends its thread
// harms nobody, and a later load sees code that has changed. Called on main by the process that publishes strategies, and
// by the command line.

import { Worker } from 'node:worker_threads';
import { ProblemList } from '../../document/problem.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { fileOf, moduleProblem } from '../../runtime/module-problem.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import type { StrategySource } from '../../runtime/strategies.ts';
import type { LoadedStrategies, LoadHow, LoadKnown } from './load-strategies.ts';
import type { LoadThreadAnswer, LoadThreadData } from './load-thread.ts';

/** Threads that one load may cost: each module that hangs or ends its thread takes one. */
const threadsMax = 4;

/** What the thread's own start may take on a busy machine, ms. */
const startMaxMs = 30_000;

const waits = 'does it wait at its top level for what never comes?';

export interface LoadThreadOptions extends Pick<LoadHow, 'modules'> {
  /** Longest time that one module may take to load, ms. Default 30,000. */
  timeoutMs?: number;
}

/**
 * Users' mistakes come back as problems, also those of modules that hang, exit or throw when nobody waits for them. Throws
 * INTERNAL for a mistake of Heddle's.
 */
export async function loadInThread(
  sources: readonly StrategySource[],
  known: LoadKnown = {},
  { timeoutMs = 30_000, modules = true }: LoadThreadOptions = {},
): Promise<LoadedStrategies> {
  const broken = new Map<string, string>();
  for (let threads = 0; threads < threadsMax; threads++) {
    const ended = await loadOnce({ sources, known, modules, broken }, timeoutMs);
    if ('loaded' in ended) return ended.loaded;
    // The rest is loaded on the next thread, so that all mistakes are told at once.
    broken.set(ended.moduleUrl, ended.problem);
  }
  const problems = new ProblemList();
  for (const [url, sentence] of broken) problems.addForFile(fileOf(url), sentence);
  const last = fileOf([...broken.keys()].at(-1)!);
  problems.addForFile(last, `is module ${threadsMax} that breaks its thread: what comes behind it is not looked at`);
  return { definitions: [], problems: problems.sorted(), texts: {}, known: {} };
}

type Ended = { loaded: LoadedStrategies } | { moduleUrl: string; problem: string };

async function loadOnce(data: LoadThreadData, timeoutMs: number): Promise<Ended> {
  const worker = new Worker(moduleUrl('./load-thread', import.meta.url), { workerData: data });
  try {
    return await answerOf(worker, timeoutMs);
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // Before the first module it is Heddle's own code that loads.
    let current: string | undefined;
    const fail = (problem: string): void => {
      clearTimeout(timer);
      if (current !== undefined) resolve({ moduleUrl: current, problem });
      else
        reject(new HeddleError('INTERNAL', `strategies can't be loaded: the thread that does it failed: ${problem}`));
    };
    let timer = setTimeout(() => fail(`it did not start within ${startMaxMs / 1000} s`), startMaxMs);
    worker.on('message', (answer: LoadThreadAnswer) => {
      if ('step' in answer) {
        current = answer.step.moduleUrl;
        clearTimeout(timer);
        timer = setTimeout(() => fail(`it did not load within ${timeoutMs / 1000} s; ${waits}`), timeoutMs);
        return;
      }
      clearTimeout(timer);
      if ('loaded' in answer) resolve(answer);
      else reject(new HeddleError('INTERNAL', answer.failure));
    });
    worker.once('error', (error) => {
      fail(`an error that nobody caught ended its thread; ${moduleProblem(error, current ?? '')}`);
    });
    worker.once('exit', (code) => {
      fail(
        code === 0 ? `it never ends loading; ${waits}` : `it ended its thread while it was loaded (exit code ${code})`,
      );
    });
  });
}
