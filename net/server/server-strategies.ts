// ServerStrategies: the strategies of a process, between its threads and dag's part on main, which the settings name by
// URL. A process without strategies loads nothing for them.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import type {
  StagedStrategies,
  StrategyProcess,
  StrategyProcessModule,
  StrategyQuestion,
} from '../../runtime/strategies.ts';
import type { ToMain, ToThread } from '../../runtime/thread-control.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { BornStrategies } from '../thread/thread-host.ts';

export class ServerStrategies {
  readonly #settings: Settings;
  readonly #pools: () => readonly ThreadPool[];
  readonly #clock: Clock;
  readonly #log: Logger;
  #process: StrategyProcess | undefined;
  /** Threads that are born with these settings begin with the strategies that are staged. */
  #stagedFor: Settings | undefined;

  constructor(settings: Settings, pools: () => readonly ThreadPool[], clock: Clock, log: Logger) {
    this.#settings = settings;
    this.#pools = pools;
    this.#clock = clock;
    this.#log = log;
  }

  /** Before all threads, which are born with them; after all threads. */
  part(): Part {
    return {
      name: 'strategies',
      start: () => this.#start(),
      drain: async () => {},
      stop: async () => this.#process?.close(),
    };
  }

  /**
   * For a thread of `pool` that is being born with these settings. Threads that serve nothing have no handlers to run
   * strategies from.
   */
  born(number: number, pool: string, settings: Settings = this.#settings): BornStrategies | undefined {
    const { services, jobs } = settings;
    if (this.#process === undefined) return undefined;
    if (![...services, ...jobs].some((one) => one.pool === pool)) return undefined;
    return {
      threadUrl: this.#settings.strategies.threadUrl,
      birth: this.#process.birth(number, settings === this.#stagedFor),
    };
  }

  get areThere(): boolean {
    return this.#process !== undefined;
  }

  /**
   * Reads them again; undefined: nothing has changed. Threads that are born with these very settings begin with what was read,
   * until `end`. Throws FAILED_PRECONDITION with all mistakes.
   */
  async stage(settings: Settings): Promise<StagedSet | undefined> {
    const staged = await this.#process?.stage();
    if (staged === undefined) return undefined;
    this.#stagedFor = settings;
    return new StagedSet(
      staged,
      (number) => this.#pools().find((pool) => pool.thread(number) !== undefined)?.name,
      () => {
        this.#stagedFor = undefined;
      },
    );
  }

  onGoing(number: number): void {
    this.#process?.onGoing(number);
  }

  onGone(number: number): void {
    this.#process?.onGone(number);
  }

  onMessage(number: number, message: ToMain): void {
    if (message.type === 'strategies') this.#process?.onMessage(number, message.message);
  }

  /** Throws FAILED_PRECONDITION when the process has none. */
  ask(question: StrategyQuestion): Promise<unknown> {
    if (this.#process !== undefined) return this.#process.ask(question);
    throw new HeddleError(
      'FAILED_PRECONDITION',
      'this process has no strategies; list their files in heddle.yaml, strategies: [ "./strategies/*.yaml" ]',
      { retry: 'no' },
    );
  }

  async #start(): Promise<void> {
    const { strategies, pools } = this.#settings;
    if (strategies.sources.length === 0) return;
    const module = (await import(strategies.processUrl)) as StrategyProcessModule;
    this.#process = await module.openStrategies(strategies, {
      pools: pools.map(({ name }) => name),
      clock: this.#clock,
      log: this.#log,
      tell: (thread, message) => this.#tell(thread, message),
    });
  }

  #tell(number: number, message: unknown): boolean {
    for (const pool of this.#pools()) {
      for (const thread of pool.threads) {
        if (thread.number !== number || thread.state === 'dead') continue;
        thread.control.postMessage({ type: 'strategies', message } satisfies ToThread);
        return true;
      }
    }
    return false;
  }
}

/** Strategies that were read for a reload. */
export class StagedSet {
  readonly #staged: StagedStrategies;
  readonly #poolOf: (thread: number) => string | undefined;
  #onEnd: (() => void) | undefined;

  constructor(staged: StagedStrategies, poolOf: (thread: number) => string | undefined, onEnd: () => void) {
    this.#staged = staged;
    this.#poolOf = poolOf;
    this.#onEnd = onEnd;
  }

  /** Why only threads that are born with it can run it; undefined: any thread can. */
  get needsRoll(): string | undefined {
    return this.#staged.needsRoll;
  }

  /** Threads of these pools were born with it; those of other pools are offered it. Returns its version. */
  commit(rolled: ReadonlySet<string>): number {
    const { version } = this.#staged.commit((thread) => !rolled.has(this.#poolOf(thread) ?? ''));
    this.#ended();
    return version;
  }

  /** To all threads as they are, or to none. Resolves with its version. */
  async publish(): Promise<number> {
    const published = this.#staged.publish();
    this.#ended();
    return (await published).version;
  }

  /** It is not taken, if it has not been. */
  end(): void {
    if (this.#onEnd === undefined) return;
    this.#ended();
    this.#staged.drop();
  }

  #ended(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
