// Timers and immediates of one simulated thread, as its globals and node:timers have them: in virtual time, in the order that
// the seed draws.

import { AsyncLocalStorage } from 'node:async_hooks';
import { promisify } from 'node:util';
import type { DueEntry } from './due-list.ts';
import type { SimThread } from './thread.ts';
import { timersPromises } from './timers-promises.ts';

type Callback = (...values: unknown[]) => void;

export interface SimTimers {
  setTimeout: (callback: Callback, delayMs?: number, ...values: unknown[]) => unknown;
  setInterval: (callback: Callback, delayMs?: number, ...values: unknown[]) => unknown;
  setImmediate: (callback: Callback, ...values: unknown[]) => unknown;
  clearTimeout: (timer: unknown) => void;
  clearInterval: (timer: unknown) => void;
  clearImmediate: (immediate: unknown) => void;
}

export function simTimers(thread: SimThread): SimTimers {
  const timers: Timers = { thread, byNumber: new Map(), last: 0 };
  const { setTimeout: sleep, setImmediate: turn } = timersPromises(thread);
  const start = (callback: Callback, delayMs: number | undefined, values: unknown[], repeats: boolean): SimTimer => {
    mustBeFunction(callback);
    return new SimTimer(timers, () => callback(...values), delayMs, repeats);
  };
  const clear = (timer: unknown): void => {
    if (timer instanceof SimTimer) timer.close();
    else if (typeof timer === 'number' || typeof timer === 'string') timers.byNumber.get(Number(timer))?.close();
  };
  const setTimeout = (callback: Callback, delayMs?: number, ...values: unknown[]) =>
    start(callback, delayMs, values, false);
  const setInterval = (callback: Callback, delayMs?: number, ...values: unknown[]) =>
    start(callback, delayMs, values, true);
  const setImmediate = (callback: Callback, ...values: unknown[]) => {
    mustBeFunction(callback);
    return new SimImmediate(thread, nameOf(callback), () => callback(...values));
  };
  const clearImmediate = (immediate: unknown): void => {
    if (immediate instanceof SimImmediate) immediate.close();
  };
  return {
    setTimeout: Object.assign(setTimeout, { [promisify.custom]: sleep }),
    setInterval,
    setImmediate: Object.assign(setImmediate, { [promisify.custom]: turn }),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate,
  };
}

/** All timers of a thread. */
interface Timers {
  thread: SimThread;
  /** Those that somebody took the number of, while they wait. */
  byNumber: Map<number, SimTimer>;
  last: number;
}

const delayMsMax = 2 ** 31 - 1;

/** What Timeout and Immediate have in common. Nothing real waits for them: whether they have a ref is only told. */
abstract class Handle {
  #hasRef = true;

  abstract close(): unknown;

  ref(): this {
    this.#hasRef = true;
    return this;
  }

  unref(): this {
    this.#hasRef = false;
    return this;
  }

  hasRef(): boolean {
    return this.#hasRef;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** As Timeout. */
class SimTimer extends Handle {
  readonly #timers: Timers;
  readonly #run: () => void;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  #entry: DueEntry;
  #number: number | undefined;

  constructor(timers: Timers, callback: () => void, delayMs: unknown, repeats: boolean) {
    super();
    this.#timers = timers;
    this.#run = AsyncLocalStorage.bind(callback);
    const number = Number(delayMs);
    // As Node: what is no delay is 1 ms.
    this.#delayMs = number >= 1 && number <= delayMsMax ? Math.floor(number) : 1;
    this.#repeats = repeats;
    this.#entry = this.#arm();
  }

  close(): this {
    this.#entry.wanted = false;
    this.#forget();
    return this;
  }

  refresh(): this {
    this.#entry.wanted = false;
    this.#entry = this.#arm();
    return this;
  }

  /** A number that clearTimeout takes, too. */
  [Symbol.toPrimitive](): number {
    this.#number ??= ++this.#timers.last;
    if (this.#entry.wanted) this.#timers.byNumber.set(this.#number, this);
    return this.#number;
  }

  #forget(): void {
    if (this.#number !== undefined) this.#timers.byNumber.delete(this.#number);
  }

  #arm(): DueEntry {
    return this.#timers.thread.setTimer(
      this.#delayMs,
      () => {
        if (this.#repeats) this.#entry = this.#arm();
        else this.#forget();
        this.#run();
      },
      'timeout',
    );
  }
}

/** As Immediate. */
class SimImmediate extends Handle {
  #isWanted = true;

  constructor(thread: SimThread, label: string, callback: () => void) {
    super();
    const run = AsyncLocalStorage.bind(callback);
    thread.post('immediates', label, () => {
      if (this.#isWanted) run();
    });
  }

  close(): void {
    this.#isWanted = false;
  }
}

function mustBeFunction(callback: unknown): void {
  if (typeof callback === 'function') return;
  const error = new TypeError(`The "callback" argument must be of type function. Received ${typeof callback}`);
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

function nameOf({ name }: Callback): string {
  return name === '' || name === 'value' ? 'turn' : name.replace('#', '');
}
