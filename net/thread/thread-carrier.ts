// ThreadCarrier: where a fiber's call goes. A client of the config wins over a service of this process. A remote call
// takes the queue of the IO thread that owns the connections (so that they outlive this thread), or this thread's own
// channel (`via: caller`, and on IO threads); a local one takes the queue of its pool, no socket.

import { type CallCarrier, type CallHead, callFlags, type ReplySink } from '../../runtime/call.ts';
import type { CompressorDefinition } from '../../runtime/plugins/compressor.ts';
import type { NamingDefinition } from '../../runtime/plugins/naming.ts';
import type { Registry } from '../../runtime/plugins/registry.ts';
import type { ClientSettings } from '../../runtime/settings.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import { refusal, refuse } from '../../runtime/shared/refusal.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import { taskMethod } from '../../scheduler/request-runner.ts';
import { ClientChannel } from '../client/channel.ts';
import type { ClientHost } from '../client/host.ts';
import { NamingWatch, textOf } from '../client/naming-watch.ts';
import { type ChannelOptions, checkOptions, defaultRetryOptions } from '../client/options.ts';
import { RetryPolicy } from '../client/retry-policy.ts';
import { CallCompression } from '../compression/call-compression.ts';
import { OneWayPut } from './one-way.ts';
import { drawRoute, type RowRoutes, routeMap, rowRoutes } from './row-routes.ts';

/** The run queue of an IO thread's outgoing calls, by the thread's place. */
export function callQueueName(place: number): string {
  return `calls#${place}`;
}

interface RemoteClient {
  settings: ClientSettings;
  /** Of channel and retries, which look at them again and again. */
  options: ChannelOptions;
  retry: RetryPolicy;
  /** Set where calls are compressed. */
  compression: CallCompression | undefined;
  /** Set where this thread owns the connections. */
  channel: ClientChannel | undefined;
  /** Otherwise the queues of the IO threads that do, the one that is taken while its thread lives first. */
  routes: Route[];
}

/** An IO thread's dispatcher. */
interface LocalCarrier extends CallCarrier {
  method(service: string, method: string): MethodRow | undefined;
}

/** A method that this process serves. */
interface LocalRoute extends RowRoutes {
  timeoutMs: number;
  oneWay: boolean;
}

/** Bits of a handle that say who gave it: the asker, this thread's dispatcher, or the channel of client n. */
const handleSpace = 2 ** 42;
const byAsker = 0;
const byLocal = 1;
const byChannel = 2;

/** Services of this process with a retry budget of their own, each thread. At most so many; the rest share one. */
const retriedServicesMax = 1024;

/** Method names as bytes, as the queue carries them. At most so many; the rest are encoded at each call. */
const namesMax = 4096;

export class ThreadCarrier implements CallCarrier {
  /** Clients whose connections this thread owns, by their index in the config; on CPU threads some have no channel. */
  readonly channels: { name: string; channel: ClientChannel }[] = [];
  readonly #endpoint: ThreadEndpoint;
  readonly #host: ClientHost;
  /** By service of this process. */
  readonly #localRetries = new Map<string, RetryPolicy>();
  readonly #local: LocalCarrier | undefined;
  readonly #clients = new Map<string, { client: RemoteClient; index: number }>();
  /** What a service that was asked for last is: one call asks several times in a row. */
  #lastService: string | undefined = undefined;
  #lastClient: { client: RemoteClient; index: number } | undefined = undefined;
  readonly #open: ClientChannel[] = [];
  readonly #watches: NamingWatch[] = [];
  readonly #oneWay: OneWayPut;
  #routes = new Map<string, Map<string, LocalRoute>>();
  readonly #names = new Map<string, Buffer>();

  /**
   * `local`: on an IO thread its dispatcher, which may run a call on this very thread. `host`: what channels need; on a
   * CPU thread only clients with `via: caller` get one.
   */
  constructor(
    endpoint: ThreadEndpoint,
    clients: readonly ClientSettings[],
    host: ClientHost,
    local: LocalCarrier | undefined,
    ioThreads = 0,
  ) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#local = local;
    this.#oneWay = new OneWayPut(endpoint);
    for (const [index, settings] of clients.entries()) {
      const owns = local !== undefined || settings.via === 'caller';
      const options = checkOptions(channelOptions(settings));
      const retry = new RetryPolicy(host, options);
      const client: RemoteClient = { settings, options, retry, compression: undefined, channel: undefined, routes: [] };
      if (owns) {
        client.channel = new ClientChannel(host, options, (code, latencyMs) =>
          endpoint.clientCounters?.count(index, code, false, latencyMs),
        );
        this.#open.push(client.channel);
        this.channels[index] = { name: settings.name, channel: client.channel };
      } else {
        // Spread over the IO threads, so that no single one carries all calls of a busy client.
        client.routes = Array.from({ length: ioThreads }, (_, at) => {
          const pool = endpoint.pools.get(callQueueName((index + endpoint.number + at) % ioThreads))!;
          return { pool, method: index, column: 0, maxConcurrency: 0, service: settings.name };
        });
      }
      this.#clients.set(settings.name, { client, index });
    }
  }

  /** A reload has changed bounds of clients, timeouts or addresses; what names them, their frames and owners stay. */
  setClients(clients: readonly ClientSettings[]): void {
    for (const settings of clients) {
      const client = this.#clients.get(settings.name)?.client;
      if (client === undefined) continue;
      client.settings = settings;
      Object.assign(client.options, channelOptions(settings));
      client.channel?.optionsChanged();
    }
  }

  /** How this thread repeats calls of a service: as its client says, or the default for services of this process. */
  retryOf(service: string): RetryPolicy {
    return this.#remote(service)?.client.retry ?? this.#localRetries.get(service) ?? this.#newLocalRetry(service);
  }

  /** Calls of clients that the config says so of are compressed from now on; never on IO threads. Throws FAILED_PRECONDITION. */
  compressWith(compressors: Registry<CompressorDefinition>): void {
    for (const { client } of this.#clients.values()) {
      const { name, compression, compressAboveBytes = Number.POSITIVE_INFINITY, frameBytes } = client.settings;
      if (compression === undefined) continue;
      const compressor = compressors.need(compression, `clients.${name}.compression`);
      client.compression = new CallCompression(compressor, compressAboveBytes, frameBytes);
    }
  }

  /**
   * Targets that a naming gives the addresses of are watched from now on, where this thread owns their connections. Throws
   * FAILED_PRECONDITION for one that no plugin adds, or that does not take its target.
   */
  watchNames(namings: Registry<NamingDefinition>): void {
    for (const { client } of this.#clients.values()) {
      const { settings, channel } = client;
      if (settings.naming === undefined || channel === undefined) continue;
      const usedBy = `clients.${settings.name}.target`;
      const definition = namings.need(settings.naming.scheme, usedBy);
      const target = { ...settings.naming, client: settings.name };
      this.#watches.push(new NamingWatch(definition, target, channel, this.#host.log, usedBy));
    }
  }

  /** Undefined: calls of this service are sent as they are. */
  compressionOf(service: string): CallCompression | undefined {
    return this.#remote(service)?.client.compression;
  }

  /** When a call has to be over, all its attempts together: the caller's bound, or that of a method of this process. */
  deadlineMs(service: string, method: string, callerMs: number): number {
    if (this.#remote(service) !== undefined) return callerMs;
    const row =
      this.#local === undefined ? this.#routes.get(service)?.get(method) : this.#local.method(service, method);
    if (row === undefined || row.timeoutMs === 0) return callerMs;
    return Math.min(callerMs, this.#endpoint.clock.nowMs() + row.timeoutMs);
  }

  setMethods(rows: readonly MethodRow[]): void {
    this.#routes = routeMap(rows, (row) => {
      return { ...rowRoutes(this.#endpoint, row), timeoutMs: row.timeoutMs, oneWay: row.oneWay };
    });
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const remote = this.#remote(service);
    if (remote !== undefined) return this.#callRemote(remote.client, remote.index, service, method, head, sink, tag);
    if (this.#local !== undefined) return this.#mark(byLocal, this.#local.call(service, method, head, sink, tag));
    const found = this.#routes.get(service)?.get(method);
    if (found === undefined) {
      const where = this.#routes.has(service) ? `service ${service} has no method ${method}` : `no service ${service}`;
      return refuse(
        sink,
        tag,
        refusal(
          'NOT_FOUND',
          `${where} in this process, and no client of that name in the config: add one under clients`,
        ),
      );
    }
    const { timeoutMs, oneWay } = found;
    const route =
      found.canary === undefined ? found.route : drawRoute(found, this.#host.random, this.#endpoint.asker.bounds);
    if (timeoutMs > 0) head.deadlineMs = Math.min(head.deadlineMs, this.#endpoint.clock.nowMs() + timeoutMs);
    if (oneWay || (head.flags & callFlags.oneWay) !== 0) {
      return this.#oneWay.put(route, head, sink, tag);
    }
    return this.#mark(byAsker, this.#endpoint.put(route, head, undefined, sink, tag));
  }

  /** Runs an offloaded function on a pool. The body is a task's, in codec v8. */
  callTask(poolName: string, head: CallHead, sink: ReplySink, tag: number): number {
    const pool = this.#endpoint.queueOf(poolName);
    if (pool === undefined) {
      const known = this.#endpoint.poolNames;
      return refuse(
        sink,
        tag,
        refusal('INVALID_ARGUMENT', `there is no pool ${JSON.stringify(poolName)}; the pools are ${known.join(', ')}`),
      );
    }
    const route: Route = { pool, method: taskMethod, column: 0, maxConcurrency: 0, service: 'task' };
    return this.#mark(byAsker, this.#endpoint.put(route, head, undefined, sink, tag));
  }

  cancel(handle: number): void {
    const by = Math.floor(handle / handleSpace);
    const inner = handle % handleSpace;
    if (by === byAsker) this.#endpoint.asker.cancel(inner);
    else if (by === byLocal) this.#local?.cancel(inner);
    else this.channels[by - byChannel]?.channel.cancel(inner);
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await Promise.all(this.#open.map((channel) => channel.close()));
  }

  /** Clients neither come nor go while the thread lives. */
  #remote(service: string): { client: RemoteClient; index: number } | undefined {
    if (service !== this.#lastService) {
      this.#lastService = service;
      this.#lastClient = this.#clients.get(service);
    }
    return this.#lastClient;
  }

  #callRemote(
    client: RemoteClient,
    index: number,
    service: string,
    method: string,
    head: CallHead,
    sink: ReplySink,
    tag: number,
  ): number {
    const { settings, channel, routes } = client;
    if (settings.timeoutMs > 0) {
      head.deadlineMs = Math.min(head.deadlineMs, this.#endpoint.clock.nowMs() + settings.timeoutMs);
    }
    if (channel !== undefined) return this.#mark(byChannel + index, channel.call(service, method, head, sink, tag));
    // The first, or while that thread is dead the next one that lives; with none they wait for the first.
    let route = routes[0]!;
    for (let at = 1; at < routes.length && route.pool.members.length === 0; at++) route = routes[at]!;
    if (route.pool.members.length === 0) route = routes[0]!;
    return this.#mark(byAsker, this.#endpoint.put(route, head, this.#nameBytes(method), sink, tag));
  }

  #newLocalRetry(service: string): RetryPolicy {
    const key = this.#localRetries.size < retriedServicesMax ? service : '';
    let retry = this.#localRetries.get(key);
    if (retry === undefined) {
      retry = new RetryPolicy(this.#host, defaultRetryOptions());
      this.#localRetries.set(key, retry);
    }
    return retry;
  }

  #mark(by: number, handle: number): number {
    return handle < 0 ? handle : by * handleSpace + handle;
  }

  #nameBytes(method: string): Buffer {
    let bytes = this.#names.get(method);
    if (bytes === undefined) {
      bytes = Buffer.from(method, 'latin1');
      if (this.#names.size < namesMax) this.#names.set(method, bytes);
    }
    return bytes;
  }
}

function channelOptions(settings: ClientSettings) {
  const { name, addresses, naming, balance, timeoutMs, connectTimeoutMs, maxInFlight, connections } = settings;
  const { frameBytes, writeBufferBytes, attemptTimeoutMs, maxAttempts, retryBudgetPercent } = settings;
  const { ejectAfter, ejectForMs } = settings;
  return {
    name,
    addresses,
    namedBy: naming && textOf(naming),
    balance,
    timeoutMs,
    connectTimeoutMs,
    maxInFlight,
    connections,
    frameBytes,
    writeBufferBytes,
    attemptTimeoutMs,
    maxAttempts,
    retryBudgetPercent,
    ejectAfter,
    ejectForMs,
  };
}
