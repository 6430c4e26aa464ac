// Guards (main thread): all that looks after the threads of a process while it runs: the watchdog, the soft limit of
// memory, the quarantine of requests that end their threads.

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { QuarantineSettings, StallSettings } from '../runtime/settings.ts';
import type { CounterTable, PoolCounter } from '../runtime/shared/counters.ts';
import type { Death } from './death.ts';
import { MemoryGuard } from './memory-guard.ts';
import { type Killer, Quarantine } from './quarantine.ts';
import type { Supervisor } from './supervisor.ts';
import type { ThreadGeneration } from './thread-generation.ts';
import type { ThreadPool } from './thread-pool.ts';
import { Watchdog } from './watchdog.ts';

export interface GuardedThreads {
  pool: ThreadPool;
  stalls: StallSettings;
  /** Undefined: no limit but V8's. */
  memoryBytes?: number | undefined;
}

export interface GuardsOptions {
  /** In the order of the rows of `counts`. */
  pools: readonly GuardedThreads[];
  counts: CounterTable<PoolCounter>;
  supervisor: Supervisor;
  quarantine: QuarantineSettings;
  /** Of a method of the process's table, with a body of this hash. */
  nameOf: (method: number, body: number) => string;
  clock: Clock;
  log: Logger;
}

/** What may change while the process runs: of each pool, by its name. */
export interface GuardSettings {
  pools: readonly ({ name: string; memoryBytes?: number | undefined } & StallSettings)[];
  quarantine: QuarantineSettings;
}

export class Guards {
  readonly quarantine: Quarantine;
  readonly memory: MemoryGuard;
  readonly #watchdog: Watchdog;

  constructor({ pools, counts, supervisor, quarantine, nameOf, clock, log }: GuardsOptions) {
    this.quarantine = new Quarantine(quarantine, clock, log, nameOf);
    this.quarantine.on('change', (refused) => {
      for (const { pool } of pools) for (const generation of pool.generations) refuse(refused, pool.name, generation);
    });
    const rows = new Map(pools.map(({ pool }, row) => [pool.name, row]));
    this.#watchdog = new Watchdog({
      pools,
      board: supervisor.board,
      nameOf,
      clock,
      log,
      onWarning: (pool) => counts.add(rows.get(pool)!, 'stall-warnings'),
    });
    this.memory = new MemoryGuard(pools, clock, log);
  }

  /** These hold from now on, also for what goes on already. */
  change({ pools, quarantine }: GuardSettings): void {
    const byName = new Map(pools.map((pool) => [pool.name, pool]));
    this.quarantine.change(quarantine);
    this.#watchdog.change(byName);
    this.memory.change(byName);
  }

  onDeath(death: Death): void {
    this.quarantine.onDeath(death);
  }

  /** A generation of a pool has ended. */
  onEnded(pool: string, generation: number): void {
    this.quarantine.forget({ pool, generation });
  }

  /** Once all threads serve. */
  start(): void {
    this.#watchdog.start();
    this.memory.start();
  }

  stop(): void {
    this.#watchdog.stop();
    this.memory.stop();
    this.quarantine.close();
  }
}

function refuse(refused: readonly Killer[], pool: string, generation: ThreadGeneration): void {
  generation.refuse(
    refused
      .filter((one) => one.pool === pool && one.generation === generation.number)
      .map(({ method, body, untilMs, kills }) => ({ method, body, untilMs, kills })),
  );
}
