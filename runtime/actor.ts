// Actor: the hub of a process (raster's word; not a mailbox). It owns parts and takes them through their lives in
// numbered phases: up in order when it starts, down in reverse when it stops. It knows nothing of requests.
//
//   idle      nothing runs. Left by start.
//   starting  parts start, one after another. A part that fails stops those that had started; then `stopped`.
//   running   left by stop.
//   draining  parts finish what they have, in reverse order; bounded by the stop timeout.
//   stopped   for good.

import { EventEmitter } from 'eventemitter3';
import type { Clock } from './clock.ts';
import { HeddleError } from './errors.ts';
import type { Logger } from './logger.ts';

/** What an Actor owns. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Takes nothing new and finishes what it has. May be cut short by `stop`. */
  drain(): Promise<void>;
  /** Ends at once; also after a drain. Must not throw. */
  stop(): Promise<void>;
}

export type ActorState = 'idle' | 'starting' | 'running' | 'draining' | 'stopped';

export interface ActorEvents {
  state: (state: ActorState) => void;
}

export interface ActorOptions {
  /** In the order in which they start. */
  parts: readonly Part[];
  /** How long all drains together may take, ms; asked when a stop begins. */
  stopTimeoutMs: () => number;
  clock: Clock;
  log: Logger;
}

export class Actor extends EventEmitter<ActorEvents> {
  readonly #options: ActorOptions;
  #state: ActorState = 'idle';
  #stopping: Promise<boolean> | undefined;

  constructor(options: ActorOptions) {
    super();
    this.#options = options;
  }

  get state(): ActorState {
    return this.#state;
  }

  /** Starts the parts in order. Throws the first failure, when everything that had started has stopped again. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') {
      throw new HeddleError('FAILED_PRECONDITION', `an actor starts once; this one is ${this.#state}`);
    }
    this.#enter('starting');
    const started: Part[] = [];
    try {
      for (const part of this.#options.parts) {
        started.push(part);
        await part.start();
        if (this.#stopping !== undefined) break;
      }
    } catch (reason) {
      if (this.#stopping === undefined) {
        for (const part of started.reverse()) await part.stop();
        this.#enter('stopped');
        throw reason;
      }
    }
    // A stop that came meanwhile stops everything itself, and is why a part failed, if one did.
    if (this.#stopping !== undefined) throw new HeddleError('CANCELLED', 'stopped while it started');
    this.#enter('running');
  }

  /** Drains and stops the parts in reverse order. True when everything was finished in time. Idempotent. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<boolean> {
    const { parts, clock, log } = this.#options;
    const stopTimeoutMs = this.#options.stopTimeoutMs();
    if (this.#state === 'idle' || this.#state === 'stopped') {
      this.#enter('stopped');
      return true;
    }
    this.#enter('draining');
    const down = [...parts].reverse();
    let late = false;
    const tooLate = Promise.withResolvers<void>();
    const timer = clock.setTimer(stopTimeoutMs, () => {
      late = true;
      tooLate.resolve();
    });
    for (const part of down) {
      await Promise.race([part.drain(), tooLate.promise]);
      if (late) {
        log.warn({ part: part.name, stopTimeoutMs }, 'not everything was finished within stop.timeout; ending it now');
        break;
      }
    }
    clock.clearTimer(timer);
    for (const part of down) await part.stop();
    this.#enter('stopped');
    return !late;
  }

  #enter(state: ActorState): void {
    this.#state = state;
    this.emit('state', state);
  }
}
