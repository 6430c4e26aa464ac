// StrayExceptions (log thread): what plugins there throw and nobody catches. Logged at a limited rate, all of them counted.

import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { complainEveryMs } from './drain.ts';

export class StrayExceptions {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** Not yet told of; of several the last one is shown. */
  #untold: { times: number; reason: unknown } = { times: 0, reason: undefined };
  #tellAtMs = 0;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  take(reason: unknown): void {
    this.#untold = { times: this.#untold.times + 1, reason };
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#tellAtMs) return;
    this.#tellAtMs = nowMs + complainEveryMs;
    this.tellRest();
  }

  /** Those that the rate has held back. */
  tellRest(): void {
    const { times, reason } = this.#untold;
    if (times === 0) return;
    this.#untold = { times: 0, reason: undefined };
    this.#log.error({ err: reason, times }, 'an exception on the log thread that no plugin has caught');
  }
}
