// IoDispatcher: stages 4 to 6 on an IO thread: service and method → pool and method index, a permit, the queue; or, for
// pool `io`, a fiber on this very thread.

import type { CallHead, ReplySink } from '../../runtime/call.ts';
import { callFlags, emptyCallHead, noBytes } from '../../runtime/call.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { bodyCompression } from '../../runtime/compression-byte.ts';
import type { Dispatcher } from '../../runtime/plugins/protocol.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import { type Refusal, refusal, refuse } from '../../runtime/shared/refusal.ts';
import { Slab } from '../../runtime/shared/slab.ts';
import { SlotTable } from '../../runtime/slot-table.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { RequestRunner } from '../../scheduler/request-runner.ts';
import type { LocalRequests, RunningRequest } from '../../scheduler/running-request.ts';
import { handedOn, OneWayPut } from './one-way.ts';
import { drawRoute, type RowRoutes, routeMap, rowRoutes } from './row-routes.ts';

interface IoRoute extends RowRoutes {
  row: MethodRow;
}

/** Handles from here on name local requests; the asker's stay below 2^38. */
const localHandles = 2 ** 40;
/** Local requests at once: more than a pool's `maxFibers` may be. */
const localMax = 2 ** 20;
const notOnIoThreads = refusal(
  'UNIMPLEMENTED',
  'this service runs on IO threads (pool io), where nothing is decompressed: send the body as it is, or give the service a pool of CPU threads',
);
/** The largest name that a NOT_FOUND repeats, characters. */
const nameShownMax = 100;

export class IoDispatcher implements Dispatcher, ReplySink, LocalRequests {
  /** False once the process drains. */
  serving = true;
  readonly #runner: RequestRunner;
  readonly #clock: Clock;
  readonly #oneWay: OneWayPut;
  readonly #random: Random;
  #services = new Map<string, Map<string, IoRoute>>();
  /** Requests that run on this thread, by handle. */
  readonly #local = new SlotTable<RunningRequest>(localMax);
  /** Of the request that is being started here; the next one has it again. What its `source` names is the handler's. */
  readonly #own = emptyCallHead();
  readonly #slab = new Slab();

  constructor(runner: RequestRunner, clock: Clock, random: Random) {
    this.#runner = runner;
    this.#clock = clock;
    this.#random = random;
    this.#oneWay = new OneWayPut(runner.endpoint);
  }

  setMethods(rows: readonly MethodRow[]): void {
    this.#services = routeMap(rows, (row) => ({ row, ...rowRoutes(this.#runner.endpoint, row) }));
  }

  get health(): string {
    return this.healthOf(this.#services.keys());
  }

  /** Of these services alone. */
  healthOf(services: Iterable<string>): string {
    if (!this.serving) return 'draining';
    const down = new Set<string>();
    for (const name of services) {
      const [first] = this.#services.get(name)?.values() ?? [];
      if (first?.route.pool.down === 'deaths') down.add(first.route.pool.pool);
    }
    return down.size === 0 ? 'ok' : `down: ${down.size === 1 ? 'pool' : 'pools'} ${[...down].join(', ')}`;
  }

  method(service: string, method: string): MethodRow | undefined {
    return this.#services.get(service)?.get(method)?.row;
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const found = this.#services.get(service)?.get(method);
    if (found === undefined) return this.refuseUnknown(service, method, sink, tag, this.#services.has(service));
    const { row } = found;
    const { bounds } = this.#runner.endpoint.asker;
    const route = found.canary === undefined ? found.route : drawRoute(found, this.#random, bounds);
    const nowMs = this.#clock.nowMs();
    if (row.timeoutMs > 0) head.deadlineMs = Math.min(head.deadlineMs, nowMs + row.timeoutMs);
    if (bodyCompression(head.compression) !== 0 && row.pool === 'io') return refuse(sink, tag, notOnIoThreads);
    const oneWay = row.oneWay || (head.flags & callFlags.oneWay) !== 0;
    // Nested calls take the queue: its lane and the runner's maxNested bound them, and they may run on a sibling.
    const here = row.pool === 'io' && head.depth === 0 && this.#runner.takesRegular;
    // What waits in the queue came earlier.
    if (here && !route.pool.queue.hasWork(head.priority)) {
      return this.#runHere(row, route, head, oneWay, sink, tag, nowMs);
    }
    if (oneWay) return this.#oneWay.put(route, head, sink, tag);
    return this.#runner.endpoint.put(route, head, undefined, sink, tag, nowMs);
  }

  /** A limiter refused a request from a socket, for a method that is here. */
  countLimited(service: string, method: string, code: number): void {
    const route = this.countRefused(service, method, { code });
    if (route !== undefined) this.#runner.endpoint.asker.methodCounters?.countLimited(route.method);
  }

  /** A request from a socket was refused before it came here; one for a method that is not here is not counted. */
  countRefused(service: string, method: string, { code, reason }: Pick<Refusal, 'code' | 'reason'>): Route | undefined {
    const route = this.#services.get(service)?.get(method)?.route;
    if (route !== undefined) this.#runner.endpoint.asker.countRefused(route, true, code, reason);
    return route;
  }

  cancel(handle: number): void {
    if (handle < localHandles) {
      this.#runner.endpoint.asker.cancel(handle);
      return;
    }
    const request = this.#local.get(handle - localHandles);
    if (request !== undefined) this.#runner.cancelLocal(request);
  }

  /** Replies to one-way requests end here: their callers were told when the request was handed on. */
  onReply(): void {}

  /** A request that ran here was answered, or is no longer wanted. */
  localEnded(request: RunningRequest): void {
    this.#local.release(request.handle);
    if (request.sender !== undefined) request.sender.oneWay--;
    this.#runner.endpoint.asker.leave(request.route!);
  }

  #runHere(
    row: MethodRow,
    route: Route,
    head: CallHead,
    oneWay: boolean,
    sink: ReplySink,
    tag: number,
    nowMs: number,
  ): number {
    const over = this.#runner.endpoint.asker.enter(route, head, nowMs);
    if (over !== undefined) return refuse(sink, tag, over);
    const own = this.#copyOf(head, oneWay);
    const request = this.#runner.localRequest(row.index, own, oneWay ? this : sink, tag);
    request.local = this;
    request.route = route;
    const handle = this.#local.take(request);
    request.handle = handle;
    if (oneWay && head.sender !== undefined) {
      request.sender = head.sender;
      request.sender.oneWay++;
    }
    this.#runner.runLocal(request, own, nowMs);
    own.source = noBytes;
    own.sender = undefined;
    if (oneWay) {
      sink.onReply(tag, handedOn);
      return -1;
    }
    return this.#local.get(handle) === undefined ? -1 : localHandles + handle;
  }

  /** The head's bytes lie in the read buffer, which the next read overwrites; the handler owns its bytes. */
  #copyOf(head: CallHead, oneWay: boolean): CallHead {
    const metadataBytes = head.metadataEnd - head.metadataStart;
    const own = this.#own;
    own.flags = head.flags;
    own.priority = head.priority;
    own.codec = head.codec;
    own.compression = head.compression;
    own.attempt = head.attempt;
    own.depth = head.depth;
    own.deadlineMs = head.deadlineMs;
    own.callIdHigh = head.callIdHigh;
    own.callIdLow = head.callIdLow;
    own.fingerprintHigh = head.fingerprintHigh;
    own.fingerprintLow = head.fingerprintLow;
    own.trace = head.trace;
    own.traceFlags = head.traceFlags;
    own.sender = head.sender;
    const start = this.#slab.roomFor(metadataBytes + head.bodyEnd - head.bodyStart, own);
    own.metadataStart = start;
    own.metadataEnd = own.bodyStart = start + metadataBytes;
    head.source.copy(own.source, start, head.metadataStart, head.metadataEnd);
    own.bodyEnd = own.bodyStart + head.source.copy(own.source, own.bodyStart, head.bodyStart, head.bodyEnd);
    if (oneWay) own.flags |= callFlags.oneWay;
    return own;
  }

  /** Answers NOT_FOUND; `known`: the service is there, but has no such method. */
  refuseUnknown(service: string, method: string, sink: ReplySink, tag: number, known: boolean): -1 {
    const name = JSON.stringify((known ? method : service).slice(0, nameShownMax));
    const sentence = known ? `service ${service} has no method ${name}` : `there is no service ${name} here`;
    return refuse(sink, tag, refusal('NOT_FOUND', sentence));
  }
}
