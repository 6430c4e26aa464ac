// The thread of loadInThread: loads one set of strategies, says before each module which one, and is ended by its parent.

import { parentPort, workerData } from 'node:worker_threads';
import type { StrategySource } from '../../runtime/strategies.ts';
import type { LoadStep } from './importer.ts';
import { type LoadedStrategies, type LoadKnown, loadStrategies } from './load-strategies.ts';

export interface LoadThreadData {
  sources: readonly StrategySource[];
  known: LoadKnown;
  modules: boolean;
  broken: ReadonlyMap<string, string>;
}

export type LoadThreadAnswer = { step: LoadStep } | { loaded: LoadedStrategies } | { failure: string };

async function load({ sources, known, modules, broken }: LoadThreadData): Promise<void> {
  const say = (answer: LoadThreadAnswer) => parentPort?.postMessage(answer);
  try {
    say({ loaded: await loadStrategies(sources, known, { modules, broken, onStep: (step) => say({ step }) }) });
  } catch (reason) {
    say({ failure: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason) });
  }
}

// Not awaited here: where nothing is left to wait for, Node would print a warning of its own.
void load(workerData as LoadThreadData);
