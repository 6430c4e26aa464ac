// CpuGenerations (main thread): what generations of CPU pools are made of: a piscina for each, made with its first thread,
// and the data that each of its threads is born with.

import { availableParallelism } from 'node:os';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import type { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { PoolSettings, Settings } from '../../runtime/settings.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';
import { type CpuGeneration, cpuGeneration } from '../../scheduler/cpu-spawner.ts';
import type { GenerationPlan } from '../../scheduler/pool-options.ts';
import type { CpuHostData } from '../thread/cpu-host.ts';
import type { LogSides } from './log-sides.ts';
import type { ServerStrategies } from './server-strategies.ts';

/** How long an idle thread polls before it parks, where threads do not outnumber cores, ms. */
const spinMs = 0.05;

/** For threads that are born with these settings. */
export function spinMsOf({ io, pools }: Settings): number {
  const threads = io.threads + pools.reduce((sum, pool) => sum + pool.threads, 0);
  return threads < availableParallelism() ? spinMs : 0;
}

export interface CpuGenerationsOptions {
  plugins: ProcessPlugins;
  strategies: ServerStrategies;
  logSides: LogSides;
  clock: Clock;
  log: Logger;
}

export class CpuGenerations {
  readonly #options: CpuGenerationsOptions;
  readonly #living = new Set<CpuGeneration>();

  constructor(options: CpuGenerationsOptions) {
    this.#options = options;
  }

  /**
   * Generation `number` of a pool, born with these settings, which takes from `queue`. One of a server that is never
   * started has no threads.
   */
  plan(pool: PoolSettings, settings: Settings, number: number, queue: string): GenerationPlan {
    let made: CpuGeneration | undefined;
    const { name, threads } = pool;
    return {
      threads,
      takes: () => [queue],
      spinMs: spinMsOf(settings),
      threadName: (place) => `${name}-${place + 1}${number === 1 ? '' : `.g${number}`}`,
      spawn: (init, control) => {
        made ??= this.#make(pool, settings);
        return made.spawn(init, control);
      },
      close: async () => {
        if (made !== undefined) await this.#close(made);
      },
    };
  }

  /** After all threads have stopped. */
  async close(): Promise<void> {
    await Promise.all([...this.#living].map((generation) => this.#close(generation)));
  }

  async #close(generation: CpuGeneration): Promise<void> {
    await generation.close();
    this.#living.delete(generation);
  }

  #make(pool: PoolSettings, settings: Settings): CpuGeneration {
    const { clock, log } = this.#options;
    const generation = cpuGeneration(
      pool,
      moduleUrl('../thread/cpu-host', import.meta.url).href,
      (init) => ({ data: this.#hostData(pool.name, settings, init), transfer: [] }),
      log,
      clock,
    );
    this.#living.add(generation);
    return generation;
  }

  #hostData(pool: string, settings: Settings, init: ThreadInit): CpuHostData {
    const { plugins, strategies, logSides } = this.#options;
    const { services, jobs, clients, filters, io } = settings;
    return {
      services: services.filter((service) => service.pool === pool),
      jobs: jobs.filter((job) => job.pool === pool),
      clients,
      filters,
      ioThreads: io.threads,
      log: logSides.attach(init).side,
      plugins: plugins.of('cpu'),
      strategies: strategies.born(init.number, pool, settings),
    };
  }
}
