// ServerStrategies: the strategies of a process, between its threads and dag's part on main, which the settings name by
// URL. A process without strategies loads nothing for them.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { StrategyProcess, StrategyProcessModule, StrategyQuestion } from '../../runtime/strategies.ts';
import type { ToMain, ToThread } from '../../runtime/thread-control.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { BornStrategies } from '../thread/thread-host.ts';

export class ServerStrategies {
  readonly #settings: Settings;
  readonly #pools: () => readonly ThreadPool[];
  readonly #clock: Clock;
  readonly #log: Logger;
  #process: StrategyProcess | undefined;

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

  /** For a thread of `pool` that is being born. Threads that serve nothing have no handlers to run strategies from. */
  born(number: number, pool: string): BornStrategies | undefined {
    if (this.#process === undefined) return undefined;
    const { services, jobs } = this.#settings;
    if (![...services, ...jobs].some((one) => one.pool === pool)) return undefined;
    return { threadUrl: this.#settings.strategies.threadUrl, birth: this.#process.birth(number) };
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
