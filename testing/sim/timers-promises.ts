// node:timers/promises of one simulated thread, over its own timers.

import type { Namespace } from './module-factory.ts';
import type { SimThread } from './thread.ts';

interface WaitOptions {
  signal?: AbortSignal;
}

export function timersPromises(thread: SimThread): Namespace {
  const wait = <Value>(delayMs = 1, value?: Value, { signal }: WaitOptions = {}): Promise<Value | undefined> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(aborted(signal));
        return;
      }
      const timer = thread.setTimer(
        Math.max(1, delayMs),
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(value);
        },
        'timeout',
      );
      const onAbort = (): void => {
        timer.wanted = false;
        reject(aborted(signal!));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  const turn = <Value>(value?: Value): Promise<Value | undefined> =>
    new Promise((resolve) => thread.post('immediates', 'turn', () => resolve(value)));
  async function* ticks<Value>(delayMs = 1, value?: Value, options: WaitOptions = {}) {
    for (;;) yield await wait(delayMs, value, options);
  }
  const scheduler = {
    wait: (delayMs: number, options?: WaitOptions) => wait(delayMs, undefined, options),
    yield: () => turn(),
  };
  const own = { setTimeout: wait, setImmediate: turn, setInterval: ticks, scheduler };
  return { ...own, default: own };
}

/** As Node's. */
function aborted(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
