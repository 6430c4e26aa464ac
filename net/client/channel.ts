// ClientChannel: calls to one service, over connections to all its addresses. A CallCarrier: it takes calls from a
// stand-alone client's stub or from an IO thread's queue of outgoing calls, picks a connection, keeps the table of who
// waits for what, and answers each call exactly once: with the server's reply, or with what became of it. It lives on
// one thread; a call costs a slot of the table and an entry of the timer wheel, no object. The addresses may change while it
// lives (`setAddresses`, subchannels.ts), and so may its options (`optionsChanged`); the calls in flight are answered all the
// same.
//
// A call that finds no connection up waits for one, within its deadline, unless the outage is more than a brief
// reconnect (outage.ts). Addresses that fail where others don't take no calls for a while (outliers.ts). Nothing is
// repeated here: that is the stub's (retry-policy.ts).

import {
  type CallCarrier,
  type CallHead,
  type CallReply,
  callFlags,
  emptyCallReply,
  noBytes,
  type ReplySink,
} from '../../runtime/call.ts';
import { codeNumber, type ErrorCode, HeddleError, type RetryHint, retryHints } from '../../runtime/errors.ts';
import { metadataMaxBytes } from '../../runtime/metadata.ts';
import { clientConnectionsMax } from '../../runtime/settings.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import { budgetUsUntil, type EncodedRoute, requestFrameBytes } from '../protocol/heddle/encode.ts';
import type { Address } from './address.ts';
import { type Balancer, type BalancerName, makeBalancer } from './balancer.ts';
import { CallTable } from './call-table.ts';
import type { ClientConnection } from './connection.ts';
import type { ClientHost } from './host.ts';
import type { NamedClient } from './naming-watch.ts';
import { addressesThatFit, type ChannelOptions } from './options.ts';
import { Outage } from './outage.ts';
import { type AddressHealth, doubts, Outliers } from './outliers.ts';
import * as refusals from './refusals.ts';
import { RouteCache, routeText } from './route-cache.ts';
import type { Subchannel, SubchannelOwner } from './subchannel.ts';
import { Subchannels } from './subchannels.ts';
import { WaitingCalls } from './waiting-calls.ts';

/** Where a channel stands, for logs, metrics and tests. */
export interface ChannelStats {
  /** Calls not yet answered, waiting ones included. */
  inFlight: number;
  /** Calls that wait for a connection. */
  waiting: number;
  /** Connections that take calls. */
  ready: number;
  /** Connections in any state. */
  connections: number;
  /** Requests so far that were not the first attempt of their call. */
  retries: number;
  /** Addresses that take no calls, because they kept failing. */
  ejected: number;
}

const noTimer = -1;

/**
 * A call that waits for a naming's first word is told so this long before its deadline, ms, or a tenth of its time: its
 * caller on another thread, whose own timer knows no reason, must hear it first.
 */
const namelessEarlyMs = 25;

/** Calls that every channel's table has room for, since `maxInFlight` may change: what heddle.yaml allows. */
const tableCalls = 65_536;

/** A caller that cancels this shortly before a call's deadline, ms, does so because of it. */
const earlyMs = 1;

const unavailable = codeNumber('UNAVAILABLE');
const deadlineExceeded = codeNumber('DEADLINE_EXCEEDED');
const mayRetry = retryHints.indexOf('yes');

/** What a one-way call gets once it is handed on: success and no bytes. */
const handedOn: CallReply = emptyCallReply();

export class ClientChannel implements CallCarrier, NamedClient, SubchannelOwner, TimerTarget {
  readonly #host: ClientHost;
  readonly #options: ChannelOptions;
  readonly #onSettled: ((code: number, latencyMs: number) => void) | undefined;
  #balance: BalancerName;
  #balancer: Balancer;
  readonly #table: CallTable<ClientConnection, EncodedRoute>;
  readonly #waiting: WaitingCalls;
  readonly #routes = new RouteCache();
  readonly #subchannels: Subchannels;
  readonly #outage: Outage;
  readonly #outliers: Outliers;
  /** Those that take calls. */
  readonly #ready: ClientConnection[] = [];
  /** All that are not closed. */
  readonly #connections = new Set<ClientConnection>();
  #retries = 0;
  #opened = false;
  #closed: PromiseWithResolvers<void> | undefined;

  /** `onSettled` hears the code of each answered call and how long it took. */
  constructor(host: ClientHost, options: ChannelOptions, onSettled?: (code: number, latencyMs: number) => void) {
    this.#host = host;
    this.#onSettled = onSettled;
    this.#options = options;
    this.#balance = options.balance;
    this.#balancer = makeBalancer(options.balance);
    this.#table = new CallTable(Math.max(tableCalls, options.maxInFlight));
    this.#waiting = new WaitingCalls(options.writeBufferBytes);
    this.#outliers = new Outliers(host, options);
    this.#subchannels = new Subchannels(host, options, this);
    this.#outage = new Outage(host, options.reconnectGraceMs, this.#subchannels, () => this.#judgeOutage());
  }

  /** Whether some connection takes calls now. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Calls not yet answered, waiting ones included. */
  get inFlight(): number {
    return this.#table.size;
  }

  /** Whether a call would be refused now for want of room. To ask is cheaper than to be refused. */
  get isFull(): boolean {
    if (this.#table.size >= this.#options.maxInFlight) return true;
    return this.isReady ? !this.#ready.some(hasRoom) : !this.#waiting.hasRoom;
  }

  /** Addresses that `setAddresses` takes at most. */
  get addressesMax(): number {
    return addressesThatFit(this.#options);
  }

  get stats(): ChannelStats {
    return {
      inFlight: this.#table.size,
      waiting: this.#waiting.size,
      ready: this.#ready.length,
      connections: this.#connections.size,
      retries: this.#retries,
      ejected: this.#outliers.size,
    };
  }

  /** Begins to connect. The first call does so too. */
  open(): void {
    if (this.#opened || this.#closed !== undefined) return;
    this.#opened = true;
    this.#subchannels.start();
  }

  /**
   * These are the addresses from now on, checked, each once. Calls in flight at one that went are finished there, for
   * `retireTimeoutMs`; new ones and those that wait go to the others.
   */
  setAddresses(addresses: readonly Address[]): void {
    if (this.#closed !== undefined) return;
    const wasEmpty = this.#subchannels.isEmpty;
    this.#subchannels.set(addresses);
    if (this.#opened) this.#subchannels.start();
    if (this.#subchannels.isEmpty && !wasEmpty && this.#ready.length === 0) this.#outage.begin();
    this.#judgeOutage();
  }

  /**
   * Whoever made the channel has changed its options, which hold from the next look on: for calls, attempts to connect and
   * connections that begin from now on. Name, frames and naming stay. Addresses beyond the bound of connections are left out.
   */
  optionsChanged(): void {
    const { balance, writeBufferBytes, connections, addresses, namedBy } = this.#options;
    if (balance !== this.#balance) this.#balancer = makeBalancer(balance);
    this.#balance = balance;
    this.#waiting.boundBytes = writeBufferBytes;
    const known = namedBy === undefined ? addresses : this.#subchannels.addresses;
    const present = known.slice(0, Math.floor(clientConnectionsMax / connections));
    if (this.#subchannels.isKnown && !this.#subchannels.fit(present)) this.setAddresses(present);
  }

  /** As CallCarrier.call; `mark` is metadata that goes behind the head's own. */
  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number, mark: Buffer = noBytes): number {
    const nameless = head.callIdHigh === 0 && head.callIdLow === 0;
    if (nameless) this.#name(head);
    try {
      return this.#take(this.#routes.get(service, method), head, sink, tag, mark);
    } catch (reason) {
      sink.onReply(tag, refusals.replyOfError(HeddleError.from(reason, 'the client failed')));
      return -1;
    } finally {
      if (nameless) {
        head.callIdHigh = 0;
        head.callIdLow = 0;
      }
    }
  }

  cancel(handle: number): void {
    const slot = this.#table.slotOf(handle);
    if (slot < 0) return;
    const carrier = this.#table.carriers[slot];
    if (carrier !== undefined) {
      carrier.sendCancel(handle);
      this.#judgeCancel(carrier, slot, handle);
    }
    this.#free(slot, handle);
  }

  /**
   * Takes no more calls, answers those in flight with CANCELLED, sends what is unsent and closes all connections.
   * Resolves when they have closed, at most closeTimeoutMs later. Idempotent.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed.promise;
    this.#closed = Promise.withResolvers<void>();
    this.#subchannels.close();
    this.#ready.length = 0;
    this.#outage.end();
    for (let slot = 0; slot < this.#table.slots && this.#table.size > 0; slot++) {
      const id = this.#table.idAt(slot);
      if (id < 0) continue;
      this.#table.carriers[slot]?.sendCancel(id);
      this.#fail(slot, 'CANCELLED', 'the client was closed before the reply came', 'if-idempotent');
    }
    for (const connection of [...this.#connections]) connection.end();
    if (this.#connections.size === 0) {
      this.#closed.resolve();
      return this.#closed.promise;
    }
    // Whoever awaits this must not find the process gone before its connections have closed.
    this.#host.hold(1);
    return this.#closed.promise.finally(() => this.#host.hold(-1));
  }

  /** A call's deadline. */
  onTimer(tag: number): void {
    const slot = this.#table.slotOf(tag);
    if (slot < 0) return;
    this.#table.timers[slot] = noTimer;
    const carrier = this.#table.carriers[slot];
    carrier?.sendCancel(tag);
    const spentMs = Math.round(this.#host.clock.nowMs() - this.#table.sinceMs[slot]!);
    if (carrier !== undefined) {
      this.#outliers.failed(carrier.health, this.#table.sinceMs[slot]!, 'no reply in time');
      this.#fail(slot, 'DEADLINE_EXCEEDED', `${carrier.address} sent no reply within ${spentMs} ms`, 'no');
    } else this.#fail(slot, 'DEADLINE_EXCEEDED', `no connection within ${spentMs} ms: ${this.#outage.reasons()}`, 'no');
  }

  healthOf(address: string): AddressHealth {
    return this.#outliers.at(address);
  }

  onConnecting(connection: ClientConnection): void {
    this.#connections.add(connection);
  }

  onReady(connection: ClientConnection): void {
    this.#ready.push(connection);
    connection.health.ready++;
    this.#outage.end();
    // All of them, without asking for room: while they waited they kept to the same bound.
    for (const id of this.#waiting.ids()) this.#sendWaiting(connection, id);
  }

  onReply(connection: ClientConnection, requestId: number, reply: CallReply): void {
    const slot = this.#slotOn(connection, requestId);
    if (slot < 0) {
      this.#host.count('client-late-reply');
      return;
    }
    const { health } = connection;
    if (reply.code === unavailable) this.#outliers.unavailable(health, this.#table.sinceMs[slot]!, 'UNAVAILABLE');
    else if (reply.code === deadlineExceeded) {
      if (reply.retry === mayRetry) this.#outliers.notStarted(health, requestId, 'not started');
      else this.#outliers.failed(health, this.#table.sinceMs[slot]!, 'DEADLINE_EXCEEDED');
    } else this.#outliers.succeeded(health);
    this.#settle(slot, reply, connection.heardMs);
  }

  onBadReply(connection: ClientConnection, requestId: number, code: ErrorCode, message: string): void {
    const slot = this.#slotOn(connection, requestId);
    if (slot < 0) return;
    // It has run, and would be answered in the same way again.
    const kind = code === 'RESOURCE_EXHAUSTED' ? code : 'INTERNAL';
    // Too long for us is no fault of the peer's.
    if (kind === 'INTERNAL') this.#outliers.failed(connection.health, this.#table.sinceMs[slot]!, message);
    else this.#outliers.succeeded(connection.health);
    this.#fail(slot, kind, `the reply of ${connection.address} can't be read: ${message}`, 'no');
  }

  onDraining(connection: ClientConnection): void {
    this.#unready(connection);
  }

  onClosed(connection: ClientConnection, error: HeddleError): void {
    this.#connections.delete(connection);
    this.#unready(connection);
    if (connection.inFlight > 0 && this.#closed === undefined)
      this.#outliers.failed(connection.health, this.#host.clock.nowMs(), error.message);
    for (let slot = 0; slot < this.#table.slots && connection.inFlight > 0; slot++) {
      if (this.#table.carriers[slot] !== connection) continue;
      const retry = connection.mayHaveRun(this.#table.positions[slot]!) ? 'if-idempotent' : 'yes';
      this.#fail(slot, 'UNAVAILABLE', `the connection was lost: ${error.message}`, retry);
    }
    if (this.#closed !== undefined && this.#connections.size === 0) this.#closed.resolve();
  }

  onFailed(subchannel: Subchannel): void {
    this.#host.log.debug({ address: subchannel.address, reason: subchannel.failure?.message }, 'connecting failed');
    this.#judgeOutage();
  }

  /** Takes a call, or throws why not. */
  #take(route: EncodedRoute, head: CallHead, sink: ReplySink, tag: number, mark: Buffer): number {
    const { timeoutMs } = this.#options;
    const nowMs = this.#host.clock.nowMs();
    const deadlineMs = timeoutMs === 0 ? head.deadlineMs : Math.min(head.deadlineMs, nowMs + timeoutMs);
    const bytes = requestFrameBytes(route, head, mark);
    this.#admit(route, head.metadataEnd - head.metadataStart + mark.length, bytes, deadlineMs > nowMs);
    this.open();
    const connection = this.#pick(route, head, nowMs);
    if (head.attempt > 1) this.#retries++;
    if (connection !== undefined && (head.flags & callFlags.oneWay) !== 0) {
      connection.sendRequest(0, route, head, budgetUsUntil(deadlineMs, nowMs), bytes, mark);
      sink.onReply(tag, handedOn);
      return -1;
    }
    if (this.#table.size === 0) this.#host.hold(1);
    const id = this.#table.claim(sink, tag);
    const slot = this.#table.slotOf(id);
    this.#table.routes[slot] = route;
    this.#table.sinceMs[slot] = nowMs;
    this.#table.deadlinesMs[slot] = deadlineMs;
    if (deadlineMs !== Number.POSITIVE_INFINITY) {
      const leadMs = this.#subchannels.isKnown ? 0 : Math.min(namelessEarlyMs, (deadlineMs - nowMs) / 10);
      this.#table.timers[slot] = this.#host.timers.add(deadlineMs - leadMs, this, id);
    }
    if (connection === undefined) {
      this.#waiting.add(id, head, mark, deadlineMs);
    } else {
      const budgetUs = budgetUsUntil(deadlineMs, nowMs);
      this.#table.positions[slot] = connection.sendRequest(id, route, head, budgetUs, bytes, mark);
      this.#table.carriers[slot] = connection;
      if (connection.doubt === doubts.ejected) this.#outliers.probing(connection.health, id);
    }
    return id;
  }

  /** Throws what keeps a call out, whoever would carry it. */
  #admit(route: EncodedRoute, metadataBytes: number, bytes: number, inTime: boolean): void {
    const { name, frameBytes, maxInFlight } = this.#options;
    if (this.#closed !== undefined) throw refusals.closed(name);
    if (!inTime) throw refusals.tooLate(routeText(route));
    if (bytes > frameBytes) throw refusals.frameTooLong(routeText(route), bytes, frameBytes);
    if (metadataBytes > metadataMaxBytes) throw refusals.metadataTooLong(routeText(route), metadataBytes);
    if (this.#table.size >= maxInFlight) throw refusals.tooManyInFlight(name, maxInFlight);
  }

  /** The connection that takes a call; undefined: the call waits for one. Throws when there is no room for either. */
  #pick(route: EncodedRoute, head: CallHead, nowMs: number): ClientConnection | undefined {
    const { name, writeBufferBytes } = this.#options;
    if (this.#ready.length > 0) {
      const connection = this.#choose(head, nowMs);
      if (connection === undefined) throw refusals.notRead(name, writeBufferBytes);
      return connection;
    }
    if (this.#outage.hopeless()) throw this.#outage.error(routeText(route));
    if (!this.#waiting.hasRoom) throw refusals.waitingRoomFull(name, writeBufferBytes);
    return undefined;
  }

  /** Among those that are up: undefined when none has room. */
  #choose(head: CallHead, nowMs: number): ClientConnection | undefined {
    const isRetry = head.attempt > 1;
    const anyOut = this.#outliers.size > 0;
    if (anyOut && !isRetry && (head.flags & callFlags.oneWay) === 0) {
      const probed = this.#outliers.probe(this.#ready, (head.flags & callFlags.idempotent) !== 0, nowMs);
      if (probed !== undefined) return probed;
    }
    // A retry goes where the last call went well, if anywhere it did.
    const wary = isRetry ? this.#balancer.pick(this.#ready, doubts.none) : undefined;
    const chosen = wary ?? this.#balancer.pick(this.#ready, doubts.failedLast);
    // With nobody else to take it, an address that fails is still better than a refusal.
    return chosen ?? (anyOut ? this.#balancer.pick(this.#ready, doubts.ejected) : undefined);
  }

  /** A caller gave up. At its deadline, that is the peer's failure: another thread's timer may come before ours. */
  #judgeCancel(carrier: ClientConnection, slot: number, id: number): void {
    const sentMs = this.#table.sinceMs[slot]!;
    if (this.#host.clock.nowMs() >= this.#table.deadlinesMs[slot]! - earlyMs)
      this.#outliers.failed(carrier.health, sentMs, 'no reply in time');
    else this.#outliers.gaveUp(carrier.health, id);
  }

  #sendWaiting(connection: ClientConnection, id: number): void {
    const nowMs = this.#host.clock.nowMs();
    const head = this.#waiting.take(id);
    // Answered meanwhile, by what another one's answer led to.
    if (head === undefined) return;
    const slot = this.#table.slotOf(id);
    const route = this.#table.routes[slot]!;
    const oneWay = (head.flags & callFlags.oneWay) !== 0;
    const budgetUs = budgetUsUntil(head.deadlineMs, nowMs);
    const position = connection.sendRequest(oneWay ? 0 : id, route, head, budgetUs, requestFrameBytes(route, head));
    if (oneWay) {
      this.#settle(slot, handedOn);
    } else {
      const timer = this.#table.timers[slot]!;
      if (timer !== noTimer) {
        // It may have been set for those who wait.
        this.#host.timers.remove(timer);
        this.#table.timers[slot] = this.#host.timers.add(this.#table.deadlinesMs[slot]!, this, id);
      }
      this.#table.positions[slot] = position;
      this.#table.carriers[slot] = connection;
    }
  }

  #judgeOutage(): void {
    if (this.#waiting.size === 0 || !this.#outage.hopeless()) return;
    for (const id of this.#waiting.ids()) {
      const slot = this.#table.slotOf(id);
      if (slot >= 0)
        this.#settle(slot, refusals.replyOfError(this.#outage.error(routeText(this.#table.routes[slot]!))));
    }
  }

  #unready(connection: ClientConnection): void {
    const index = this.#ready.indexOf(connection);
    if (index < 0) return;
    this.#ready.splice(index, 1);
    connection.health.ready--;
    if (this.#ready.length === 0) this.#outage.begin();
  }

  /** The slot of a call that waits for its reply on this very connection, or -1. */
  #slotOn(connection: ClientConnection, requestId: number): number {
    const slot = this.#table.slotOf(requestId);
    return slot >= 0 && this.#table.carriers[slot] === connection ? slot : -1;
  }

  #fail(slot: number, code: ErrorCode, what: string, retry: RetryHint): void {
    const message = `${routeText(this.#table.routes[slot]!)}: ${what}`;
    this.#settle(slot, refusals.replyOfError(new HeddleError(code, message, { retry })));
  }

  /** Frees first: what the receiver does next finds everything in order. `atMs`: when the reply came; default: now. */
  #settle(slot: number, reply: CallReply, atMs?: number): void {
    if (this.#onSettled !== undefined) {
      this.#onSettled(reply.code, (atMs ?? this.#host.clock.nowMs()) - this.#table.sinceMs[slot]!);
    }
    const sink = this.#table.sinks[slot]!;
    const tag = this.#table.tags[slot]!;
    this.#free(slot, this.#table.idAt(slot));
    sink.onReply(tag, reply);
  }

  #free(slot: number, id: number): void {
    const timer = this.#table.timers[slot]!;
    const carrier = this.#table.carriers[slot];
    if (timer !== noTimer) this.#host.timers.remove(timer);
    if (carrier === undefined) this.#waiting.take(id);
    this.#table.release(slot);
    if (this.#table.size === 0) this.#host.hold(-1);
    carrier?.settled();
  }

  /** A call id for logs on both sides, the same over all attempts; a caller that repeats calls brings its own. */
  #name(head: CallHead): void {
    head.callIdHigh = Math.floor(this.#host.random() * 0x1_0000_0000);
    // Never 0,0, which says that there is none.
    head.callIdLow = Math.floor(this.#host.random() * 0xffff_ffff) + 1;
  }
}

function hasRoom(connection: ClientConnection): boolean {
  return connection.hasRoom;
}
