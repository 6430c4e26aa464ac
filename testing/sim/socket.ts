// SimSocket: one side of a simulated TCP connection, with as much of net.Socket as Heddle's protocols use. Its bytes and
// events come as tasks of its thread.

import { EventEmitter } from 'node:events';
import type { OnReadOpts } from 'node:net';
import type { Draws } from './draws.ts';
import type { SimThread } from './thread.ts';

/** What one read gives at most, bytes. */
const readBytesMax = 65_536;

interface Write {
  bytes: Buffer;
  /** Not yet taken by the kernel, bytes. */
  left: number;
  done: ((error?: Error | null) => void) | undefined;
}

/** What lies between two sockets. */
export interface Wire {
  readonly draws: Draws;
  /** What the kernels of one direction hold, bytes. */
  readonly kernelBytes: number;
  peerOf(socket: SimSocket): SimSocket | undefined;
  /** After a delay, and behind everything that was sent before. */
  later(arrive: () => void): void;
  /** These bytes go on their way now. */
  sent(from: SimSocket, bytes: Buffer): void;
  /** Some side is gone. */
  closed(): void;
}

let sockets = 0;

export class SimSocket extends EventEmitter {
  readonly thread: SimThread;
  readonly channel = `socket ${sockets++}`;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly readableLength = 0;
  allowHalfOpen = false;
  destroyed = false;
  closed = false;
  bytesWritten = 0;
  readonly #wire: Wire;
  readonly #onread: OnReadOpts | undefined;
  readonly #writes: Write[] = [];
  #writableLength = 0;
  /** Taken by our kernel, and not yet by the peer's thread. */
  #onTheWay = 0;
  /** Arrived, and not yet read. */
  readonly #arrived: Buffer[] = [];
  #isConnected: boolean;
  #isPaused: boolean;
  #readPosted = false;
  #corked = 0;
  #ended = false;
  #finSent = false;
  #finArrived = false;
  #endTold = false;

  /** One that was accepted reads only once somebody listens for 'data'. */
  constructor(wire: Wire, thread: SimThread, remote: { ip: string; port: number }, onread: OnReadOpts | undefined) {
    super();
    this.#wire = wire;
    this.thread = thread;
    this.#onread = onread;
    this.remoteAddress = remote.ip;
    this.remotePort = remote.port;
    this.localPort = remote.port;
    this.#isConnected = onread === undefined;
    this.#isPaused = onread === undefined;
    // A thread that dies leaves its sockets to the kernel, which ends them.
    thread.onEnd(() => this.#leave());
  }

  get writableLength(): number {
    return this.#writableLength;
  }

  get connecting(): boolean {
    return !this.#isConnected && !this.destroyed;
  }

  write(bytes: Buffer, done?: (error?: Error | null) => void): boolean {
    this.thread.operate('write', undefined, 0);
    if (this.destroyed || this.#ended) {
      this.#task('is told of a write that failed', () => done?.(new Error('write after end')));
      return false;
    }
    this.#writes.push({ bytes, left: bytes.length, done });
    this.#writableLength += bytes.length;
    this.bytesWritten += bytes.length;
    if (this.#corked === 0) this.#give();
    return this.#writableLength === 0;
  }

  end(): this {
    this.thread.operate('end', undefined, 0);
    this.#ended = true;
    this.#give();
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.thread.operate('destroy', undefined, 0);
    const unread = this.#arrived.length > 0;
    this.#leave(unread);
    this.#task('sees its socket closed', () => this.#close());
    return this;
  }

  pause(): this {
    this.#isPaused = true;
    return this;
  }

  resume(): this {
    this.#isPaused = false;
    this.#read();
    return this;
  }

  cork(): void {
    this.#corked++;
  }

  uncork(): void {
    this.#corked--;
    this.#give();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  // What the connection calls.

  connected(): void {
    if (this.destroyed) return;
    this.#isConnected = true;
    this.#task('is connected', () => this.emit('connect'));
    this.#give();
  }

  fail(code: string): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#drop();
    this.#task(`sees ${code}`, () => {
      this.emit('error', Object.assign(new Error(`simulated ${code}`), { code }));
      this.#close();
    });
  }

  arrive(bytes: Buffer): void {
    if (this.destroyed) {
      // Nobody reads it any more: the kernel says so.
      this.#wire.later(() => this.#wire.peerOf(this)?.fail('ECONNRESET'));
      return;
    }
    this.#arrived.push(bytes);
    this.#read();
  }

  peerEnded(): void {
    this.#finArrived = true;
    this.#read();
  }

  /** The peer's thread has read so much. */
  read(bytes: number): void {
    this.#onTheWay -= bytes;
    this.#give();
  }

  /** As much as the kernel takes goes on its way. */
  #give(): void {
    if (this.destroyed || !this.#isConnected || this.#corked > 0) return;
    const { draws } = this.#wire;
    while (this.#writes.length > 0 && this.#onTheWay < this.#wire.kernelBytes) {
      const first = this.#writes[0]!;
      const room = this.#wire.kernelBytes - this.#onTheWay;
      const bytes = Math.min(first.left, room, draws.chance(0.3) ? 1 + draws.below(first.left) : first.left);
      const start = first.bytes.length - first.left;
      // A copy: whoever wrote it may use its memory again once the kernel has it.
      const chunk = Buffer.from(first.bytes.subarray(start, start + bytes));
      first.left -= bytes;
      this.#writableLength -= bytes;
      this.#onTheWay += bytes;
      this.#wire.sent(this, chunk);
      this.#wire.later(() => this.#wire.peerOf(this)?.arrive(chunk));
      if (first.left > 0) continue;
      this.#writes.shift();
      if (first.done !== undefined) this.#task('has written', () => first.done!());
    }
    if (!this.#ended || this.#finSent || this.#writes.length > 0) return;
    this.#finSent = true;
    this.#wire.later(() => this.#wire.peerOf(this)?.peerEnded());
    if (this.#endTold) this.#finish();
  }

  #read(): void {
    if (this.#readPosted || this.#isPaused || this.destroyed) return;
    if (this.#arrived.length === 0 && (!this.#finArrived || this.#endTold)) return;
    this.#readPosted = true;
    this.#task('reads', () => {
      this.#readPosted = false;
      if (this.#isPaused || this.destroyed) return;
      if (this.#arrived.length > 0) this.#readSome();
      else this.#end();
      this.#read();
    });
  }

  #readSome(): void {
    let chunk = this.#arrived.shift()!;
    // The kernel may have put together what came apart.
    while (this.#arrived.length > 0 && this.#wire.draws.chance(0.5)) {
      const next = this.#arrived[0]!;
      if (chunk.length + next.length > readBytesMax) break;
      chunk = Buffer.concat([chunk, this.#arrived.shift()!]);
    }
    const { length } = chunk;
    this.#wire.later(() => this.#wire.peerOf(this)?.read(length));
    if (this.#onread === undefined) {
      this.emit('data', chunk);
      return;
    }
    const buffer = this.#onread.buffer as Buffer;
    for (let at = 0; at < length; at += buffer.length) {
      const bytes = chunk.copy(buffer, 0, at);
      this.#onread.callback(bytes, buffer);
    }
  }

  #end(): void {
    this.#endTold = true;
    this.emit('end');
    if (!this.allowHalfOpen && !this.#ended && !this.destroyed) this.end();
    if (this.#finSent) this.#finish();
  }

  /** Both directions are over. */
  #finish(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#task('sees its socket closed', () => this.#close());
  }

  /** Our side is gone: the peer sees an end, or a reset if it had sent what nobody read. */
  #leave(unread = false): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#drop();
    if (this.#isConnected) {
      this.#wire.later(() => {
        const peer = this.#wire.peerOf(this);
        if (unread) peer?.fail('ECONNRESET');
        else peer?.peerEnded();
      });
    }
    this.#wire.closed();
  }

  #drop(): void {
    this.#arrived.length = 0;
    for (const { done } of this.#writes.splice(0)) {
      if (done !== undefined)
        this.#task('is told of a write that failed', () => done(new Error('the socket is closed')));
    }
    this.#writableLength = 0;
  }

  #close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#wire.closed();
    this.emit('close');
  }

  #task(label: string, run: () => void): void {
    this.thread.post(this.channel, label, run);
  }
}
