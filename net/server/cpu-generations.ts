// CpuGenerations (main thread): what CPU threads are made of: a piscina for each pool, made with its first thread, and the
// data that each thread is born with.

import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import type { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { PoolSettings, Settings } from '../../runtime/settings.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';
import { type CpuGeneration, cpuGeneration } from '../../scheduler/cpu-spawner.ts';
import type { Spawner } from '../../scheduler/pool-thread.ts';
import type { CpuHostData } from '../thread/cpu-host.ts';
import type { LogSides } from './log-sides.ts';
import type { ServerStrategies } from './server-strategies.ts';

export interface CpuGenerationsOptions {
  settings: Settings;
  plugins: ProcessPlugins;
  strategies: ServerStrategies;
  logSides: LogSides;
  clock: Clock;
  log: Logger;
}

export class CpuGenerations {
  readonly #options: CpuGenerationsOptions;
  readonly #made: CpuGeneration[] = [];

  constructor(options: CpuGenerationsOptions) {
    this.#options = options;
  }

  /** A server that is never started has no threads. */
  spawner(pool: PoolSettings): Spawner {
    let generation: CpuGeneration | undefined;
    return (init, control) => {
      generation ??= this.#make(pool);
      return generation.spawn(init, control);
    };
  }

  /** After all threads have stopped. */
  async close(): Promise<void> {
    await Promise.all(this.#made.map((generation) => generation.close()));
  }

  #make(pool: PoolSettings): CpuGeneration {
    const { clock, log } = this.#options;
    const generation = cpuGeneration(
      pool,
      moduleUrl('../thread/cpu-host', import.meta.url).href,
      (init) => ({ data: this.#hostData(pool.name, init), transfer: [] }),
      log,
      clock,
    );
    this.#made.push(generation);
    return generation;
  }

  #hostData(pool: string, init: ThreadInit): CpuHostData {
    const { settings, plugins, strategies, logSides } = this.#options;
    const { services, jobs, clients, filters, io } = settings;
    return {
      services: services.filter((service) => service.pool === pool),
      jobs: jobs.filter((job) => job.pool === pool),
      clients,
      filters,
      ioThreads: io.threads,
      log: logSides.attach(init).side,
      plugins: plugins.of('cpu'),
      strategies: strategies.born(init.number, pool),
    };
  }
}
