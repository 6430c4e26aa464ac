// node:timers/promises of one simulated thread, over its own timers.

import type { SimThread } from './thread.ts';

interface WaitOptions {
  signal?: AbortSignal;
}

/** All waits end one way: with a value, or by the signal. */
type Wait = <Value>(delayMs?: number, value?: Value, options?: WaitOptions) => Promise<Value | undefined>;
type Turn = <Value>(value?: Value, options?: WaitOptions) => Promise<Value | undefined>;

export interface TimersPromises {
  setTimeout: Wait;
  setImmediate: Turn;
  setInterval: <Value>(delayMs?: number, value?: Value, options?: WaitOptions) => AsyncGenerator<Value | undefined>;
  scheduler: { wait(delayMs: number, options?: WaitOptions): Promise<void>; yield(): Promise<void> };
}

export function timersPromises(thread: SimThread): TimersPromises {
  const wait: Wait = (delayMs, value, options) =>
    new Promise((resolve, reject) => {
      // As Node: what is no delay is 1 ms.
      const ms = delayMs !== undefined && delayMs >= 1 ? delayMs : 1;
      const timer = thread.setTimer(ms, () => stop.end(() => resolve(value)), 'timeout');
      const stop = stopBy(options?.signal, reject, () => {
        timer.wanted = false;
      });
    });
  const turn: Turn = (value, options) =>
    new Promise((resolve, reject) => {
      const stop = stopBy(options?.signal, reject, () => {});
      thread.post('immediates', 'turn', () => stop.end(() => resolve(value)));
    });
  async function* ticks<Value>(delayMs?: number, value?: Value, options?: WaitOptions) {
    for (;;) yield await wait(delayMs, value, options);
  }
  const scheduler = {
    wait: async (delayMs: number, options?: WaitOptions) => void (await wait(delayMs, undefined, options)),
    yield: async () => void (await turn()),
  };
  return { setTimeout: wait, setImmediate: turn, setInterval: ticks, scheduler };
}

interface Stop {
  /** The wait is over, unless the signal was first. */
  end(over: () => void): void;
}

function stopBy(signal: AbortSignal | undefined, reject: (reason: Error) => void, stopped: () => void): Stop {
  if (signal === undefined) return { end: (over) => over() };
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    stopped();
    reject(aborted(signal));
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return {
    end(over) {
      signal.removeEventListener('abort', stop);
      if (!isStopped) over();
    },
  };
}

/** As Node's. */
function aborted(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
