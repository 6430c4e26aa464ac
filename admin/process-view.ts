// ProcessView (admin thread): the whole process as the admin sees it: shared memory, which is true whatever hangs, and what
// main has told last. It answers what needs nobody else, in the shapes of shapes.ts.

import { availableParallelism } from 'node:os';
import { hashText } from '../runtime/body-hash.ts';
import type { Clock } from '../runtime/clock.ts';
import { codeOfNumber } from '../runtime/errors.ts';
import { jobNamesByHash } from '../runtime/jobs.ts';
import { MetricReader } from '../runtime/metrics/metric-reader.ts';
import { Board } from '../runtime/shared/board.ts';
import {
  type AcceptorCounter,
  acceptorCounters,
  CounterTable,
  type PoolCounter,
  poolCounters,
  type ThreadCounter,
  threadCounters,
} from '../runtime/shared/counters.ts';
import { allRequests, Inflight } from '../runtime/shared/inflight.ts';
import { board as boardWord, looksBit, nestedLane, threadNumberMax } from '../runtime/shared/layout.ts';
import {
  emptyMethodCounts,
  MethodCounters,
  type MethodCounts,
  methodBuckets,
} from '../runtime/shared/method-counters.ts';
import { refusalReasons } from '../runtime/shared/refusal.ts';
import { RunQueue } from '../runtime/shared/run-queue.ts';
import { ServiceLoads } from '../runtime/shared/service-loads.ts';
import type { PoolMemory } from '../runtime/thread-control.ts';
import type {
  AdminFacts,
  AdminThreadData,
  PoolFacts,
  Served,
  ServedService,
  ThreadCounterMemory,
  ThreadFacts,
  ThreadSample,
} from './messages.ts';
import type { MethodReport, PoolRow, RunningRow, ServiceRow, ThreadRow, VersionAnswer } from './shapes.ts';

/** Main tells something every second; after so long without it counts as silent, ms. */
const silentMs = 3_000;
/** Row of the method table for functions that are offloaded to a pool. */
const taskMethod = 0;

export const laneNames = ['high', 'normal', 'low', 'nested'] as const;

/** What waits for a pool, in the queues of all its generations; `calls`: for an IO thread's outgoing calls. */
export interface QueueView {
  /** Of the pool, or of the queue of calls. */
  name: string;
  calls: boolean;
  /** Of each lane. */
  capacity: number;
  size(lane: number): number;
}

export class ProcessView {
  readonly board: Board;
  readonly threadCounters: CounterTable<ThreadCounter>;
  readonly poolCounters: CounterTable<PoolCounter>;
  readonly acceptorCounters: CounterTable<AcceptorCounter>;
  readonly queues: readonly QueueView[];
  /** What handlers count. */
  readonly handlerMetrics: MetricReader;
  facts: AdminFacts;
  served: Served = { methods: [], services: [] };
  readonly #data: AdminThreadData;
  readonly #clock: Clock;
  readonly #bornMs: number;
  readonly #inflight: Inflight;
  readonly #loads: ServiceLoads;
  readonly #jobs: ReadonlyMap<number, string>;
  /** By thread number; those of dead threads too, so that no sum ever falls. */
  readonly #methodCounters = new Map<number, MethodCounters>();
  readonly #clientCounters = new Map<number, MethodCounters>();
  #samples = new Map<number, ThreadSample>();
  #heardMs: number;

  constructor(data: AdminThreadData, clock: Clock) {
    const { memory, settings } = data;
    this.#data = data;
    this.#clock = clock;
    this.#bornMs = clock.nowMs();
    this.#heardMs = this.#bornMs;
    this.board = new Board(memory.board);
    this.#inflight = new Inflight(memory.inflight);
    this.#loads = new ServiceLoads(memory.loads);
    this.#jobs = jobNamesByHash(settings.jobs);
    this.threadCounters = new CounterTable(threadCounters, threadNumberMax + 1, memory.threadCounters);
    this.poolCounters = new CounterTable(poolCounters, memory.poolRows, memory.poolCounters);
    this.acceptorCounters = new CounterTable(acceptorCounters, 1, memory.acceptorCounters);
    this.queues = queueViews(memory.queues);
    this.handlerMetrics = new MetricReader(memory.metricDirectory);
    const { level, levels } = settings.log;
    const logLevels = { level, levels };
    this.facts = { state: 'starting', threads: [], pools: [], waiting: 0, quarantine: [], jobs: [], logLevels };
  }

  /** From main. */
  learn(facts: AdminFacts | undefined, samples: ThreadSample[] | undefined): void {
    this.#heardMs = this.#clock.nowMs();
    if (facts !== undefined) this.facts = facts;
    if (samples !== undefined) this.#samples = new Map(samples.map((sample) => [sample.number, sample]));
  }

  addCounters(number: number, { methods, clients, metrics }: ThreadCounterMemory): void {
    this.#methodCounters.set(number, new MethodCounters(methods));
    this.#clientCounters.set(number, new MethodCounters(clients));
    this.handlerMetrics.addCells(number, metrics);
  }

  /** Since main's last word, ms; it says something every second. */
  get mainSilentMs(): number {
    return this.#clock.nowMs() - this.#heardMs;
  }

  get uptimeMs(): number {
    return this.#clock.nowMs() - this.#data.about.startedMs;
  }

  get requestsUnderWay(): number {
    return this.inFlight(allRequests);
  }

  sample(number: number): ThreadSample | undefined {
    return this.#samples.get(number);
  }

  version(): VersionAnswer {
    const { heddle, startedAt, previous } = this.#data.about;
    return {
      heddle,
      node: process.version,
      pid: process.pid,
      startedAt,
      uptimeMs: Math.round(this.uptimeMs),
      state: this.facts.state,
      cpus: availableParallelism(),
      ...(previous === undefined ? {} : { previous }),
    };
  }

  threads(): ThreadRow[] {
    const state = this.mainSilentMs > silentMs ? 'silent' : this.facts.state;
    const own = [
      { name: 'main', state, bornMs: this.#data.about.startedMs },
      { name: 'admin', state: 'serving', bornMs: this.#bornMs },
    ];
    return [
      ...own.map((one) => this.#threadRow({ ...one, number: 0, pool: '' })),
      ...this.facts.threads.map((one) => this.#threadRow(one)),
    ];
  }

  pools(): PoolRow[] {
    return this.facts.pools.map((pool, row) => this.#poolRow(pool, row));
  }

  services(): ServiceRow[] {
    return this.served.services.map((service) => this.#serviceRow(service));
  }

  /** Threads of a pool, and what one of their gauges comes to. */
  poolGauge(pool: string, word: number): number {
    const own = this.facts.threads.filter((thread) => thread.pool === pool);
    return own.reduce((sum, { number }) => sum + this.board.gauge(number, word), 0);
  }

  /** What stands on a thread's stack. */
  running(number: number): RunningRow | undefined {
    const running = number === 0 ? undefined : this.board.running(number);
    if (running === undefined) return undefined;
    return {
      method: this.#runningName(running.method, running.body),
      fiber: running.fiber,
      fingerprint: hashText(running.body),
      forMs: Math.max(0, this.#clock.nowMs() - running.sinceMs),
    };
  }

  #runningName(method: number, body: number): string {
    return (method === taskMethod ? this.#jobs.get(body) : undefined) ?? this.methodName(method);
  }

  methodName(method: number): string {
    const row = this.served.methods.find(({ index }) => index === method);
    return row === undefined ? 'a task' : `${row.service}/${row.method}`;
  }

  /** Methods with their names; offloaded functions are one of them, of no service. */
  get methods(): Served['methods'] {
    const { methods } = this.served;
    return methods.length === 0 ? [] : [...methods, { index: taskMethod, service: '', method: 'task' }];
  }

  /** Over all threads there ever were. */
  methodCounts(method: number): MethodCounts {
    const counts = emptyMethodCounts();
    for (const counters of this.#methodCounters.values()) counters.addTo(method, counts);
    return counts;
  }

  /** Clients of the config, in its order. */
  get clients(): string[] {
    return this.#data.settings.clients.map(({ name }) => name);
  }

  /** Calls of a client, by its index, over all threads there ever were. */
  clientCounts(client: number): MethodCounts {
    const counts = emptyMethodCounts();
    for (const counters of this.#clientCounters.values()) counters.addTo(client, counts);
    return counts;
  }

  /** Requests under way; column of Inflight. */
  inFlight(column: number): number {
    return this.#inflight.sum(column);
  }

  /** Requests of a service at once that its adaptive limit allows now; 0: it has none. */
  adaptiveLimit(column: number): number {
    return this.#loads.limit(column);
  }

  #threadRow({ name, number, pool, state, bornMs }: ThreadFacts): ThreadRow {
    const gauge = (word: number): number => (number === 0 ? 0 : this.board.gauge(number, word));
    const running = this.running(number);
    const memoryBytes = this.sample(number)?.memoryBytes;
    return {
      name,
      number,
      pool,
      state,
      ageMs: Math.round(this.#clock.nowMs() - bornMs),
      parked: (gauge(boardWord.park) & ~looksBit) !== 0,
      fibers: gauge(boardWord.fibers),
      nested: gauge(boardWord.nested),
      asked: gauge(boardWord.asked),
      connections: gauge(boardWord.connections),
      ...(running === undefined ? {} : { running }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    };
  }

  #poolRow({ name, threads, going, down, maxFibers, canaryPercent }: PoolFacts, row: number): PoolRow {
    const queue = this.queues.find((one) => one.name === name);
    const counts: Record<string, number> = {};
    for (const counter of this.poolCounters.names) counts[counter] = this.poolCounters.get(row, counter);
    return {
      name,
      threads,
      going,
      down,
      ...(canaryPercent !== undefined && { canaryPercent }),
      queued: {
        high: queue?.size(0) ?? 0,
        normal: queue?.size(1) ?? 0,
        low: queue?.size(2) ?? 0,
        nested: queue?.size(nestedLane) ?? 0,
      },
      queueLength: queue?.capacity ?? 0,
      fibers: this.poolGauge(name, boardWord.fibers),
      maxFibers,
      counts,
    };
  }

  #serviceRow({ name, pool, addresses, column, maxConcurrency }: ServedService): ServiceRow {
    const own = this.served.methods.filter(({ service }) => service === name);
    const methods = own.map(({ index, method }) => this.#methodReport(index, method));
    const adaptiveLimit = this.adaptiveLimit(column);
    const refused = refusedByReason(own.map(({ index }) => this.methodCounts(index)));
    return {
      name,
      pool,
      addresses,
      inFlight: this.inFlight(column),
      maxConcurrency,
      ...(adaptiveLimit > 0 && { adaptiveLimit }),
      ...(Object.keys(refused).length > 0 && { refused }),
      methods,
    };
  }

  #methodReport(index: number, name: string): MethodReport {
    const { codes, latency, latencySumMs } = this.methodCounts(index);
    const measured = latency.reduce((sum, count) => sum + count, 0);
    return {
      name,
      index,
      fromSockets: byName(codes.socket),
      fromFibers: byName(codes.fiber),
      latencyMeanMs: measured === 0 ? 0 : latencySumMs / measured,
      latencyP50Ms: methodBuckets.quantileMs(latency, 0.5),
      latencyP99Ms: methodBuckets.quantileMs(latency, 0.99),
    };
  }
}

/** By pool: while code is rolled one has several queues. */
function queueViews(queues: readonly PoolMemory[]): QueueView[] {
  const pools = Map.groupBy(queues, ({ name, pool = name }) => pool);
  return Array.from(pools, ([name, own]) => {
    const { calls, capacity } = own[0]!;
    const all = own.map((one) => new RunQueue(one.memory, one.capacity, 0));
    return { name, calls, capacity, size: (lane) => all.reduce((sum, queue) => sum + queue.size(lane), 0) };
  });
}

/** `OK`, `UNAVAILABLE` … */
export function codeName(number: number): string {
  return number === 0 ? 'OK' : codeOfNumber(number);
}

/** Those of one service: reasons that there were, and how often. */
export function refusedByReason(counts: readonly MethodCounts[]): NonNullable<ServiceRow['refused']> {
  const named: NonNullable<ServiceRow['refused']> = {};
  const sum = (read: (one: MethodCounts) => number): number => counts.reduce((total, one) => total + read(one), 0);
  const limited = sum((one) => one.limited);
  for (const [index, reason] of refusalReasons.entries()) {
    // A limiter's are counted beside, and have no reason of their own here.
    const count = sum((one) => one.refused[index]!) - (reason === 'other' ? limited : 0);
    if (count > 0) named[reason] = count;
  }
  if (limited > 0) named.limiter = limited;
  return named;
}

function byName(codes: Float64Array): Record<string, number> {
  const named: Record<string, number> = {};
  for (let code = 0; code < codes.length; code++) if (codes[code]! > 0) named[codeName(code)] = codes[code]!;
  return named;
}
