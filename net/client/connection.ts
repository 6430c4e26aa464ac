// ClientConnection: one socket to one server, from the first SYN to the close, and never used again. It writes requests
// and reads replies; it knows request ids but not calls: those are the channel's. One thread, no promises, no timers of
// its own but one entry of the wheel.
//
// States, what keeps each and what leaves it:
//   connecting   until the socket is connected (→ open), fails or takes over connectTimeoutMs (→ closed)
//   open         takes calls, until the server says GOAWAY or `retire` is called (→ draining), `end` is called (→ closing) or
//                it breaks (→ closed)
//   draining     takes no new calls; when the last reply has come → closing
//   closing      sends what is unsent and a FIN; closed when the server closes too, or after closeTimeoutMs
//   closed       the owner has been told why, once

import type { Socket } from 'node:net';
import { type CallHead, type CallReply, callFlags } from '../../runtime/call.ts';
import { codeOfNumber, type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import { type EncodedRoute, encodeCancel, encodePing, encodeRequest } from '../protocol/heddle/encode.ts';
import { type FrameHandler, FrameParser } from '../protocol/heddle/frame-parser.ts';
import { frameTypes, pingLayout, prefix } from '../protocol/heddle/layout.ts';
import type { GoawayFrame } from '../protocol/heddle/read-frame.ts';
import { addressText } from './address.ts';
import type { Balanced } from './balancer.ts';
import type { ClientHost } from './host.ts';
import { Keepalive } from './keepalive.ts';
import type { ChannelOptions } from './options.ts';
import type { AddressHealth } from './outliers.ts';
import { WriteBuffer } from './write-buffer.ts';

/** Who owns a connection. None of these may throw. */
export interface ConnectionOwner {
  /** What is known of an IP address and port. */
  healthOf(address: string): AddressHealth;
  onOpen(connection: ClientConnection): void;
  /** `reply` and its views are valid only during this call. Also for ids that are no longer waited for. */
  onReply(connection: ClientConnection, requestId: number, reply: CallReply): void;
  /** A reply that can't be read; its connection goes on. */
  onBadReply(connection: ClientConnection, requestId: number, code: ErrorCode, message: string): void;
  /** No new calls: the server has said GOAWAY, or it was retired. Not called when it closes at once. */
  onDraining(connection: ClientConnection): void;
  /** Called once. Calls that it carried are lost; see `mayHaveRun`. */
  onClosed(connection: ClientConnection, error: HeddleError): void;
}

export type ConnectionState = 'connecting' | 'open' | 'draining' | 'closing' | 'closed';

const noTimer = -1;

/** Data of every PING: what comes back is not looked at, since any frame shows that the peer lives. */
const pingData = Buffer.alloc(pingLayout.dataBytes);

export class ClientConnection implements Balanced, FrameHandler, TimerTarget {
  /** `10.0.0.1:7000`, the IP address that was connected to. */
  readonly address: string;
  /** Shared by all connections to that address. */
  readonly health: AddressHealth;
  readonly #host: ClientHost;
  readonly #options: ChannelOptions;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #unsent: WriteBuffer;
  readonly #keepalive: Keepalive;
  readonly #onTaken = (): void => this.#continueWriting();
  #state: ConnectionState = 'connecting';
  #inFlight = 0;
  #answered = false;
  #finalGoaway = false;
  #holding = false;
  #flushScheduled = false;
  #timer = noTimer;

  constructor(host: ClientHost, options: ChannelOptions, ip: string, port: number, owner: ConnectionOwner) {
    this.#host = host;
    this.#options = options;
    this.#owner = owner;
    this.address = addressText({ host: ip, port });
    this.health = owner.healthOf(this.address);
    this.#parser = new FrameParser(this, options.frameBytes);
    this.#unsent = new WriteBuffer(options.writeBufferBytes);
    this.#keepalive = new Keepalive(options.pingIntervalMs, options.pingTimeoutMs);
    this.#socket = host.openSocket(ip, port, {
      buffer: host.readBuffer,
      callback: (bytes, buffer) => this.#onRead(bytes, buffer as Buffer),
    });
    this.#socket.unref();
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.#onSocketError(cause));
    this.#socket.on('close', () => this.#onSocketClosed());
    this.#armTimer(host.clock.nowMs() + options.connectTimeoutMs);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls that wait for a reply. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** True once the server has sent a reply or a PONG: something that speaks heddle serves there. */
  get answered(): boolean {
    return this.#answered;
  }

  /** When the bytes came that are being read now, ms: one look at the clock for all replies among them. */
  get heardMs(): number {
    return this.#keepalive.heardMs;
  }

  get hasRoom(): boolean {
    return this.#unsent.hasRoom;
  }

  get doubt(): number {
    return this.health.doubt;
  }

  /**
   * Writes one request; only while open. `bytes` is its `requestFrameBytes`. Returns its position for `mayHaveRun`; the
   * owner calls `settled` once for it, unless it is one-way.
   */
  sendRequest(
    requestId: number,
    route: EncodedRoute,
    head: CallHead,
    budgetUs: number,
    bytes: number,
    mark?: Buffer,
  ): number {
    if ((head.flags & callFlags.oneWay) === 0) this.#inFlight++;
    const position = this.#unsent.position;
    const at = this.#unsent.reserve(bytes);
    this.#unsent.commit(encodeRequest(this.#unsent.buffer, at, requestId, route, head, budgetUs, mark));
    this.#wantFlush();
    return position;
  }

  /** A call that was written here has been answered or given up. */
  settled(): void {
    this.#inFlight--;
    if (this.#state === 'draining' && this.#inFlight === 0) this.end();
  }

  /** Tells the server that nobody waits for this reply any more. No bound is asked: there are no more of these than requests. */
  sendCancel(requestId: number): void {
    if (this.#state !== 'open' && this.#state !== 'draining') return;
    const at = this.#unsent.reserve(prefix.bytes);
    this.#unsent.commit(encodeCancel(this.#unsent.buffer, at, requestId));
    this.#wantFlush();
  }

  /** False when the server can't have run the request written at `position`, so that repeating it is safe. */
  mayHaveRun(position: number): boolean {
    return !this.#finalGoaway && this.#unsent.isHanded(position);
  }

  /** Takes no new calls from now on, and closes when the last reply has come. Only while open. */
  retire(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#owner.onDraining(this);
    if (this.#inFlight === 0) this.end();
  }

  /** Sends what is unsent, then closes. */
  end(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#state === 'connecting') {
      this.#close(this.#lost('the client was closed'));
    } else {
      this.#state = 'closing';
      this.#armTimer(this.#host.clock.nowMs() + this.#options.closeTimeoutMs);
      this.#write();
    }
  }

  /** Closes now. */
  destroy(reason: string): void {
    this.#close(this.#lost(reason));
  }

  /** At the end of the turn: one write for all that was written in it. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#state !== 'connecting' && this.#state !== 'closed') this.#write();
  }

  onTimer(): void {
    this.#timer = noTimer;
    const { connectTimeoutMs, closeTimeoutMs } = this.#options;
    if (this.#state === 'connecting')
      this.#close(this.#lost(`no connection within ${connectTimeoutMs} ms (connectTimeoutMs)`));
    else if (this.#state === 'closing')
      this.#close(this.#lost(`it did not close within ${closeTimeoutMs} ms (closeTimeoutMs)`));
    else this.#probe();
  }

  onReply(requestId: number, reply: CallReply): void {
    this.#answered = true;
    this.#owner.onReply(this, requestId, reply);
  }

  onBadFrame(type: number, requestId: number, code: ErrorCode, message: string): void {
    if (type === frameTypes.reply || type === frameTypes.error) {
      this.#host.count('client-malformed');
      this.#owner.onBadReply(this, requestId, code, message);
    } else if (type === frameTypes.request || type === frameTypes.oneWay) {
      this.onRequest();
    }
    // Frame types of a later version are for those who know them.
  }

  onBroken(_code: ErrorCode, message: string): void {
    this.#host.count('client-malformed');
    // It counts as one that never answered, or a lying server would be reconnected to without backoff.
    this.#answered = false;
    this.#close(this.#lost(`what it sent is not the heddle protocol: ${message}`));
  }

  onRequest(): void {
    this.onBroken('INVALID_ARGUMENT', 'it sent a request');
  }

  onCancel(): void {
    this.onBroken('INVALID_ARGUMENT', 'it sent a CANCEL');
  }

  onPing(): void {
    // Only clients ping; one of a later version of the server is not ours to answer.
  }

  onPong(): void {
    this.#answered = true;
  }

  onGoaway(frame: GoawayFrame): void {
    const why = frame.message === '' ? 'the server is stopping' : frame.message;
    if (frame.final) {
      this.#finalGoaway = true;
      this.#close(this.#lost(why));
    } else if (frame.code !== 0) {
      this.#host.count('client-rejected');
      this.#answered = false;
      this.#close(this.#lost(`the server rejected what was sent: ${codeOfNumber(frame.code)} ${frame.message}`));
    } else {
      this.retire();
    }
  }

  #onConnect(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#dropTimer();
    // A kernel accepts for a process that hangs; only an answered probe shows that somebody serves.
    this.#ping();
    this.#owner.onOpen(this);
  }

  #onRead(bytes: number, buffer: Buffer): boolean {
    if (this.#state === 'closed') return true;
    this.#heard();
    this.#parser.push(buffer, bytes);
    return true;
  }

  #onEnd(): void {
    const where = this.#parser.partial ? ' in the middle of a frame' : '';
    this.#close(this.#lost(`the server closed it${where}`));
  }

  #onSocketError(cause: NodeJS.ErrnoException): void {
    const what = this.#state === 'connecting' ? 'no connection' : 'it broke';
    this.#close(this.#lost(`${what} (${cause.code ?? cause.message})`, cause));
  }

  #onSocketClosed(): void {
    this.#close(this.#lost('it was closed'));
  }

  #lost(what: string, cause?: unknown): HeddleError {
    return new HeddleError('UNAVAILABLE', `${this.address}: ${what}`, { cause });
  }

  #close(error: HeddleError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#parser.stop();
    this.#dropTimer();
    this.#release();
    this.#socket.destroy();
    this.#owner.onClosed(this, error);
  }

  #wantFlush(): void {
    if (!this.#holding) {
      this.#holding = true;
      this.#host.hold(1);
    }
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#host.scheduleFlush(this);
  }

  #continueWriting(): void {
    if (this.#state === 'closed' || !this.#unsent.taken(this.#socket)) return;
    this.#heard();
    this.#write();
  }

  /** A sign of life: bytes came, or a chunk that had to wait was taken. */
  #heard(): void {
    this.#keepalive.heard(this.#host.clock.nowMs());
  }

  #write(): void {
    if (!this.#unsent.flush(this.#socket, this.#onTaken)) return;
    this.#release();
    if (this.#state === 'closing') this.#socket.end();
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#host.hold(-1);
  }

  /** Looks whether the peer still lives, and when to look again. */
  #probe(): void {
    const nowMs = this.#host.clock.nowMs();
    const { pingTimeoutMs } = this.#options;
    switch (this.#keepalive.look(nowMs)) {
      case 'dead':
        this.#host.count('client-ping-timeout');
        this.#close(this.#lost(`no sign of life within ${pingTimeoutMs} ms of a ping (pingTimeoutMs)`));
        break;
      case 'silent':
        this.#ping();
        break;
      case 'alive':
        this.#armTimer(this.#keepalive.dueMs);
    }
  }

  #ping(): void {
    this.#keepalive.pinged(this.#host.clock.nowMs());
    this.#armTimer(this.#keepalive.dueMs);
    const at = this.#unsent.reserve(pingLayout.bytes);
    this.#unsent.commit(encodePing(this.#unsent.buffer, at, pingData, 0));
    this.#wantFlush();
  }

  #armTimer(dueMs: number): void {
    this.#dropTimer();
    if (dueMs !== Number.POSITIVE_INFINITY) this.#timer = this.#host.timers.add(dueMs, this, 0);
  }

  #dropTimer(): void {
    if (this.#timer !== noTimer) this.#host.timers.remove(this.#timer);
    this.#timer = noTimer;
  }
}
