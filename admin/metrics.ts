// Metrics (admin thread): everything that is counted, in Prometheus's text format. Each metric reads shared memory when it
// is scraped; nothing is counted here, so a scrape is right whatever hangs, and whichever admin thread answers it.

import { type Metric, Registry } from 'prom-client';
import {
  type AcceptorCounter,
  acceptorCounters,
  type PoolCounter,
  poolCounters,
  threadCounters,
} from '../runtime/shared/counters.ts';
import { board as boardWord } from '../runtime/shared/layout.ts';
import { codeCount, type MethodCounts, methodBuckets } from '../runtime/shared/method-counters.ts';
import { exposition, metricsOfMetrics } from './handler-metrics.ts';
import { jobMetrics } from './job-metrics.ts';
import { codeName, laneNames, type ProcessView, refusedByReason } from './process-view.ts';

type Labels = Record<string, string | number>;

interface Sample {
  labels: Labels;
  value: number;
  /** Where it differs from the metric's: `…_bucket`. */
  metricName?: string;
}

type MetricType = 'counter' | 'gauge' | 'histogram';

/**
 * Upper bounds of the duration histogram, in buckets of `methodBuckets`: powers of two of a microsecond, from 128 µs to 67 s,
 * where Heddle's own buckets end too, so that nothing is estimated.
 */
const durationBounds = Array.from({ length: 20 }, (_, at) => {
  const upperUs = 2 ** (7 + at);
  return { le: String(upperUs / 1e6), buckets: methodBuckets.bucketOf(upperUs / 1000) };
});

/** What prom-client asks of a metric in a registry. */
class ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly #read: () => Sample[];

  constructor(name: string, help: string, type: MetricType, read: () => Sample[]) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#read = read;
  }

  get(): object {
    return { name: this.name, help: this.help, type: this.type, aggregator: 'sum', values: this.#read() };
  }
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #view: ProcessView;

  constructor(view: ProcessView) {
    this.#view = view;
    this.#addRequests();
    this.#addPools();
    for (const { type, name, help, read } of jobMetrics(view)) this.#add(type, name, help, read);
    for (const { type, name, help, read } of metricsOfMetrics(view.handlerMetrics)) this.#add(type, name, help, read);
    this.#addThreads();
    this.#addConnections();
    this.#addProcess();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Heddle's own, then those of handlers, whose names can't be the same. */
  async text(): Promise<string> {
    return (await this.#registry.metrics()) + exposition(this.#view.handlerMetrics.read());
  }

  #add(type: MetricType, name: string, help: string, read: () => Sample[]): void {
    // The registry only ever calls get(); its type names prom-client's own classes.
    this.#registry.registerMetric(new ReadMetric(name, help, type, read) as unknown as Metric);
  }

  #addRequests(): void {
    const view = this.#view;
    this.#add(
      'counter',
      'heddle_requests_total',
      'Answered requests by method, by who asked (socket: a client; fiber: a handler of this process), and by code.',
      () => view.methods.flatMap(({ index, service, method }) => this.#answers(index, { service, method })),
    );
    this.#add('counter', 'heddle_requests_limited_total', "Answered requests that were a limiter's refusals.", () =>
      view.methods.map(({ index, service, method }) => ({
        labels: { service, method },
        value: view.methodCounts(index).limited,
      })),
    );
    this.#add(
      'histogram',
      'heddle_request_duration_seconds',
      'Time from the put of a request into its queue to its answer, its wait included; of all that were put and not cancelled.',
      () =>
        view.methods.flatMap(({ index, service, method }) =>
          durations('heddle_request_duration_seconds', view.methodCounts(index), { service, method }),
        ),
    );
    this.#add(
      'counter',
      'heddle_client_calls_total',
      'Attempts of calls to services of other processes, by client of the config and by code.',
      () =>
        view.clients.flatMap((client, index) =>
          codesOf(view.clientCounts(index).codes.fiber).map(({ code, value }) => ({ labels: { client, code }, value })),
        ),
    );
    this.#add(
      'histogram',
      'heddle_client_call_duration_seconds',
      'Time of such an attempt, its wait for a connection included.',
      () =>
        view.clients.flatMap((client, index) =>
          durations('heddle_client_call_duration_seconds', view.clientCounts(index), { client }),
        ),
    );
    this.#add('gauge', 'heddle_requests_in_flight', 'Requests from sockets that are not answered yet.', () => [
      { labels: {}, value: view.requestsUnderWay },
    ]);
    this.#add('gauge', 'heddle_service_requests_in_flight', 'Requests of a service that are not answered yet.', () =>
      view.served.services.map(({ name, column }) => ({ labels: { service: name }, value: view.inFlight(column) })),
    );
    this.#add(
      'counter',
      'heddle_requests_refused_total',
      'Requests of a service that were answered before any queue, by reason; docs/overload.md says what each means.',
      () =>
        view.served.services.flatMap(({ name: service }) => {
          const own = view.methods.filter((method) => method.service === service);
          const counts = Object.entries(refusedByReason(own.map(({ index }) => view.methodCounts(index))));
          return counts.map(([reason, value]) => ({ labels: { service, reason }, value }));
        }),
    );
    this.#add(
      'gauge',
      'heddle_service_adaptive_limit',
      'Requests of a service at once that its adaptive limit allows now; only of services that have one.',
      () =>
        view.served.services.flatMap(({ name: service, column }) => {
          const value = view.adaptiveLimit(column);
          return value > 0 ? [{ labels: { service }, value }] : [];
        }),
    );
    this.#add(
      'gauge',
      'heddle_quarantined_requests',
      'Requests (method and body) that are refused because they ended threads.',
      () => [{ labels: {}, value: view.facts.quarantine.length }],
    );
  }

  #addPools(): void {
    const view = this.#view;
    const perPool = (
      type: MetricType,
      name: string,
      help: string,
      read: (pool: string, row: number) => number,
    ): void => {
      this.#add(type, name, help, () =>
        view.facts.pools.map((pool, row) => ({ labels: { pool: pool.name }, value: read(pool.name, row) })),
      );
    };
    const fact = (row: number) => view.facts.pools[row]!;
    perPool('gauge', 'heddle_pool_threads', 'Threads that a pool should have.', (_, row) => fact(row).threads);
    perPool('gauge', 'heddle_pool_threads_going', 'Threads of a pool that take requests.', (_, row) => fact(row).going);
    perPool(
      'gauge',
      'heddle_pool_down',
      '1: the threads of the pool die too often, and its calls are refused.',
      (_, row) => Number(fact(row).down),
    );
    perPool(
      'gauge',
      'heddle_pool_canary_percent',
      'Share of the calls of a pool that new code gets first; 0: there is no canary.',
      (_, row) => fact(row).canaryPercent ?? 0,
    );
    perPool('gauge', 'heddle_fibers', 'Requests that a pool runs, nested ones included.', (pool) =>
      view.poolGauge(pool, boardWord.fibers),
    );
    perPool('gauge', 'heddle_nested_fibers', 'Requests that a pool runs for fibers of this process.', (pool) =>
      view.poolGauge(pool, boardWord.nested),
    );
    perPool(
      'gauge',
      'heddle_fibers_max',
      'Requests that a pool runs at most, nested ones beside.',
      (_, row) => fact(row).maxFibers,
    );
    const counted = (name: string, counter: PoolCounter): void =>
      perPool('counter', name, poolCounters[counter], (_, row) => view.poolCounters.get(row, counter));
    counted('heddle_pool_restarts_total', 'restarts');
    counted('heddle_pool_retired_total', 'retired');
    counted('heddle_pool_stall_warnings_total', 'stall-warnings');
    const causes = view.poolCounters.names.filter((name) => name.startsWith('death-'));
    this.#add('counter', 'heddle_pool_deaths_total', 'Threads of a pool that died, by cause.', () =>
      view.facts.pools.flatMap(({ name: pool }, row) =>
        causes.map((cause) => ({
          labels: { pool, cause: cause.slice('death-'.length) },
          value: view.poolCounters.get(row, cause),
        })),
      ),
    );
    this.#add('gauge', 'heddle_queue_requests', "Requests that wait in a pool's queue, by lane; about.", () =>
      view.queues
        .filter(({ calls }) => !calls)
        .flatMap(({ name: pool, size }) =>
          laneNames.map((lane, index) => ({ labels: { pool, lane }, value: size(index) })),
        ),
    );
    this.#add('gauge', 'heddle_queue_requests_max', "Requests that wait in one lane of a pool's queue at most.", () =>
      view.queues
        .filter(({ calls }) => !calls)
        .map(({ name: pool, capacity }) => ({ labels: { pool }, value: capacity })),
    );
    this.#add(
      'gauge',
      'heddle_outgoing_queue_calls',
      'Outgoing calls that wait for an IO thread, by queue; about.',
      () =>
        view.queues
          .filter(({ calls }) => calls)
          .map(({ name, size }) => ({
            labels: { queue: name },
            value: laneNames.reduce((sum, _, lane) => sum + size(lane), 0),
          })),
    );
  }

  #addThreads(): void {
    const view = this.#view;
    const { threadCounters: events } = view;
    const help = 'Things that happened to threads and connections, by name; docs/admin.md says what each means.';
    this.#add('counter', 'heddle_events_total', help, () =>
      (Object.keys(threadCounters) as (keyof typeof threadCounters)[]).map((event) => ({
        labels: { event },
        value: events.total(event),
      })),
    );
    this.#add(
      'gauge',
      'heddle_thread_running_seconds',
      'For how long user code has been on the stack of a thread; 0: none is.',
      () =>
        view.facts.threads.map(({ number, name: thread, pool }) => ({
          labels: { thread, pool },
          value: (view.running(number)?.forMs ?? 0) / 1000,
        })),
    );
    const sampled = (
      type: MetricType,
      name: string,
      about: string,
      read: (sample: ReadonlySample) => number | undefined,
    ): void => {
      this.#add(type, name, about, () =>
        view.facts.threads.flatMap(({ number, name: thread, pool }) => {
          const sample = view.sample(number);
          const value = sample === undefined ? undefined : read(sample);
          return value === undefined ? [] : [{ labels: { thread, pool }, value }];
        }),
      );
    };
    const since = "since the thread's birth; stands still while main hangs.";
    sampled(
      'counter',
      'heddle_thread_event_loop_active_seconds_total',
      `Time that an event loop was busy, ${since}`,
      (one) => one.activeMs / 1000,
    );
    sampled(
      'counter',
      'heddle_thread_event_loop_idle_seconds_total',
      `Time that an event loop waited, ${since}`,
      (one) => one.idleMs / 1000,
    );
    sampled(
      'gauge',
      'heddle_thread_memory_bytes',
      'Heap and ArrayBuffers of a thread, where its pool has a limit.',
      (one) => one.memoryBytes,
    );
  }

  #addConnections(): void {
    const view = this.#view;
    this.#add('gauge', 'heddle_connections', 'Open connections of an IO thread.', () =>
      view.facts.threads
        .filter(({ pool }) => pool === 'io')
        .map(({ number, name: thread }) => ({
          labels: { thread },
          value: view.board.gauge(number, boardWord.connections),
        })),
    );
    this.#add('gauge', 'heddle_connections_waiting', 'Connections that wait for an IO thread.', () => [
      { labels: {}, value: view.facts.waiting },
    ]);
    const names = Object.keys(acceptorCounters) as AcceptorCounter[];
    const count = (name: AcceptorCounter): number => view.acceptorCounters.get(0, name);
    this.#add('counter', 'heddle_connections_refused_total', 'Connections that were closed at once, by reason.', () =>
      names
        .filter((name) => name.startsWith('refused-'))
        .map((name) => ({ labels: { reason: name.slice('refused-'.length) }, value: count(name) })),
    );
    const single = (name: string, counter: AcceptorCounter): void =>
      this.#add('counter', name, acceptorCounters[counter], () => [{ labels: {}, value: count(counter) }]);
    single('heddle_connections_waited_total', 'waited');
    single('heddle_accept_pauses_total', 'paused');
    single('heddle_accept_resumes_total', 'resumed');
  }

  #addProcess(): void {
    const view = this.#view;
    const one = (type: MetricType, name: string, help: string, read: () => number): void =>
      this.#add(type, name, help, () => [{ labels: {}, value: read() }]);
    this.#add('gauge', 'heddle_info', 'Versions; always 1.', () => {
      const { heddle: version, node } = view.version();
      return [{ labels: { version, node }, value: 1 }];
    });
    one('gauge', 'heddle_draining', '1: the process finishes what runs, and ends.', () =>
      Number(view.facts.state === 'draining'),
    );
    one(
      'gauge',
      'heddle_main_silent_seconds',
      "Since the main thread's last word; it says something every second.",
      () => view.mainSilentMs / 1000,
    );
    one('gauge', 'heddle_uptime_seconds', 'Since the start of the process.', () => view.uptimeMs / 1000);
    one('counter', 'process_cpu_seconds_total', 'Processor time of all threads.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    one('gauge', 'process_resident_memory_bytes', 'Memory of the process that lies in RAM.', () =>
      process.memoryUsage.rss(),
    );
    one(
      'gauge',
      'process_start_time_seconds',
      'When the process started, since 1970.',
      () => Date.parse(view.version().startedAt) / 1000,
    );
  }

  #answers(index: number, labels: Labels): Sample[] {
    const { codes } = this.#view.methodCounts(index);
    return (['socket', 'fiber'] as const).flatMap((from) =>
      codesOf(codes[from]).map(({ code, value }) => ({ labels: { ...labels, from, code }, value })),
    );
  }
}

/** Successes are there from the start, so that the first one shows as a rise. */
function codesOf(counts: Float64Array): { code: string; value: number }[] {
  const codes: { code: string; value: number }[] = [];
  for (let code = 0; code < codeCount; code++) {
    const value = counts[code]!;
    if (value > 0 || code === 0) codes.push({ code: codeName(code), value });
  }
  return codes;
}

function durations(name: string, { latency, latencySumMs }: MethodCounts, labels: Labels): Sample[] {
  const samples: Sample[] = [];
  let below = 0;
  let bucket = 0;
  for (const { le, buckets } of durationBounds) {
    while (bucket < buckets) below += latency[bucket++]!;
    samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below });
  }
  while (bucket < latency.length) below += latency[bucket++]!;
  samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: below });
  samples.push({ metricName: `${name}_sum`, labels, value: latencySumMs / 1000 });
  samples.push({ metricName: `${name}_count`, labels, value: below });
  return samples;
}

type ReadonlySample = NonNullable<ReturnType<ProcessView['sample']>>;
