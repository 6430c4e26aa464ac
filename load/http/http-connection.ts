// HttpConnection: one socket that takes one request after another, made again whenever it is lost. No promises, and no
// timers but entries of the thread's wheel.
//
// States, what keeps each and what leaves it:
//   connecting  until the socket is connected (→ idle), fails or takes too long (→ waiting)
//   idle        until it is given a request (→ busy) or is closed (→ connecting, or waiting)
//   busy        until the answer has come (→ idle, or → connecting when the server closes behind it), the socket is lost
//               (→ connecting, or waiting), or the request's time is over (→ connecting)
//   waiting     when the last socket brought no answer, longer each time in a row (→ connecting)
//   closed      for ever

import type { Socket } from 'node:net';
import type { ClientHost } from '../../net/client/host.ts';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { type ResponseHandler, ResponseParser } from './response-parser.ts';

/** Who owns connections. None of these may throw. */
export interface HttpConnectionOwner {
  /** It takes a request. */
  onIdle(connection: HttpConnection): void;
  /** An attempt to connect has failed. */
  onRefused(reason: string): void;
  onAnswered(tag: number, status: number, source: Buffer, start: number, end: number): void;
  onLost(tag: number, code: ErrorCode, message: string): void;
  /** For good: it was told to close and its socket has. */
  onClosed(): void;
}

/** Opens a socket; `onBytes` is called with what was read, in memory that the next read overwrites. */
export type OpenSocket = (onBytes: (source: Buffer, bytes: number) => void) => Socket;

export interface HttpConnectionOptions {
  /** `127.0.0.1:7080`, for sentences. */
  address: string;
  openSocket: OpenSocket;
  /** `connect`, or `secureConnect` of TLS. */
  connectEvent: string;
  keepsBodies: boolean;
}

/** From the first SYN to an open connection, TLS included, ms. */
const connectMaxMs = 5_000;
/** After a failed attempt, ms; doubled each time in a row. */
const waitFirstMs = 50;
const waitMaxMs = 1_000;

const unasked = 'it sent an answer that nobody had asked for';

const noTimer = -1;

type State = 'connecting' | 'idle' | 'busy' | 'waiting' | 'closed';

export class HttpConnection implements ResponseHandler {
  readonly #host: ClientHost;
  readonly #options: HttpConnectionOptions;
  readonly #owner: HttpConnectionOwner;
  #state: State = 'waiting';
  #socket: Socket | undefined;
  /** The one that `close` waits for. */
  #closing: Socket | undefined;
  #parser: ResponseParser;
  #tag = 0;
  #timeoutMs = 0;
  #timer = noTimer;
  #waitMs = waitFirstMs;
  /** This socket has brought an answer: whoever is there serves. */
  #hasAnswered = false;
  /** The owner's own mark: it stands in its list of idle ones. */
  isListed = false;

  constructor(host: ClientHost, options: HttpConnectionOptions, owner: HttpConnectionOwner) {
    this.#host = host;
    this.#options = options;
    this.#owner = owner;
    this.#parser = new ResponseParser(this, options.keepsBodies);
  }

  get state(): State {
    return this.#state;
  }

  connect(): void {
    this.#state = 'connecting';
    this.#hasAnswered = false;
    this.#parser = new ResponseParser(this, this.#options.keepsBodies);
    const socket = this.#options.openSocket((source, bytes) => {
      if (this.#socket === socket) this.#read(source, bytes);
    });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once(this.#options.connectEvent, () => {
      if (this.#socket === socket) this.#becomeIdle();
    });
    socket.once('end', () => {
      if (this.#socket !== socket) return;
      this.#parser.end();
      if (this.#socket === socket) this.#lose('the server closed it');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#lose(error.code ?? error.message);
    });
    socket.once('close', () => {
      if (this.#socket === socket) this.#lose('it was closed');
      else if (this.#closing === socket) this.#owner.onClosed();
    });
    this.#arm(connectMaxMs);
  }

  /** Only while idle. The tag is answered once, or lost. */
  send(tag: number, request: Buffer, timeoutMs: number): void {
    this.#state = 'busy';
    this.#tag = tag;
    this.#timeoutMs = timeoutMs;
    this.#arm(timeoutMs);
    this.#socket!.write(request);
  }

  /** A request under way is lost: CANCELLED. `onClosed` follows. */
  close(): void {
    const { state } = this;
    this.#state = 'closed';
    this.#disarm();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#parser.stop();
    if (state === 'busy') this.#owner.onLost(this.#tag, 'CANCELLED', 'the load was ended before the answer came');
    this.#closing = socket;
    if (socket === undefined) this.#owner.onClosed();
    else socket.destroy();
  }

  onTimer(): void {
    this.#timer = noTimer;
    if (this.#state === 'waiting') this.connect();
    else if (this.#state === 'connecting') this.#lose(`no connection within ${connectMaxMs} ms`);
    else if (this.#state === 'busy') {
      // HTTP has no way to take a request back but this.
      const tag = this.#tag;
      this.#connectAnew();
      const message = `${this.#options.address} sent no answer within ${this.#timeoutMs} ms`;
      this.#owner.onLost(tag, 'DEADLINE_EXCEEDED', message);
    }
  }

  onResponse(status: number, keepsAlive: boolean, source: Buffer, start: number, end: number): void {
    if (this.#state !== 'busy') {
      this.#lose(unasked);
      return;
    }
    const tag = this.#tag;
    this.#disarm();
    this.#hasAnswered = true;
    this.#waitMs = waitFirstMs;
    // First of all: the next request may go out from within `onAnswered`.
    if (keepsAlive) {
      this.#state = 'idle';
      this.#owner.onIdle(this);
    } else {
      this.#connectAnew();
    }
    this.#owner.onAnswered(tag, status, source, start, end);
  }

  #read(source: Buffer, bytes: number): void {
    const isAsked = this.#state === 'busy';
    try {
      this.#parser.push(source, bytes);
      // The beginning of an answer, if it is one: it would count as the next request's.
      if (!isAsked && this.#parser.partial) this.#lose(unasked);
    } catch (reason) {
      this.#lose(HeddleError.from(reason, 'it could not be read').message);
    }
  }

  #becomeIdle(): void {
    this.#disarm();
    this.#state = 'idle';
    this.#owner.onIdle(this);
  }

  /** The peer has given the socket up. */
  #lose(reason: string): void {
    const message = `${this.#options.address}: ${reason}`;
    const { state } = this;
    if (this.#hasAnswered) {
      this.#connectAnew();
    } else {
      this.#forgetSocket();
      this.#state = 'waiting';
      this.#arm(this.#waitMs);
      this.#waitMs = Math.min(waitMaxMs, this.#waitMs * 2);
    }
    if (state === 'busy') this.#owner.onLost(this.#tag, 'UNAVAILABLE', `the connection was lost: ${message}`);
    if (this.#state === 'waiting') this.#owner.onRefused(message);
  }

  #connectAnew(): void {
    this.#forgetSocket();
    this.connect();
  }

  #forgetSocket(): void {
    this.#disarm();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#parser.stop();
    socket?.destroy();
  }

  #arm(delayMs: number): void {
    this.#disarm();
    this.#timer = this.#host.timers.add(this.#host.clock.nowMs() + delayMs, this, 0);
  }

  #disarm(): void {
    if (this.#timer !== noTimer) this.#host.timers.remove(this.#timer);
    this.#timer = noTimer;
  }
}
