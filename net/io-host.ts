// IoHost: what protocols share on one IO thread, beside its ThreadIo: the dispatcher and the thread's memory budget.

import type { Clock, Random } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ThreadEndpoint } from '../runtime/thread-endpoint.ts';
import type { Dispatcher, ProtocolHost } from './protocol/protocol.ts';
import { ThreadIo } from './thread-io.ts';

export class IoHost extends ThreadIo implements ProtocolHost {
  readonly dispatcher: Dispatcher;
  readonly #memoryBytes: number;
  #bookedBytes = 0;
  #waiting: { resumeReading(): void }[] = [];

  constructor(
    endpoint: ThreadEndpoint,
    dispatcher: Dispatcher,
    memoryBytes: number,
    clock: Clock,
    random: Random,
    log: Logger,
  ) {
    super(endpoint, clock, random, log);
    this.dispatcher = dispatcher;
    this.#memoryBytes = memoryBytes;
  }

  bookBytes(bytes: number): boolean {
    this.#bookedBytes += bytes;
    const within = this.#bookedBytes <= this.#memoryBytes;
    if (within && bytes < 0 && this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const connection of waiting) connection.resumeReading();
    }
    return within;
  }

  whenRoom(connection: { resumeReading(): void }): void {
    this.#waiting.push(connection);
  }
}
