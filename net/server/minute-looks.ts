// MinuteLooks (main thread): once a minute it reads what the threads count of each method, for two who want to know what has
// become of the last minutes: the RefusalLog, and canaries, which hold the code in use against what it did before them. A part
// of the Server.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { codeNumber } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { doorRefusals } from '../../runtime/shared/canary-counts.ts';
import type { MethodCounts } from '../../runtime/shared/method-counters.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import { RefusalLog } from './refusal-log.ts';

/** Between two looks, ms. */
const lookMs = 60_000;
/** Looks that are kept: what is recent began so many minutes ago, or up to one less. */
const looksKept = 5;

const cancelled = codeNumber('CANCELLED');

/** What came of the calls of a method, without those that were cancelled, or refused at the door. */
export interface Outcome {
  answers: number;
  errors: number;
}

export interface MinuteLooksOptions {
  table: { readonly methods: readonly Pick<MethodRow, 'service' | 'index' | 'column'>[] };
  supervisor: Pick<Supervisor, 'methodCounts'> & { loads: Pick<Supervisor['loads'], 'limit'> };
  clock: Clock;
  /** Of refusals. */
  log: Logger;
}

export class MinuteLooks implements Part {
  readonly name = 'minute looks';
  readonly #options: MinuteLooksOptions;
  readonly #refusals: RefusalLog;
  /** By method index, the oldest first. Before the first, nothing was called. */
  readonly #outcomes: ReadonlyMap<number, Outcome>[] = [];
  #lookedMs = 0;
  #timer: unknown;

  constructor(options: MinuteLooksOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.supervisor.loads, options.log);
  }

  async start(): Promise<void> {
    this.#lookedMs = this.#options.clock.nowMs();
    this.#lookLater();
  }

  async drain(): Promise<void> {}

  /** The last minute is looked at as far as it went. */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#look();
  }

  /** Of the last four to five minutes, or since the process began. */
  recent(method: number): Outcome {
    const now = outcomeOf(this.#options.supervisor.methodCounts(method));
    const isYoung = this.#outcomes.length < looksKept;
    const before = isYoung ? undefined : this.#outcomes[0]!.get(method);
    return { answers: now.answers - (before?.answers ?? 0), errors: now.errors - (before?.errors ?? 0) };
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.setTimer(lookMs, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { clock, supervisor, table } = this.#options;
    const nowMs = clock.nowMs();
    const counts = new Map(table.methods.map(({ index }) => [index, supervisor.methodCounts(index)]));
    this.#refusals.look(table.methods, counts, Math.round((nowMs - this.#lookedMs) / 1000));
    this.#outcomes.push(new Map(Array.from(counts, ([index, one]) => [index, outcomeOf(one)])));
    if (this.#outcomes.length > looksKept) this.#outcomes.shift();
    this.#lookedMs = nowMs;
  }
}

function outcomeOf({ codes, refused }: MethodCounts): Outcome {
  // Their codes count them too.
  const atDoor = doorRefusals(refused);
  let [answers, errors] = [-atDoor, -atDoor];
  for (const counts of [codes.socket, codes.fiber]) {
    for (const [code, count] of counts.entries()) {
      if (code === cancelled) continue;
      answers += count;
      if (code !== 0) errors += count;
    }
  }
  return { answers: Math.max(0, answers), errors: Math.max(0, errors) };
}
