// Listeners (main thread): the acceptor's listening sockets. They can be closed for a while and opened again where they
// were, also those that had asked for any free port: Node has no way to stop accepting on a socket that listens.

import { createServer, type Server } from 'node:net';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { BindingSettings } from '../../runtime/settings.ts';
import { type AcceptedConnection, HandleConnection, SocketConnection } from './accepted-connection.ts';
import { takeHandles } from './accepted-handle.ts';

/** Pending connections that the kernel keeps for a listener. */
const backlog = 1024;

export interface BoundAddress {
  protocol: string;
  host: string;
  port: number;
}

interface Listening {
  readonly index: number;
  readonly binding: BindingSettings;
  /** 0: any free one, until it was first opened. */
  port: number;
  /** Undefined: closed. */
  server: Server | undefined;
}

export class Listeners {
  readonly #all: readonly Listening[];
  readonly #onConnection: (accepted: AcceptedConnection, index: number) => void;
  readonly #log: Logger;
  #paused = false;
  #closed = false;
  #resumed: Promise<HeddleError | undefined> = Promise.resolve(undefined);

  /** `index`: of the binding that the connection came in by. */
  constructor(
    bindings: readonly BindingSettings[],
    onConnection: (accepted: AcceptedConnection, index: number) => void,
    log: Logger,
  ) {
    this.#all = bindings.map((binding, index) => ({ index, binding, port: binding.port, server: undefined }));
    this.#onConnection = onConnection;
    this.#log = log;
  }

  /** Opens all; closes what it opened and throws, naming the address, when one can't be opened. */
  async open(): Promise<BoundAddress[]> {
    for (const one of this.#all) {
      try {
        await this.#open(one);
      } catch (reason) {
        await this.close();
        throw reason;
      }
    }
    return this.#all.map(({ binding, port }) => ({ protocol: binding.protocol, host: binding.host, port }));
  }

  /** Closes all at once; connections that the kernel holds for them are reset, new ones refused. */
  pause(): void {
    this.#paused = true;
    for (const one of this.#all) {
      one.server?.close();
      one.server = undefined;
    }
  }

  /** Opens again what `pause` closed. Resolves with why some are still closed; undefined: no reason to try again. */
  resume(): Promise<HeddleError | undefined> {
    this.#paused = false;
    // One after the other: a pause may have come in between.
    this.#resumed = this.#resumed.then(() => this.#openAll());
    return this.#resumed;
  }

  /** Stops listening for good. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = this.#all.flatMap((one) => one.server ?? []);
    this.pause();
    await Promise.all(open.map((server) => new Promise<void>((resolve) => void server.once('close', resolve))));
  }

  async #openAll(): Promise<HeddleError | undefined> {
    let failure: HeddleError | undefined;
    for (const one of this.#all) {
      if (this.#paused || this.#closed) return undefined;
      if (one.server !== undefined) continue;
      try {
        await this.#open(one);
      } catch (reason) {
        failure = HeddleError.from(reason);
      }
    }
    return this.#paused || this.#closed ? undefined : failure;
  }

  async #open(one: Listening): Promise<void> {
    const { index, binding, port } = one;
    // A half-open connection is the protocol's affair: a client may end its side and still wait for replies.
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true });
    try {
      await listening(server, binding.host, port);
    } catch (reason) {
      throw cannotListen(binding, port, reason);
    }
    // Closed while the address was being bound: this one was not in the list yet.
    if (this.#closed || this.#paused) {
      server.close();
      throw new HeddleError('CANCELLED', 'the listeners were closed while this one was opened');
    }
    takeHandles(server, (handle) => this.#onConnection(new HandleConnection(handle), index));
    server.on('connection', (socket) => this.#onConnection(new SocketConnection(socket), index));
    server.on('error', (error) => this.#log.error({ host: binding.host, port, err: error }, 'a listener failed'));
    const address = server.address();
    if (typeof address === 'object' && address !== null) one.port = address.port;
    one.server = server;
  }
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

function cannotListen({ protocol, host }: BindingSettings, port: number, reason: unknown): HeddleError {
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
