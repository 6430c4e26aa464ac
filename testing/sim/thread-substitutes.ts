// What simulated threads have in the place of modules: the door to shared memory, whose every operation the simulation hears
// of first, and those parts of Node that speak of threads and time.

import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import nativeTimersPromises from 'node:timers/promises';
import workerThreads from 'node:worker_threads';
import * as atomics from '../../runtime/shared/atomics.ts';
import { backgroundZlib } from './background.ts';
import type { Namespace } from './module-factory.ts';
import { type Substitutes, sourceUrl } from './modules.ts';
import { channelOf, SimPort } from './ports.ts';
import { seededCrypto } from './seeded.ts';
import type { SimThread } from './thread.ts';
import type { ThreadGlobals } from './thread-globals.ts';
import { timersPromises } from './timers-promises.ts';
import { unsimulatedModules } from './unsimulated.ts';
import { moduleWithOwn, withOwn } from './with-own.ts';

type AtomicOperation = (words: Int32Array, index: number, first: number, second: number) => unknown;

/** `globals`: the thread's, since modules of Node have many of them too. */
export function substitutes(thread: SimThread, globals: ThreadGlobals): Substitutes {
  const door: Namespace = {};
  for (const [name, operation] of Object.entries(atomics) as [string, AtomicOperation][]) {
    door[name] = (words: Int32Array, index: number, first: number, second: number) => {
      thread.operate(name, words, index);
      return operation(words, index, first, second);
    };
  }
  return new Map<string, Namespace | (() => Namespace)>([
    [sourceUrl('runtime/shared/atomics'), door],
    ['node:worker_threads', () => workers(thread)],
    ['node:process', withOwn(globals.process as object, { default: globals.process })],
    ['node:perf_hooks', () => performanceModule(thread, globals)],
    ...timerModules(thread, globals),
    ['node:crypto', () => seededCrypto(thread)],
    ['node:zlib', () => backgroundZlib(thread)],
    ...unsimulatedModules,
  ]);
}

function performanceModule(thread: SimThread, { performance }: ThreadGlobals): Namespace {
  return moduleWithOwn(perfHooks, {
    performance,
    eventLoopUtilization: () => thread.utilization,
    timerify: (performance as Performance).timerify,
  });
}

function timerModules(thread: SimThread, globals: ThreadGlobals): [string, Namespace][] {
  const promises = moduleWithOwn(nativeTimersPromises, { ...timersPromises(thread) });
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globals;
  const own = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, promises };
  return [
    ['node:timers', moduleWithOwn(timers, own)],
    ['node:timers/promises', promises],
  ];
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

/** Loading what names it is fine; to use it would leave the simulation. */
function notSimulated(what: string): unknown {
  return class {
    constructor() {
      throw new Error(`${what} is not simulated`);
    }
  };
}
