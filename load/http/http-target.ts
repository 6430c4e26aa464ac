// HttpTarget: load over HTTP/1.1: the request is written once and sent as the same bytes over connections that stay open.
// Each connection carries one request at a time; one that finds none free waits, and its latency counts on.

import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ClientHost } from '../../net/client/host.ts';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import type { CheckBody, LoadTarget, OutcomeSink } from '../target.ts';
import { HttpConnection, type HttpConnectionOwner, type OpenSocket } from './http-connection.ts';
import { httpError } from './http-error.ts';

export interface HttpTargetOptions {
  /** Of the method: `http://127.0.0.1:7080/demo.Echo/echo`, or https. */
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** The longest that one request may take, ms, above 0. */
  timeoutMs: number;
  /** As many requests can be under way, 1 to 10,000. */
  connections: number;
  checkBody?: CheckBody | undefined;
}

export const httpConnectionsMax = 10_000;

export class HttpTarget implements LoadTarget, HttpConnectionOwner {
  readonly connectionsWanted: number;
  readonly #host: ClientHost;
  readonly #options: HttpTargetOptions;
  readonly #request: Buffer;
  readonly #connections: HttpConnection[] = [];
  /** Those that were free when last heard of, each once; the last one is used first, so that few are kept busy. */
  readonly #idle: HttpConnection[] = [];
  /** Requests that wait for a connection, oldest first. No more than the generator sends. */
  readonly #waiting = new Map<number, { timer: number; untilMs: number }>();
  readonly #closed = Promise.withResolvers<void>();
  #sink: OutcomeSink | undefined;
  #missing = 0;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** Why the last attempt to connect failed. */
  #refusal = '';

  /** Throws INVALID_ARGUMENT when there are too many connections, or a header that HTTP has no place for. */
  constructor(options: HttpTargetOptions, host: ClientHost) {
    const { connections } = options;
    if (!(Number.isInteger(connections) && connections >= 1 && connections <= httpConnectionsMax)) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `connections must be a whole number from 1 to ${httpConnectionsMax}, not ${connections}: over HTTP each request under way takes one`,
      );
    }
    this.#host = host;
    this.#options = options;
    this.#request = requestBytes(options);
    this.connectionsWanted = connections;
  }

  get connectionsUp(): number {
    return this.#connections.filter(({ state }) => state === 'idle' || state === 'busy').length;
  }

  open(sink: OutcomeSink): void {
    this.#sink = sink;
    if (this.#state !== 'new') return;
    this.#state = 'open';
    this.#host.hold(1);
    // A literal in brackets is a literal.
    const name = this.#options.url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.#host.resolver.resolve(name).then(
      (ips) => this.#connect(name, ips),
      (reason: unknown) => this.onRefused(HeddleError.from(reason, `${name} could not be resolved`).message),
    );
  }

  send(tag: number): void {
    const { timeoutMs } = this.#options;
    const connection = this.#takeIdle();
    if (connection !== undefined) {
      connection.send(tag, this.#request, timeoutMs);
    } else if (this.#refusal !== '' && !this.#hasHope()) {
      this.#sink!.onFailure(tag, 'UNAVAILABLE', `no connection: ${this.#refusal}`);
    } else {
      const untilMs = this.#host.clock.nowMs() + timeoutMs;
      this.#waiting.set(tag, { timer: this.#host.timers.add(untilMs, this, tag), untilMs });
    }
  }

  close(): Promise<void> {
    const state = this.#state;
    this.#state = 'closed';
    if (state === 'new') this.#closed.resolve();
    if (state !== 'open') return this.#closed.promise;
    this.#idle.length = 0;
    this.#missing = this.#connections.length;
    this.#failWaiting('CANCELLED', 'the load was ended before it was sent');
    for (const connection of this.#connections) connection.close();
    if (this.#missing === 0) this.#end();
    return this.#closed.promise;
  }

  onIdle(connection: HttpConnection): void {
    this.#refusal = '';
    const [next] = this.#waiting;
    if (next === undefined) {
      if (!connection.isListed) this.#idle.push(connection);
      connection.isListed = true;
      return;
    }
    const [tag, { timer, untilMs }] = next;
    this.#waiting.delete(tag);
    this.#host.timers.remove(timer);
    connection.send(tag, this.#request, Math.max(0, untilMs - this.#host.clock.nowMs()));
  }

  onRefused(reason: string): void {
    this.#refusal = reason;
    if (!this.#hasHope()) this.#failWaiting('UNAVAILABLE', `no connection: ${reason}`);
  }

  onAnswered(tag: number, status: number, source: Buffer, start: number, end: number): void {
    if (status >= 200 && status < 300) {
      const { checkBody } = this.#options;
      const wrong = checkBody === undefined ? undefined : checkBody(source, start, end);
      if (wrong === undefined) this.#sink!.onAnswer(tag);
      else this.#sink!.onFailure(tag, 'DATA_LOSS', wrong);
      return;
    }
    const error = httpError(status, source.subarray(start, end));
    // A redirection is no answer, and nobody follows it.
    if (error === undefined) this.#sink!.onFailure(tag, 'UNIMPLEMENTED', `HTTP status ${status}, which is no answer`);
    else this.#sink!.onFailure(tag, error.code, error.message);
  }

  onLost(tag: number, code: ErrorCode, message: string): void {
    this.#sink!.onFailure(tag, code, message);
  }

  onClosed(): void {
    this.#missing--;
    if (this.#missing === 0) this.#end();
  }

  /** The time of a request that waits is over. */
  onTimer(tag: number): void {
    this.#waiting.delete(tag);
    const { timeoutMs } = this.#options;
    this.#sink!.onFailure(tag, 'DEADLINE_EXCEEDED', `no connection was free within ${timeoutMs} ms`);
  }

  #connect(name: string, ips: readonly string[]): void {
    if (this.#state !== 'open') return;
    const { url, connections, checkBody } = this.#options;
    const isTls = url.protocol === 'https:';
    for (let index = 0; index < connections; index++) {
      const options = {
        address: url.host,
        openSocket: this.#opener(name, ips, index),
        connectEvent: isTls ? 'secureConnect' : 'connect',
        keepsBodies: checkBody !== undefined,
      };
      this.#connections.push(new HttpConnection(this.#host, options, this));
    }
    for (const connection of this.#connections) connection.connect();
  }

  /** Each connection begins with another one of a name's addresses, and takes the next with each attempt. */
  #opener(name: string, ips: readonly string[], index: number): OpenSocket {
    const { url } = this.#options;
    let turn = index;
    const nextIp = (): string => ips[turn++ % ips.length]!;
    if (url.protocol !== 'https:') {
      const port = Number(url.port || 80);
      return (onBytes) =>
        this.#host.openSocket(nextIp(), port, {
          buffer: this.#host.readBuffer,
          callback: (bytes, buffer) => {
            onBytes(buffer as Buffer, bytes);
            return true;
          },
        });
    }
    const options = { port: Number(url.port || 443), ...(isIP(name) === 0 ? { servername: name } : {}) };
    return (onBytes) =>
      connectTls({ ...options, host: nextIp() }).on('data', (bytes: Buffer) => onBytes(bytes, bytes.length));
  }

  /** One that is really free: it may have been lost since. */
  #takeIdle(): HttpConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      connection.isListed = false;
      if (connection.state === 'idle') return connection;
    }
    return undefined;
  }

  /** Some connection is up or may come up. */
  #hasHope(): boolean {
    return this.#connections.some(({ state }) => state !== 'waiting');
  }

  #failWaiting(code: ErrorCode, message: string): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [tag, { timer }] of waiting) {
      this.#host.timers.remove(timer);
      this.#sink!.onFailure(tag, code, message);
    }
  }

  #end(): void {
    this.#host.hold(-1);
    this.#closed.resolve();
  }
}

function requestBytes({ url, headers, body }: HttpTargetOptions): Buffer {
  const lines = [`POST ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`];
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n\0]/.test(name + value)) {
      throw new HeddleError('INVALID_ARGUMENT', `the header ${JSON.stringify(name)} has a line break in it`);
    }
    if (name !== 'content-length') lines.push(`${name}: ${value}`);
  }
  lines.push(`content-length: ${body.length}`, '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}
