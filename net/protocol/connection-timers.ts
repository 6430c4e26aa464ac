// ConnectionTimers: when a connection, of protocol heddle or http, has waited long enough. One entry in the thread's wheel per connection,
// looked at anew each time it fires; a request moves no timer, it only leaves a time stamp.

import type { ProtocolHost } from '../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../runtime/settings.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import type { ConnectionSocket } from './connection-socket.ts';
import { lookAgainMs, PeerProgress, patienceMs, stallEvent } from './slow-reader.ts';

/** What the timers see of a connection, and what they make it do. */
export interface TimedConnection {
  /** No request runs and no frame is half read. */
  readonly quiet: boolean;
  readonly unsentBytes: number;
  /** So much is unsent that the peer may not rest for the whole write timeout. */
  readonly farBehind: boolean;
  /** Nothing is read because the peer leaves too much unread: not its fault that a frame takes long. */
  readonly readingPaused: boolean;
  /** Everything is sent and the stream ended; waits for the peer's end. */
  readonly lingering: boolean;
  /** The peer ended its side while something runs for it. */
  readonly halfOpen: boolean;
  /** A frame did not come in time. */
  onFrameLate(event: string, message: string): void;
  /** The peer takes nothing, or does not end: cut it off. */
  onStalled(event: string): void;
  onIdle(): void;
  /** Time to ask a half-open peer for a sign of life. */
  onProbe(): void;
}

/** How long a peer may take to end its side after we have ended ours, ms. */
export const lingerMs = 1000;
/**
 * A half-open peer is sent a GOAWAY at once, after this long, then after twice as long and so on up to the second, ms.
 * The kernel of a peer that is gone refuses the first one; only the next write after that tells. So a peer in the same
 * data centre that is gone is seen in 5 ms, one further away in two round trips or so; one that waits costs eight frames
 * in the first second.
 */
export const probeMsMin = 5;
export const probeMsMax = 1000;

/** An idle connection is noticed within its timeout plus one such part. */
const looksPerTimeout = 4;

const never = Number.POSITIVE_INFINITY;
const none = -1;

export class ConnectionTimers implements TimerTarget {
  readonly #connection: TimedConnection;
  readonly #host: ProtocolHost;
  readonly #binding: BindingSettings;
  readonly #socket: ConnectionSocket;
  #entry = none;
  #entryDueMs = never;
  /** Infinity once a whole frame has come. */
  #firstFrameDueMs: number;
  #frames = 0;
  /** When the half read frame began; Infinity: there is none. */
  #frameBegunMs = never;
  #activeMs: number;
  /** While something waits for the peer: whether it takes it. */
  #progress: PeerProgress | undefined;
  #probeDueMs = never;
  #probeMs = probeMsMin;
  #lingerDueMs = never;

  /** `firstFrameMs`: how long the first frame may take to be whole, or to be `heard`; 0: for ever. */
  constructor(
    connection: TimedConnection,
    host: ProtocolHost,
    binding: BindingSettings,
    socket: ConnectionSocket,
    firstFrameMs = binding.connectTimeoutMs,
  ) {
    const nowMs = host.clock.nowMs();
    this.#connection = connection;
    this.#host = host;
    this.#binding = binding;
    this.#socket = socket;
    this.#activeMs = nowMs;
    this.#firstFrameDueMs = nowMs + (firstFrameMs || never);
    this.#arm(Math.min(this.#firstFrameDueMs, nowMs + (binding.idleTimeoutMs || never)));
  }

  /** A chunk was read: `frames` have ended so far, and one is half read if `partial`. */
  read(nowMs: number, frames: number, partial: boolean): void {
    this.#activeMs = nowMs;
    const ended = frames !== this.#frames;
    if (ended) {
      this.#frames = frames;
      this.#firstFrameDueMs = never;
      this.#frameBegunMs = never;
    }
    if (!partial || this.#frameBegunMs !== never) return;
    this.#frameBegunMs = nowMs;
    if (this.#binding.readTimeoutMs > 0) this.#arm(nowMs + this.#binding.readTimeoutMs);
  }

  /** The peer has said what it wants: the first frame is bounded like any other from now on. */
  heard(): void {
    this.#firstFrameDueMs = never;
  }

  /** Reading goes on after a pause. */
  readingResumed(nowMs: number): void {
    if (this.#frameBegunMs === never) return;
    this.#frameBegunMs = nowMs;
    if (this.#binding.readTimeoutMs > 0) this.#arm(nowMs + this.#binding.readTimeoutMs);
  }

  /** The last request was answered. */
  active(nowMs: number): void {
    this.#activeMs = nowMs;
  }

  /** The socket holds bytes that the peer has not taken; told after each write. */
  unsent(nowMs: number): void {
    const patience = this.#patienceMs;
    if (patience === never) return;
    this.#progress ??= new PeerProgress(this.#socket, nowMs);
    this.#arm(nowMs + lookAgainMs(patience));
  }

  /** The peer ended its side while something runs. */
  probe(nowMs: number): void {
    this.#probeDueMs = nowMs + this.#probeMs;
    this.#arm(this.#probeDueMs);
  }

  /** Our side has ended. */
  linger(nowMs: number): void {
    this.#lingerDueMs = nowMs + lingerMs;
    this.#arm(this.#lingerDueMs);
  }

  stop(): void {
    if (this.#entry !== none) this.#host.timers.remove(this.#entry);
    this.#entry = none;
    this.#entryDueMs = never;
  }

  onTimer(): void {
    this.#entry = none;
    this.#entryDueMs = never;
    const nowMs = this.#host.clock.nowMs();
    const dueMs = this.#connection.lingering ? this.#lookAtEnd(nowMs) : this.#lookAtLife(nowMs);
    if (dueMs !== never) this.#arm(dueMs);
  }

  /** When to look again; Infinity: the connection was told something, or there is nothing to wait for. */
  #lookAtLife(nowMs: number): number {
    const connection = this.#connection;
    const { connectTimeoutMs, readTimeoutMs, idleTimeoutMs } = this.#binding;
    if (nowMs >= this.#firstFrameDueMs) {
      connection.onFrameLate('connect-timeout', `no whole frame came within ${connectTimeoutMs} ms of connecting`);
      return never;
    }
    let readDueMs = never;
    if (readTimeoutMs > 0 && !connection.readingPaused) {
      readDueMs = this.#frameBegunMs + readTimeoutMs;
      if (nowMs >= readDueMs) {
        connection.onFrameLate('read-timeout', `a frame did not end within ${readTimeoutMs} ms of its first byte`);
        return never;
      }
    }
    const writeDueMs = this.#lookAtWrites(nowMs);
    if (nowMs >= writeDueMs) return never;
    let idleDueMs = never;
    if (idleTimeoutMs > 0) {
      const idle = connection.quiet && connection.unsentBytes === 0;
      idleDueMs = idle ? this.#activeMs + idleTimeoutMs : nowMs + Math.max(1, idleTimeoutMs / looksPerTimeout);
      if (nowMs >= idleDueMs) {
        connection.onIdle();
        return never;
      }
    }
    if (!connection.halfOpen) this.#probeDueMs = never;
    if (nowMs >= this.#probeDueMs) {
      this.#probeMs = Math.min(this.#probeMs * 2, probeMsMax);
      this.#probeDueMs = nowMs + this.#probeMs;
      connection.onProbe();
    }
    return Math.min(this.#firstFrameDueMs, readDueMs, writeDueMs, idleDueMs, this.#probeDueMs);
  }

  #lookAtEnd(nowMs: number): number {
    if (this.#connection.unsentBytes > 0) {
      this.#lingerDueMs = nowMs + lingerMs;
      const writeDueMs = this.#lookAtWrites(nowMs);
      return nowMs >= writeDueMs ? never : Math.min(writeDueMs, this.#lingerDueMs);
    }
    if (nowMs < this.#lingerDueMs) return this.#lingerDueMs;
    this.#connection.onStalled('linger-timeout');
    return never;
  }

  /** When to look at the unsent bytes again: a time that has come if the peer was cut off, Infinity if there are none. */
  #lookAtWrites(nowMs: number): number {
    const progress = this.#progress;
    if (progress === undefined) return never;
    const patience = this.#patienceMs;
    if (this.#connection.unsentBytes === 0 || patience === never) {
      this.#progress = undefined;
      return never;
    }
    if (!progress.isStalled(nowMs, patience)) return nowMs + lookAgainMs(patience);
    this.#connection.onStalled(stallEvent(this.#binding.writeTimeoutMs, patience));
    return nowMs;
  }

  get #patienceMs(): number {
    const { farBehind } = this.#connection;
    return patienceMs(this.#binding.writeTimeoutMs, farBehind, farBehind && !this.#host.bookBytes(0));
  }

  #arm(dueMs: number): void {
    if (dueMs >= this.#entryDueMs || dueMs === never) return;
    this.stop();
    this.#entryDueMs = dueMs;
    this.#entry = this.#host.timers.add(dueMs, this, 0);
  }
}
