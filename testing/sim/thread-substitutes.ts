// What simulated threads have in the place of modules: the door to shared memory, whose every operation the simulation hears
// of first, and those parts of Node that speak of threads and time.

import perfHooks from 'node:perf_hooks';
import workerThreads from 'node:worker_threads';
import * as atomics from '../../runtime/shared/atomics.ts';
import type { Namespace } from './module-factory.ts';
import { type Substitutes, sourceUrl } from './modules.ts';
import { channelOf, SimPort } from './ports.ts';
import { seededCrypto } from './seeded.ts';
import type { SimThread } from './thread.ts';
import { simPerformance, simTimers } from './thread-globals.ts';
import { timersPromises } from './timers-promises.ts';
import { unsimulatedModules } from './unsimulated.ts';

type AtomicOperation = (words: Int32Array, index: number, first: number, second: number) => unknown;

export function substitutes(thread: SimThread): Substitutes {
  const door: Namespace = {};
  for (const [name, operation] of Object.entries(atomics) as [string, AtomicOperation][]) {
    door[name] = (words: Int32Array, index: number, first: number, second: number) => {
      thread.operate(name, words, index);
      return operation(words, index, first, second);
    };
  }
  return new Map<string, Namespace>([
    [sourceUrl('runtime/shared/atomics'), door],
    ['node:worker_threads', workers(thread)],
    ['node:dns', { promises: { Resolver: NoNames } }],
    ['node:perf_hooks', { ...perfHooks, performance: simPerformance(thread) }],
    ['node:timers', simTimers(thread)],
    ['node:timers/promises', timersPromises(thread)],
    ['node:crypto', seededCrypto(thread)],
    ...unsimulatedModules,
  ]);
}

function workers(thread: SimThread): Namespace {
  const own: Namespace = {
    MessageChannel: channelOf(thread),
    MessagePort: SimPort,
    receiveMessageOnPort: (port: SimPort) => port.receive(),
    isMainThread: false,
    threadId: thread.index + 1,
    workerData: undefined,
    parentPort: null,
    Worker: notSimulated('Worker'),
    BroadcastChannel: notSimulated('BroadcastChannel'),
  };
  return { ...workerThreads, ...own, default: { ...workerThreads, ...own } };
}

/** As Resolver of node:dns: addresses are simulated, names are not. */
class NoNames {
  resolve4(name: string): Promise<never> {
    return Promise.reject(new Error(`no name is known here, and so not ${name}`));
  }

  resolve6(name: string): Promise<never> {
    return this.resolve4(name);
  }
}

/** Loading what names it is fine; to use it would leave the simulation. */
function notSimulated(what: string): unknown {
  return class {
    constructor() {
      throw new Error(`${what} is not simulated`);
    }
  };
}
