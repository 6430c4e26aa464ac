// ConnectionTimers: when a heddle connection has waited long enough. One entry in the thread's wheel per connection,
// looked at anew each time it fires; a request moves no timer, it only leaves a time stamp.

import type { Socket } from 'node:net';
import type { BindingSettings } from '../../../runtime/settings.ts';
import type { TimerTarget } from '../../../runtime/timer-wheel.ts';
import type { ProtocolHost } from '../protocol.ts';

/** What the timers see of a connection, and what they make it do. */
export interface TimedConnection {
  /** No request runs and no frame is half read. */
  readonly quiet: boolean;
  readonly unsentBytes: number;
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
/** A half-open peer is sent a GOAWAY after this long, then after twice as long and so on up to the second, ms. */
export const probeMsMin = 100;
export const probeMsMax = 1000;
/** A stalled or idle connection is noticed within its timeout plus one such part. */
const looksPerTimeout = 4;

const never = Number.POSITIVE_INFINITY;
const none = -1;

export class ConnectionTimers implements TimerTarget {
  readonly #connection: TimedConnection;
  readonly #host: ProtocolHost;
  readonly #binding: BindingSettings;
  readonly #socket: Socket;
  #entry = none;
  #entryDueMs = never;
  /** Infinity once a whole frame has come. */
  #firstFrameDueMs: number;
  #frames = 0;
  /** When the half read frame began; Infinity: there is none. */
  #frameBegunMs = never;
  #activeMs: number;
  /** When the peer last took something of what waits for it, and how much it had taken then. */
  #takenMs = never;
  #takenBytes = 0;
  #queueBytes = 0;
  #probeDueMs = never;
  #probeMs = probeMsMin;
  #lingerDueMs = never;

  constructor(connection: TimedConnection, host: ProtocolHost, binding: BindingSettings, socket: Socket) {
    const nowMs = host.clock.nowMs();
    this.#connection = connection;
    this.#host = host;
    this.#binding = binding;
    this.#socket = socket;
    this.#activeMs = nowMs;
    this.#firstFrameDueMs = nowMs + (binding.connectTimeoutMs || never);
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
    if (this.#takenMs !== never || this.#binding.writeTimeoutMs === 0) return;
    this.#takenMs = nowMs;
    this.#tookSome();
    this.#arm(nowMs + this.#binding.writeTimeoutMs / looksPerTimeout);
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
    const { writeTimeoutMs } = this.#binding;
    if (this.#takenMs === never) return never;
    if (this.#connection.unsentBytes === 0) {
      this.#takenMs = never;
      return never;
    }
    if (this.#tookSome()) this.#takenMs = nowMs;
    const dueMs = this.#takenMs + writeTimeoutMs;
    if (nowMs < dueMs) return Math.min(dueMs, nowMs + Math.max(1, writeTimeoutMs / looksPerTimeout));
    this.#connection.onStalled('write-timeout');
    return nowMs;
  }

  /** Whether the peer has taken bytes since the last look: a write has ended, or the one under way has shrunk. */
  #tookSome(): boolean {
    const takenBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    const queueBytes = writeQueueBytes(this.#socket);
    const some = takenBytes !== this.#takenBytes || queueBytes < this.#queueBytes;
    this.#takenBytes = takenBytes;
    this.#queueBytes = queueBytes;
    return some;
  }

  #arm(dueMs: number): void {
    if (dueMs >= this.#entryDueMs || dueMs === never) return;
    this.stop();
    this.#entryDueMs = dueMs;
    this.#entry = this.#host.timers.add(dueMs, this, 0);
  }
}

/** What the kernel has not taken of the write under way; 0 where Node does not tell, then only ended writes count. */
function writeQueueBytes(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: { writeQueueSize?: unknown } | null })._handle;
  return typeof handle?.writeQueueSize === 'number' ? handle.writeQueueSize : 0;
}
