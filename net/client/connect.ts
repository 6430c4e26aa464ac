// connect: the stand-alone client. A plain Node process that has a service's contract calls it as a typed object; no
// Heddle runtime is needed. The same channel, stub and codecs as inside a server, on the process's own event loop.

import { type CodecName, type Priority, priorities } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { codecs } from '../../runtime/plugins/codec.ts';
import type { ClientFilter } from '../../runtime/plugins/filter.ts';
import type { NamingDefinition } from '../../runtime/plugins/naming.ts';
import { checkFilters, filteredInvoke } from '../filters/filtered-client.ts';
import { type Contract, type ContractMethod, methodsOf, serviceName, type TypesOf } from '../service/contract.ts';
import { ClientChannel } from './channel.ts';
import { type ClientCompressionOptions, clientCompression } from './client-compression.ts';
import { type ClientHost, standaloneHost } from './host.ts';
import { NamingWatch, namedTarget, textOf } from './naming-watch.ts';
import { type ChannelOptionsInput, checkOptions } from './options.ts';
import { RetryPolicy } from './retry-policy.ts';
import { type InvokeOptions, invoke } from './stub.ts';

/** `target` (or `addresses`) is needed; all else has a default, see ChannelOptions. */
export interface ConnectOptions extends Omit<ChannelOptionsInput, 'name' | 'namedBy'>, ClientCompressionOptions {
  /**
   * Looks up a `target` of its scheme, such as `consul://shop-stock`, and says again whenever the addresses change, until the
   * client is closed. Default: `target` is heddle:// and lists them.
   */
  naming?: NamingDefinition;
  /** Where connection troubles are told, at level debug. Default: nowhere. */
  log?: Logger;
  /**
   * Functions of (call, next) around each call, outermost first: they may answer themselves, change metadata, request and
   * response, measure, and call `next` again. Default: none.
   */
  filters?: readonly ClientFilter[];
  /** Clock, sockets, names and chance of the client. Default: the machine's, shared by all clients of this thread. */
  host?: ClientHost;
  /** How the bodies of all calls travel, unless a call says otherwise. Default: the first codec that the contract names. */
  codec?: CodecName;
}

/** Options of one call. */
export interface ClientCallOptions {
  /** At most this long, ms, above 0; the client's own `timeoutMs` still holds. */
  timeoutMs?: number;
  /** Aborting it cancels the call, here and at the server: CANCELLED. */
  signal?: AbortSignal;
  /** Text pairs for the callee; see `runtime/metadata.ts` for keys and bounds. */
  metadata?: Readonly<Record<string, string>>;
  /** Default `normal`. */
  priority?: Priority;
  /** Running it twice is harmless. Default: what the contract says of the method (`reads: true`). */
  idempotent?: boolean;
  /** How the bodies travel: `json`, `avro`, or one that `registerCodec` added. Default: the client's own `codec`. */
  codec?: CodecName;
  /** 1 for the first try (default), one more with each repetition that the caller makes; the client's own count on from there. */
  attempt?: number;
  /** Gets the text pairs of the reply, success or failure, before the call settles. */
  onReplyMetadata?: (pairs: ReadonlyMap<string, string>) => void;
}

/** One method of a client. With `oneWay: true` it resolves when the request is handed on: no answer comes, not even an error. */
export interface ClientMethod<Request, Response> {
  (request: Request, options: ClientCallOptions & { oneWay: true }): Promise<undefined>;
  (request: Request, options?: ClientCallOptions): Promise<Response>;
}

/** The methods of a contract as functions. */
export type ClientMethods<Service extends Contract> = {
  readonly [Name in keyof Service & string]: ClientMethod<
    TypesOf<Service[Name]>['requestIn'],
    TypesOf<Service[Name]>['responseOut']
  >;
};

/**
 * A client: the contract's methods, and `close`. A contract's own method named `close` keeps the name; then
 * `await using`, or `await client[Symbol.asyncDispose]()`, closes the client.
 */
export type Client<Service extends Contract> = ClientMethods<Service> &
  AsyncDisposable &
  ('close' extends keyof Service ? unknown : { close(): Promise<void> });

/**
 * Makes a client of a service and begins to connect.
 *
 *     await using client = connect(Search, { target: 'heddle://127.0.0.1:7000,127.0.0.1:7001', timeoutMs: 300 });
 *     const { films } = await client.search({ text: 'heat' }, { signal });
 *
 * Each method rejects with HeddleError: the server's own; UNAVAILABLE when no server can be reached or the connection
 * was lost; DEADLINE_EXCEEDED; CANCELLED by `signal` or `close`; RESOURCE_EXHAUSTED over one of this client's bounds. Its
 * `retry` says whether repeating is safe. Calls that were lost are made again, up to `maxAttempts` and within the deadline
 * and the retry budget, if they are idempotent or have certainly not run.
 *
 * Make one client per service and keep it: connections, and what they learnt, are its own. A client never keeps the
 * process alive; a call in flight does. Throws INVALID_ARGUMENT when an option is wrong.
 */
export function connect<Service extends Contract>(contract: Service, options: ConnectOptions): Client<Service> {
  const { log, naming, host: given, filters: around, codec, ...rest } = options;
  const { compression, compressAboveBytes, ...channelOptions } = rest;
  const host = given ?? standaloneHost();
  if (codec !== undefined) codecs.idOf(codec);
  const name = contract[serviceName];
  const named = naming && namedTarget(naming, channelOptions.target, name);
  const checked = checkOptions({
    ...channelOptions,
    ...(named !== undefined && { namedBy: textOf(named) }),
    name,
  });
  const callCompression = clientCompression({ compression, compressAboveBytes }, checked.frameBytes);
  const filters = checkFilters(around);
  const channel = new ClientChannel(log === undefined ? host : withLog(host, log), checked);
  const watch = named && new NamingWatch(naming!, named, channel, log ?? host.log, 'connect');
  channel.open();
  const retry = new RetryPolicy(host, checked);
  const close = (): Promise<void> => {
    watch?.close();
    retry.close();
    return channel.close();
  };
  const client: Record<string | symbol, unknown> = { close };
  const defaults = { retry, codec, compression: callCompression };
  for (const method of methodsOf(contract)) {
    const plain = clientMethod(channel, host, defaults, method);
    client[method.method] = filters.length === 0 ? plain : filteredInvoke(filters, method, plain);
  }
  client[Symbol.asyncDispose] = close;
  // Put together by name; the contract's type says which.
  return Object.freeze(client) as Client<Service>;
}

function clientMethod(
  channel: ClientChannel,
  host: ClientHost,
  defaults: InvokeOptions,
  method: ContractMethod,
): (request: unknown, options?: ClientCallOptions & { oneWay?: boolean }) => Promise<unknown> {
  return (request, options) => {
    if (options === undefined) return invoke(channel, method, request, defaults);
    try {
      return invoke(channel, method, request, invokeOptions(host, defaults, options));
    } catch (reason) {
      return Promise.reject(HeddleError.from(reason));
    }
  };
}

function invokeOptions(
  host: ClientHost,
  defaults: InvokeOptions,
  options: ClientCallOptions & { oneWay?: boolean },
): InvokeOptions {
  const { timeoutMs, priority, ...same } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `timeoutMs of a call must be above 0, not ${timeoutMs}; leave it out for none`,
    );
  }
  if (priority !== undefined && !Object.hasOwn(priorities, priority)) {
    const names = Object.keys(priorities).join(', ');
    throw new HeddleError('INVALID_ARGUMENT', `priority must be one of ${names}, not ${JSON.stringify(priority)}`);
  }
  return {
    ...same,
    retry: defaults.retry,
    compression: defaults.compression,
    codec: options.codec ?? defaults.codec,
    deadlineMs: timeoutMs === undefined ? undefined : host.clock.nowMs() + timeoutMs,
    priority: priority === undefined ? undefined : priorities[priority],
  };
}

/** The same host with another log. */
function withLog(host: ClientHost, log: Logger): ClientHost {
  return {
    clock: host.clock,
    timers: host.timers,
    random: host.random,
    log,
    readBuffer: host.readBuffer,
    resolver: host.resolver,
    scheduleFlush: (connection) => host.scheduleFlush(connection),
    openSocket: (ip, port, onread) => host.openSocket(ip, port, onread),
    hold: (change) => host.hold(change),
    count: (event) => host.count(event),
  };
}
