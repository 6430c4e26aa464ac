// The globals of a simulated thread: timers, immediates, microtasks, time, chance and `process`, so that whatever a module
// uses of the process it uses of its own thread.

import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { Draws } from './draws.ts';
import type { DueEntry } from './due-list.ts';
import { threadStopped } from './failure.ts';
import type { ThreadGlobals } from './modules.ts';
import { channelOf } from './ports.ts';
import { simAbortSignal, webCrypto } from './seeded.ts';
import type { SimThread } from './thread.ts';
import { unsimulatedGlobals } from './unsimulated.ts';

/** Ticks of threads that Node has still to run. */
export interface PendingTicks {
  count: number;
}

type Callback = (...values: unknown[]) => void;

export function threadGlobals(thread: SimThread, ticks: PendingTicks): ThreadGlobals {
  return {
    ...simTimers(thread),
    queueMicrotask: (callback: () => void) => queueMicrotask(() => thread.call(callback)),
    process: simProcess(thread, ticks),
    performance: simPerformance(thread),
    Date: simDate(thread),
    Math: simMath(thread),
    MessageChannel: channelOf(thread),
    AbortSignal: simAbortSignal(thread),
    crypto: webCrypto(thread),
    ...unsimulatedGlobals,
  };
}

/** As node:timers. */
export function simTimers(thread: SimThread) {
  const clear = (timer: unknown): void => {
    if (timer instanceof SimTimer) timer.close();
  };
  return {
    setTimeout: (callback: Callback, delayMs = 1, ...values: unknown[]) =>
      new SimTimer(thread, () => callback(...values), delayMs, false),
    setInterval: (callback: Callback, delayMs = 1, ...values: unknown[]) =>
      new SimTimer(thread, () => callback(...values), delayMs, true),
    clearTimeout: clear,
    clearInterval: clear,
    setImmediate: (callback: Callback, ...values: unknown[]) => {
      const immediate = { wanted: true };
      const run = AsyncLocalStorage.bind(() => callback(...values));
      thread.post('immediates', nameOf(callback, 'turn'), () => {
        if (immediate.wanted) run();
      });
      return immediate;
    },
    clearImmediate: (immediate: { wanted: boolean } | undefined) => {
      if (immediate !== undefined) immediate.wanted = false;
    },
  };
}

/** As Timeout. */
class SimTimer {
  readonly #thread: SimThread;
  readonly #run: () => void;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  #entry: DueEntry;

  constructor(thread: SimThread, callback: () => void, delayMs: number, repeats: boolean) {
    this.#thread = thread;
    this.#run = AsyncLocalStorage.bind(callback);
    this.#delayMs = delayMs >= 1 && delayMs <= 2 ** 31 - 1 ? Math.floor(delayMs) : 1;
    this.#repeats = repeats;
    this.#entry = this.#arm();
  }

  close(): this {
    this.#entry.wanted = false;
    return this;
  }

  refresh(): this {
    this.close();
    this.#entry = this.#arm();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #arm(): DueEntry {
    return this.#thread.setTimer(
      this.#delayMs,
      () => {
        if (this.#repeats) this.#entry = this.#arm();
        this.#run();
      },
      'timeout',
    );
  }
}

/** `process` as the thread sees it: its own end, its own events, its own ticks. */
function simProcess(thread: SimThread, ticks: PendingTicks): object {
  const events = new EventEmitter();
  thread.onCrash = (error, origin) => events.emit('uncaughtExceptionMonitor', error, origin);
  const own = {
    nextTick: (callback: Callback, ...values: unknown[]) => {
      ticks.count++;
      process.nextTick(() => {
        ticks.count--;
        thread.call(() => callback(...values));
      });
    },
    exit: (code?: number): never => {
      thread.call(() => events.emit('exit', code ?? 0));
      thread.kill(`process.exit(${code ?? ''})`);
      throw threadStopped;
    },
    on: (event: string, listener: Callback) => {
      events.on(event, listener);
      return own;
    },
    once: (event: string, listener: Callback) => {
      events.once(event, listener);
      return own;
    },
    off: (event: string, listener: Callback) => {
      events.off(event, listener);
      return own;
    },
    emit: (event: string, ...values: unknown[]) => events.emit(event, ...values),
    listenerCount: (event: string) => events.listenerCount(event),
    getBuiltinModule: (name: string) => builtinModule(name),
  };
  return Object.setPrototypeOf(own, process) as object;
}

const builtins = new Map<string, unknown>();

/** Modules ask for it each time that they are evaluated, and Node looks it up anew. */
function builtinModule(name: string): unknown {
  if (!builtins.has(name)) builtins.set(name, process.getBuiltinModule(name));
  return builtins.get(name);
}

export function simPerformance(thread: SimThread): object {
  const own = {
    now: () => thread.clock.nowMs(),
    timeOrigin: thread.clock.wallMs() - thread.clock.nowMs(),
    eventLoopUtilization: () => thread.utilization,
  };
  return Object.setPrototypeOf(own, performance) as object;
}

function simDate(thread: SimThread): unknown {
  return class extends Date {
    constructor(...values: [] | [number | string | Date]) {
      if (values.length === 0) super(thread.clock.wallMs());
      else super(...values);
    }

    static override now(): number {
      return Math.floor(thread.clock.wallMs());
    }
  };
}

function simMath(thread: SimThread): object {
  const draws = new Draws(thread.world.seed, `chance of ${thread.name} ${thread.index}`);
  const own = Object.create(null, Object.getOwnPropertyDescriptors(Math)) as Math;
  own.random = draws.random;
  return own;
}

function nameOf(callback: Callback, otherwise: string): string {
  return callback.name === '' || callback.name === 'value' ? otherwise : callback.name.replace('#', '');
}
