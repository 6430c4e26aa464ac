// LogSides (main thread): the log's ring of each thread, from its birth to its exit.

import type { LogHub } from '../../runtime/log/hub.ts';
import type { LogWorkerSide } from '../../runtime/log/thread-logger.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';

export class LogSides {
  readonly #hub: LogHub;
  readonly #detach = new Map<number, () => void>();

  constructor(hub: LogHub) {
    this.#hub = hub;
  }

  /** For a thread that is being made. */
  attach(init: ThreadInit): { side: LogWorkerSide; detach: () => void } {
    const { workerSide, detach } = this.#hub.attach(init.name);
    this.#detach.set(init.number, detach);
    return { side: workerSide, detach: () => this.detach(init.number) };
  }

  /** The thread has exited. */
  detach(number: number): void {
    this.#detach.get(number)?.();
    this.#detach.delete(number);
  }
}
