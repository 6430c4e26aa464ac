// Quarantine (main thread): requests that end their threads. A request is known by its method and the hash of its body;
// after `kills` deaths of threads of a generation by one and the same within `forMs`, its like is refused for that long on
// all threads of that generation, before it is decoded. Other generations of the pool run other code, which has to fail by
// itself: a canary's deaths take nothing from the callers of the code in use. An operator can lift it before.

import { EventEmitter } from 'eventemitter3';
import { hashText } from '../runtime/body-hash.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { QuarantineSettings } from '../runtime/settings.ts';
import type { QuarantinedBody } from '../runtime/thread-control.ts';
import type { Death } from './death.ts';

/** Where a request is refused. */
export interface RefusingGeneration {
  pool: string;
  generation: number;
}

/** Killers remembered; over it those whose last kill is longest ago are forgotten. */
const killersMax = 1_000;

/** A request that has ended threads, whether it is refused or not yet. */
export interface Killer extends QuarantinedBody, RefusingGeneration {
  /** `movies.Search/search`. */
  name: string;
  /** Of the body, as 8 hexadecimal digits. */
  fingerprint: string;
  lastKillMs: number;
}

export interface QuarantineEvents {
  /** The list of what is refused has changed. */
  change: (refused: Killer[]) => void;
}

export class Quarantine extends EventEmitter<QuarantineEvents> {
  #settings: QuarantineSettings;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #nameOf: (method: number, body: number) => string;
  /** The one whose last kill is longest ago first. */
  readonly #killers = new Map<string, Killer>();
  #timer: unknown;
  #isClosed = false;

  /** `nameOf`: of a method of the process's table, with a body of this hash. */
  constructor(
    settings: QuarantineSettings,
    clock: Clock,
    log: Logger,
    nameOf: (method: number, body: number) => string,
  ) {
    super();
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#nameOf = nameOf;
  }

  /** From the next death on; what is refused already stays so for its time. */
  change(settings: QuarantineSettings): void {
    this.#settings = settings;
  }

  /** What is refused now. */
  get refused(): Killer[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#killers.values()].filter(({ untilMs }) => untilMs > nowMs);
  }

  /** A thread has died; of one that was not ended by a request nothing is remembered. */
  onDeath({ killer, pool, generation, thread, cause }: Death): void {
    if (killer === undefined) return;
    const { kills: limit, forMs } = this.#settings;
    const nowMs = this.#clock.nowMs();
    const { method, body } = killer;
    const fingerprint = hashText(body);
    const key = `${generation} ${method} ${fingerprint} ${pool}`;
    const before = this.#killers.get(key);
    const isRecent = before !== undefined && nowMs - before.lastKillMs < forMs;
    const kills = isRecent ? before.kills + 1 : 1;
    const name = this.#nameOf(method, body);
    const untilMs = limit > 0 && kills >= limit ? nowMs + forMs : 0;
    this.#killers.delete(key);
    this.#killers.set(key, { pool, generation, method, body, name, fingerprint, kills, lastKillMs: nowMs, untilMs });
    if (this.#killers.size > killersMax) this.#killers.delete(this.#killers.keys().next().value!);
    const fields = { method: name, fingerprint, thread, generation, cause, kills };
    if (untilMs === 0) {
      this.#log.warn(fields, 'a request has ended its thread');
      return;
    }
    this.#log.error({ ...fields, forMs }, 'requests of this method with this body end their threads: they are refused');
    this.#changed();
  }

  /** Lifts one, or all; true when there was one. Their kills are forgotten too. */
  lift(fingerprint?: string): boolean {
    let lifted = false;
    for (const [key, one] of this.#killers) {
      if (fingerprint !== undefined && one.fingerprint !== fingerprint) continue;
      if (one.untilMs > this.#clock.nowMs()) lifted = true;
      this.#killers.delete(key);
    }
    if (lifted) {
      this.#log.warn({ fingerprint: fingerprint ?? 'all' }, 'the quarantine was lifted');
      this.#changed();
    }
    return lifted;
  }

  /** A generation has ended, and what its code died of with it. */
  forget({ pool, generation }: RefusingGeneration): void {
    let forgotten = false;
    for (const [key, one] of this.#killers) {
      if (one.pool === pool && one.generation === generation) forgotten = this.#killers.delete(key);
    }
    if (forgotten) this.#changed();
  }

  /** For good. */
  close(): void {
    this.#isClosed = true;
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #changed(): void {
    this.#clearTimer();
    const { refused } = this;
    this.emit('change', refused);
    if (refused.length === 0 || this.#isClosed) return;
    const nextMs = Math.min(...refused.map(({ untilMs }) => untilMs)) - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(Math.max(1, nextMs), () => {
      this.#timer = undefined;
      this.#log.info({ refused: this.refused.length }, 'a quarantine is over');
      this.#changed();
    });
  }
}
