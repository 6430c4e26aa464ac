// Acceptor (main thread): owns the listening sockets, applies the limits that need no request, and hands each connection
// to the IO thread with the fewest. It never reads a byte: a socket moves to its thread unread.

import { BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { EventEmitter } from 'eventemitter3';
import type { Clock } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { BindingSettings, LimitSettings } from '../runtime/settings.ts';
import { ConnectionLedger } from './connection-ledger.ts';

/** Where a listener's connections may go: an IO thread that is alive. */
export interface ConnectionTarget {
  readonly number: number;
  /** Moves the socket to the thread. Throws when it can't be moved. */
  hand(socket: Socket, listener: number, connection: number): void;
}

export interface AcceptorOptions {
  /** One for each distinct address. */
  bindings: readonly BindingSettings[];
  limits: LimitSettings;
  /** How many files the process may open; Infinity: unknown. */
  openFilesMax: number;
  targets: () => readonly ConnectionTarget[];
  clock: Clock;
  log: Logger;
}

/** Why a connection was closed at once. */
export type RefusedReason =
  | 'denied'
  | 'max-connections'
  | 'max-connections-per-ip'
  | 'max-connections-of-listener'
  | 'no-io-thread'
  | 'not-movable';

export interface AcceptorEvents {
  refused: (reason: RefusedReason) => void;
}

/** Pending connections that the kernel keeps for a listener. */
const backlog = 1024;
/** At most one line about refusals in this time, ms. */
const refusedLogEveryMs = 1_000;

/** A connection that its IO thread has not confirmed after this time is lost, ms. */
const handOverMs = 5_000;
/** Files that the process needs beside its connections: at most so many, at most half of all. */
const otherFiles = 256;

export class Acceptor extends EventEmitter<AcceptorEvents> {
  readonly ledger = new ConnectionLedger();
  readonly #options: AcceptorOptions;
  readonly #servers: Server[] = [];
  readonly #allow: BlockList | undefined;
  readonly #deny: BlockList;
  readonly #maxConnections: number;
  readonly #refused: Partial<Record<RefusedReason, number>> = {};
  #refusedLoggedMs = Number.NEGATIVE_INFINITY;
  #turn = 0;
  #closed = false;

  constructor(options: AcceptorOptions) {
    super();
    this.#options = options;
    this.#allow = options.limits.allow.length > 0 ? blockList(options.limits.allow) : undefined;
    this.#deny = blockList(options.limits.deny);
    this.#maxConnections = connectionsWithin(options.limits.connections, options.openFilesMax);
    if (this.#maxConnections < options.limits.connections) {
      options.log.warn(
        { connections: options.limits.connections, openFilesMax: options.openFilesMax, taken: this.#maxConnections },
        'the process may open fewer files (ulimit -n) than limits.connections asks for; so many connections are taken',
      );
    }
  }

  /** Connections closed at once since the start, by reason. */
  get refused(): Readonly<Partial<Record<RefusedReason, number>>> {
    return this.#refused;
  }

  /** Opens all listeners; closes what it opened and throws, naming the address, when one can't be opened. */
  async listen(): Promise<{ protocol: string; host: string; port: number }[]> {
    const bound = [];
    for (const [listener, binding] of this.#options.bindings.entries()) {
      const { protocol, host, port } = binding;
      // A half-open connection is the protocol's affair: a client may end its side and still wait for replies.
      const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true });
      try {
        await listening(server, host, port);
      } catch (reason) {
        await this.close();
        throw cannotListen(binding, reason);
      }
      // Closed while the address was being bound: this one was not in the list yet.
      if (this.#closed) {
        server.close();
        throw new HeddleError('CANCELLED', 'the acceptor was closed while it began to listen');
      }
      server.on('connection', (socket) => this.#accept(socket, listener, binding));
      server.on('error', (error) => this.#options.log.error({ host, port, err: error }, 'a listener failed'));
      this.#servers.push(server);
      const address = server.address();
      bound.push({ protocol, host, port: typeof address === 'object' && address !== null ? address.port : port });
    }
    return bound;
  }

  /** Stops listening. Connections that were handed on are not touched. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#servers.splice(0).map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
          }),
      ),
    );
  }

  #accept(socket: Socket, listener: number, binding: BindingSettings): void {
    // Without a listener a reset before the move would end the process.
    socket.on('error', () => {});
    const ip = socket.remoteAddress;
    // The peer is gone already.
    if (ip === undefined) {
      socket.destroy();
      return;
    }
    this.#forgetLost();
    const refused = this.#reasonAgainst(ip, listener, binding);
    if (refused !== undefined) {
      this.#refuse(socket, refused);
      return;
    }
    const target = this.#target();
    if (target === undefined) {
      this.#refuse(socket, 'no-io-thread');
      return;
    }
    const { ledger } = this;
    const connection = ledger.open({ ip, listener, thread: target.number, handedMs: this.#options.clock.nowMs() });
    try {
      target.hand(socket, listener, connection);
    } catch (reason) {
      ledger.close(connection);
      this.#options.log.error({ ip, err: reason }, 'a connection could not be moved to its IO thread');
      this.#refuse(socket, 'not-movable');
    }
  }

  #forgetLost(): void {
    const lost = this.ledger.forgetLost(this.#options.clock.nowMs() - handOverMs);
    if (lost > 0) this.#options.log.error({ lost }, 'connections were lost on the way to their IO threads');
  }

  #reasonAgainst(ip: string, listener: number, binding: BindingSettings): RefusedReason | undefined {
    const { limits } = this.#options;
    const { ledger } = this;
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
    if (this.#deny.check(ip, family)) return 'denied';
    if (this.#allow !== undefined && !this.#allow.check(ip, family)) return 'denied';
    if (ledger.size >= this.#maxConnections) return 'max-connections';
    if (limits.connectionsPerIp > 0 && ledger.ofIp(ip) >= limits.connectionsPerIp) return 'max-connections-per-ip';
    if (binding.maxConnections > 0 && ledger.ofListener(listener) >= binding.maxConnections) {
      return 'max-connections-of-listener';
    }
    return undefined;
  }

  /** The living IO thread with the fewest connections; in turn among equals. */
  #target(): ConnectionTarget | undefined {
    const targets = this.#options.targets();
    let best: ConnectionTarget | undefined;
    for (let offset = 0; offset < targets.length; offset++) {
      const target = targets[(this.#turn + offset) % targets.length]!;
      if (best === undefined || this.ledger.ofThread(target.number) < this.ledger.ofThread(best.number)) best = target;
    }
    this.#turn++;
    return best;
  }

  #refuse(socket: Socket, reason: RefusedReason): void {
    socket.destroy();
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.emit('refused', reason);
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#refusedLoggedMs < refusedLogEveryMs) return;
    this.#refusedLoggedMs = nowMs;
    this.#options.log.warn({ reason, refused: { ...this.#refused } }, 'connections are refused');
  }
}

function connectionsWithin(connections: number, openFilesMax: number): number {
  return Math.min(connections, openFilesMax - Math.min(otherFiles, Math.ceil(openFilesMax / 2)));
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function cannotListen(binding: BindingSettings, reason: unknown): HeddleError {
  const { protocol, host, port } = binding;
  const code = reason instanceof Error && 'code' in reason ? reason.code : undefined;
  const why =
    code === 'EADDRINUSE'
      ? 'the address is in use: stop the other process, or choose another port'
      : code === 'EACCES'
        ? 'not permitted: ports below 1024 need privileges'
        : code === 'EADDRNOTAVAIL'
          ? 'this machine has no such address'
          : String(reason);
  return new HeddleError('FAILED_PRECONDITION', `cannot listen on ${protocol}://${host}:${port}: ${why}`, {
    cause: reason,
  });
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address, prefix] = block.split('/') as [string, string | undefined];
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return list;
}
