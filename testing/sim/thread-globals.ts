// The globals of a simulated thread: timers, immediates, microtasks, time, chance and `process`, so that whatever a module
// uses of the process it uses of its own thread.

import { Draws } from './draws.ts';
import { channelOf } from './ports.ts';
import type { SimThread } from './thread.ts';
import { ownGlobalThis } from './thread-global-this.ts';
import { type PendingTicks, simProcess } from './thread-process.ts';
import { simAbortSignal, simDate, simIntl, simPerformance, simTemporal } from './thread-time.ts';
import { simTimers } from './thread-timers.ts';
import { unsimulatedGlobals } from './unsimulated.ts';
import { webCrypto } from './web-crypto.ts';

/** The names of Node that threads get their own of. */
export const globalNames = [
  'globalThis',
  'global',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'process',
  'performance',
  'Date',
  'Intl',
  'Temporal',
  'Math',
  'MessageChannel',
  'AbortSignal',
  'crypto',
  'fetch',
  'WebSocket',
  'EventSource',
  'BroadcastChannel',
  'CompressionStream',
  'DecompressionStream',
  'WebAssembly',
] as const;

export type ThreadGlobals = Record<(typeof globalNames)[number], unknown>;

export function threadGlobals(thread: SimThread, ticks: PendingTicks): ThreadGlobals {
  const Temporal = simTemporal(thread);
  const own = {
    ...simTimers(thread),
    queueMicrotask: (callback: () => void) => queueMicrotask(() => thread.call(callback)),
    process: simProcess(thread, ticks),
    performance: simPerformance(thread),
    Date: simDate(thread),
    Intl: simIntl(thread),
    Math: simMath(thread),
    MessageChannel: channelOf(thread),
    AbortSignal: simAbortSignal(thread),
    crypto: webCrypto(thread),
    ...unsimulatedGlobals,
  };
  const global = ownGlobalThis(Temporal === undefined ? own : { ...own, Temporal });
  return { ...own, Temporal, globalThis: global, global };
}

const mathParts = Object.getOwnPropertyDescriptors(Math);

function simMath(thread: SimThread): object {
  const draws = new Draws(thread.world.seed, `chance of ${thread.name} ${thread.index}`);
  const own = Object.create(null, mathParts) as Math;
  own.random = draws.random;
  return own;
}
