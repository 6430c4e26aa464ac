// ServerAdmission (main thread): what bounds the services of a process beside their maxConcurrency: rates, adaptive limits,
// shares of their pools. It owns the memory of the rates, gives the rows of the method table their bounds, and looks at the
// adaptive limits from time to time.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RateSettings, ServiceSettings, Settings } from '../../runtime/settings.ts';
import { allocateLimits, RateLimit } from '../../runtime/shared/process-limits.ts';
import type { ServiceBounds } from '../../runtime/shared/route-bounds.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import type { AdaptiveLimitOptions } from '../admission/adaptive-limit.ts';
import { LimitController } from '../admission/limit-controller.ts';

/** How often adaptive limits are looked at, ms: soon enough for a flood, long enough for some requests to end. */
const lookMs = 100;
/** One request on each thread, and one that waits for it: with less a pool would stand still between two requests. */
const minPerThread = 2;
/** Where a limit begins: few enough for handlers that compute, and those that wait have twice as many half a second later. */
const startPerThread = 16;

interface Rate extends RateSettings {
  cells: SharedArrayBuffer;
}

export class ServerAdmission {
  readonly #supervisor: Pick<Supervisor, 'loads' | 'inflight'>;
  readonly #clock: Clock;
  readonly #controller: LimitController;
  /** By service. */
  readonly #rates = new Map<string, Rate>();
  #timer: unknown;
  #isRunning = false;

  constructor(supervisor: Pick<Supervisor, 'loads' | 'inflight'>, clock: Clock) {
    this.#supervisor = supervisor;
    this.#clock = clock;
    this.#controller = new LimitController(supervisor.loads, supervisor.inflight);
  }

  /** Looks at the limits from its start to its stop, also while the process drains. */
  part(): Part {
    return {
      name: 'admission',
      start: async () => {
        this.#isRunning = true;
        this.#schedule();
      },
      drain: async () => {},
      stop: async () => {
        this.#isRunning = false;
        if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
      },
    };
  }

  /** Gives rows their bounds by these settings, which are in force with the rows. A rate that has not changed counts on. */
  apply(settings: Settings, rows: readonly MethodRow[]): void {
    const columns = new Map(rows.map(({ service, column }) => [service, column]));
    const methods = methodsByService(rows);
    const services = settings.services.filter(({ name }) => columns.has(name));
    this.#controller.use(
      services.map((service) => ({
        column: columns.get(service.name)!,
        pool: service.pool,
        weight: weightOf(service),
        adaptive: adaptiveOptions(service, settings),
      })),
    );
    const shares = sharesByPool(settings);
    const bounds = new Map(
      services.map((service) => {
        const share = shares.get(service.pool)!;
        return [service.name, this.#boundsOf(service, settings, share, methods.get(service.name)!)];
      }),
    );
    for (const row of rows) row.bounds = bounds.get(row.service);
    this.#schedule();
  }

  #boundsOf(
    service: ServiceSettings,
    settings: Settings,
    share: PoolShare,
    methods: readonly number[],
  ): ServiceBounds | undefined {
    const rate = this.#rateOf(service);
    const reserve = reserveOf(service, settings, share);
    const isAdaptive = service.adaptive !== undefined;
    if (rate === undefined && !isAdaptive && reserve === 0) return undefined;
    const { isCounted } = share;
    return { loads: this.#supervisor.loads.memory, isAdaptive, isCounted, reserve, methods, rate };
  }

  #rateOf({ name, rate }: ServiceSettings): Rate | undefined {
    const old = this.#rates.get(name);
    if (rate === undefined) {
      this.#rates.delete(name);
      return undefined;
    }
    if (old !== undefined && old.perSecond === rate.perSecond && old.burst === rate.burst) return old;
    const made = { ...rate, cells: allocateLimits(RateLimit.bytes) };
    this.#rates.set(name, made);
    return made;
  }

  /** No timer where nothing is adaptive. */
  #schedule(): void {
    if (!this.#isRunning || this.#timer !== undefined || !this.#controller.isNeeded) return;
    const fromMs = this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(lookMs, () => {
      this.#timer = undefined;
      this.#controller.look(this.#clock.nowMs() - fromMs);
      this.#schedule();
    });
  }
}

function weightOf({ weight = 1 }: ServiceSettings): number {
  return weight;
}

function adaptiveOptions({ adaptive, pool }: ServiceSettings, settings: Settings): AdaptiveLimitOptions | undefined {
  if (adaptive === undefined) return undefined;
  const { delayMs, tolerance } = adaptive;
  const { threads } = poolOf(pool, settings);
  const max = adaptive.max === 0 ? Number.MAX_SAFE_INTEGER : adaptive.max;
  const min = adaptive.min === 0 ? Math.min(max, minPerThread * threads) : adaptive.min;
  return { delayMs, tolerance, min, max, start: startPerThread * threads };
}

/** The services of a pool. */
interface PoolShare {
  services: number;
  /** What their weights come to. */
  weights: number;
  /** One of them has an adaptive limit. */
  isCounted: boolean;
}

function sharesByPool({ services }: Settings): Map<string, PoolShare> {
  const pools = new Map<string, PoolShare>();
  for (const service of services) {
    const share = pools.get(service.pool) ?? { services: 0, weights: 0, isCounted: false };
    share.services++;
    share.weights += weightOf(service);
    share.isCounted ||= service.adaptive !== undefined;
    pools.set(service.pool, share);
  }
  return pools;
}

/** Ascending. */
function methodsByService(rows: readonly MethodRow[]): Map<string, number[]> {
  const methods = new Map<string, number[]>();
  for (const { service, index } of rows) {
    const known = methods.get(service);
    if (known === undefined) methods.set(service, [index]);
    else known.push(index);
  }
  for (const known of methods.values()) known.sort((left, right) => left - right);
  return methods;
}

/** Of the second half of a lane of its pool's queue, by its weight. 0: it has the pool to itself. */
function reserveOf(service: ServiceSettings, settings: Settings, { services, weights }: PoolShare): number {
  if (services < 2) return 0;
  const half = 2 ** Math.ceil(Math.log2(poolOf(service.pool, settings).queueLength)) / 2;
  return Math.max(1, Math.floor((half * weightOf(service)) / weights));
}

function poolOf(name: string, { pools, io }: Settings): { threads: number; queueLength: number } {
  return pools.find((pool) => pool.name === name) ?? io;
}
