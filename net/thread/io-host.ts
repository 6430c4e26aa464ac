// IoHost: what protocols share on one IO thread, beside its ThreadIo: the dispatcher and the thread's memory budget.

import type { CallReply } from '../../runtime/call.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { CompressorNames } from '../../runtime/plugins/compressor.ts';
import type { Dispatcher, ProtocolHost } from '../../runtime/plugins/protocol.ts';
import { connectionFull } from '../../runtime/shared/asker-refusals.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { IoDispatcher } from './dispatcher.ts';
import { ThreadIo } from './thread-io.ts';

export class IoHost extends ThreadIo implements ProtocolHost {
  readonly dispatcher: Dispatcher;
  /** Set once the plugins are installed. */
  compressors: readonly CompressorNames[] = [];
  #memoryBytes: number;
  readonly #endpoint: ThreadEndpoint;
  readonly #routes: Pick<IoDispatcher, 'countRefused'>;
  #bookedBytes = 0;
  readonly #waiting: { resumeReading(): void }[] = [];
  /**
   * The one connection that reads on over the budget: if all waited, half-read requests would hold the memory that each
   * needs to end. The next follows when anything is given back, at the latest by this one's read timeout.
   */
  #beyond: { resumeReading(): void } | undefined;

  constructor(
    endpoint: ThreadEndpoint,
    dispatcher: IoDispatcher,
    memoryBytes: number,
    clock: Clock,
    random: Random,
    log: Logger,
  ) {
    super(endpoint, clock, random, log);
    this.#endpoint = endpoint;
    this.dispatcher = dispatcher;
    this.#routes = dispatcher;
    this.#memoryBytes = memoryBytes;
  }

  /** Another budget from now on. */
  setMemory(bytes: number): void {
    this.#memoryBytes = bytes;
    if (this.#bookedBytes <= bytes) this.#onGivenBack(true);
  }

  bookBytes(bytes: number): boolean {
    this.#bookedBytes += bytes;
    const within = this.#bookedBytes <= this.#memoryBytes;
    if (bytes < 0) this.#onGivenBack(within);
    return within;
  }

  whenRoom(connection: { resumeReading(): void }): void {
    if (this.#beyond === undefined || this.#beyond === connection) {
      this.#beyond = connection;
      connection.resumeReading();
    } else {
      this.#waiting.push(connection);
    }
  }

  overShare(inFlight: number, service: string, method: string): Readonly<CallReply> | undefined {
    const { bounds } = this.#endpoint.asker;
    if (!bounds.overConnection(inFlight)) return undefined;
    this.count('connection-over');
    const answer = connectionFull('', bounds.maxPerConnection);
    this.#routes.countRefused(service, method, answer);
    return answer;
  }

  /** The same for one listener, behind which not all services lie. */
  behind(dispatcher: Dispatcher): ProtocolHost {
    return {
      dispatcher,
      compressors: this.compressors,
      clock: this.clock,
      timers: this.timers,
      log: this.log,
      readBuffer: this.readBuffer,
      scheduleFlush: (connection) => this.scheduleFlush(connection),
      bookBytes: (bytes) => this.bookBytes(bytes),
      whenRoom: (connection) => this.whenRoom(connection),
      overShare: (inFlight, service, method) => this.overShare(inFlight, service, method),
      count: (event) => this.count(event),
    };
  }

  #onGivenBack(within: boolean): void {
    if (within) {
      this.#beyond = undefined;
      if (this.#waiting.length === 0) return;
      for (const connection of this.#waiting.splice(0)) connection.resumeReading();
    } else {
      this.#beyond = this.#waiting.shift();
      this.#beyond?.resumeReading();
    }
  }
}
