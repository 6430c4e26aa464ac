// HttpProtocol: protocol `http` of one IO thread, on node:http. The servers here never listen: the acceptor's sockets are
// given to them one by one. node:http parses, keeps order and enforces timeouts; HttpConnection does the rest.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from '../../../runtime/lean-http.ts';
import type { Protocol, ProtocolConnection, ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { Exchange, HttpRequest } from './exchange.ts';
import { HttpConnection } from './http-connection.ts';
import { HttpThread } from './http-thread.ts';
import { headBytesMax, headersMax } from './limits.ts';

/** Makes protocol `http` for one IO thread. */
export function httpProtocol(host: ProtocolHost): Protocol {
  return new HttpProtocol(host);
}

type HttpServer = Server<typeof HttpRequest, typeof Exchange>;

/** A server, and how many connections it has now. */
interface SharedServer {
  readonly server: HttpServer;
  connections: number;
}

class HttpProtocol implements Protocol {
  readonly #thread: HttpThread;
  readonly #connections = new Map<Duplex, HttpConnection>();
  /** Bindings that agree in what node:http has to know share a server. */
  readonly #servers = new Map<string, SharedServer>();

  constructor(host: ProtocolHost) {
    this.#thread = new HttpThread(host);
  }

  accept(socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection {
    const connection = new HttpConnection(this.#thread, socket, binding);
    const shared = this.#serverFor(binding);
    shared.connections++;
    this.#connections.set(socket, connection);
    socket.on('close', () => {
      shared.connections--;
      this.#connections.delete(socket);
      connection.close();
      onClose();
    });
    socket.setNoDelay(true);
    shared.server.emit('connection', socket);
    // A socket that was accepted with pauseOnConnect stays paused for node:http too.
    socket.resume();
    return connection;
  }

  close(): void {
    for (const connection of [...this.#connections.values()]) connection.destroy();
    for (const { server } of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  #serverFor(binding: BindingSettings): SharedServer {
    const key = `${binding.readTimeoutMs} ${binding.idleTimeoutMs}`;
    let shared = this.#servers.get(key);
    if (shared === undefined) {
      this.#dropUnused();
      shared = { server: this.#makeServer(binding), connections: 0 };
      this.#servers.set(key, shared);
    }
    return shared;
  }

  /** Timeouts may change while the process runs: servers that nobody uses would look for late requests for ever. */
  #dropUnused(): void {
    if (this.#servers.size < serversMax) return;
    for (const [key, { server, connections }] of this.#servers) {
      if (connections > 0) continue;
      server.close();
      this.#servers.delete(key);
    }
  }

  #makeServer(binding: BindingSettings): HttpServer {
    const { readTimeoutMs, idleTimeoutMs } = binding;
    // Clients are told less than what holds, so that their next request does not meet our end.
    const graceMs = Math.min(1000, idleTimeoutMs >> 1);
    const server: HttpServer = createServer<typeof HttpRequest, typeof Exchange>({
      IncomingMessage: HttpRequest,
      ServerResponse: Exchange,
      maxHeaderSize: headBytesMax,
      headersTimeout: readTimeoutMs,
      requestTimeout: readTimeoutMs,
      keepAliveTimeout: idleTimeoutMs - graceMs,
      keepAliveTimeoutBuffer: graceMs,
      connectionsCheckingInterval: Math.min(checkEveryMsMax, Math.max(checkEveryMsMin, readTimeoutMs >> 3)),
      // The answer to a missing host is ours, so that it looks like all the others.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
    });
    // One more than allowed is kept, or the rest would be dropped in silence.
    server.maxHeadersCount = headersMax + 1;
    server.on('request', (request, exchange) => this.#connections.get(request.socket)?.begin(request, exchange, false));
    server.on('checkContinue', (request, exchange) =>
      this.#connections.get(request.socket)?.begin(request, exchange, true),
    );
    server.on('checkExpectation', (request, exchange) =>
      this.#connections.get(request.socket)?.beginUnmet(request, exchange),
    );
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#connections.get(socket)?.fault(error.code),
    );
    server.on('timeout', (socket) => this.#connections.get(socket)?.quiet());
    // Its timeouts and its list of connections start only then, and it never listens itself.
    server.emit('listening');
    return server;
  }
}

/** Servers of one thread from which on those without connections are dropped before another is made. */
const serversMax = 16;
/** How often node:http looks for requests that are late, ms: an eighth of the timeout, within these bounds. */
const checkEveryMsMin = 10;
const checkEveryMsMax = 1000;
