// An IO thread in small: the heddle protocol on a real listener, with a virtual clock and a dispatcher that echoes or
// holds. Also a raw client that speaks bytes and writes down frames.

import { once } from 'node:events';
import net from 'node:net';
import type { ExecutionContext } from 'ava';
import { FrameParser } from '../../../../net/protocol/heddle/frame-parser.ts';
import { heddleProtocol } from '../../../../net/protocol/heddle/heddle-protocol.ts';
import { type CallHead, type CallReply, emptyCallReply, type ReplySink } from '../../../../runtime/call.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import type { Protocol, ProtocolConnection, ProtocolHost } from '../../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../../runtime/settings.ts';
import { TimerWheel } from '../../../../runtime/timer-wheel.ts';
import { settle, VirtualClock } from '../../../helpers/virtual-clock.ts';
import { type FrameEvent, FrameRecorder } from './frame-recorder.ts';
import { request } from './frames.ts';

export interface HeldCall {
  readonly handle: number;
  readonly route: string;
  readonly body: Buffer;
  readonly deadlineMs: number;
  answer(fields?: Partial<CallReply>): void;
}

/** Answers `echo` at once with the request's body, refuses `refuse`, keeps every other method's calls in `held`. */
export class TestDispatcher {
  readonly health = 'ok';
  readonly held: HeldCall[] = [];
  readonly cancelled: number[] = [];
  calls = 0;
  readonly #reply = emptyCallReply();

  method(): { reads: boolean; oneWay: boolean } {
    return { reads: false, oneWay: false };
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const handle = this.calls++;
    const body = Buffer.from(head.source.subarray(head.bodyStart, head.bodyEnd));
    if (method === 'echo') {
      sink.onReply(tag, { ...this.#reply, codec: head.codec, source: body, bodyEnd: body.length });
      return -1;
    }
    if (method === 'refuse') {
      const source = Buffer.from('no such method');
      sink.onReply(tag, { ...this.#reply, code: 5, source, bodyEnd: source.length });
      return -1;
    }
    this.held.push({
      handle,
      route: `${service}/${method}`,
      body,
      deadlineMs: head.deadlineMs,
      answer: (fields = {}) => sink.onReply(tag, { ...this.#reply, source: body, bodyEnd: body.length, ...fields }),
    });
    return handle;
  }

  cancel(handle: number): void {
    this.cancelled.push(handle);
  }
}

export const quietBinding: BindingSettings = {
  protocol: 'heddle',
  host: '127.0.0.1',
  port: 0,
  maxConnections: 0,
  frameBytes: 1_000_000,
  writeBufferBytes: 1_000_000,
  timeoutMs: 0,
  connectTimeoutMs: 0,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  idleTimeoutMs: 0,
  traffic: { mirror: [] },
};

export class TestThread {
  readonly clock = new VirtualClock(1000);
  readonly dispatcher = new TestDispatcher();
  readonly connections: ProtocolConnection[] = [];
  readonly counts = new Map<string, number>();
  closed = 0;
  bookedBytes = 0;
  /** What bookBytes answers. */
  room = true;
  readonly waiting: { resumeReading(): void }[] = [];
  /** Called on each accepted socket before the protocol gets it. */
  onAccept: (socket: net.Socket) => void = () => {};
  readonly #host: ProtocolHost;
  readonly #protocol: Protocol;
  readonly #binding: BindingSettings;
  readonly #server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  readonly #flushes = new Set<{ flush(): void }>();

  /** Without a listener: sockets come by `accept`. */
  constructor(binding: Partial<BindingSettings> = {}) {
    this.#binding = { ...quietBinding, ...binding };
    this.#host = {
      dispatcher: this.dispatcher,
      compressors: [],
      clock: this.clock,
      timers: new TimerWheel({ clock: this.clock }),
      log: silentLogger,
      readBuffer: Buffer.allocUnsafeSlow(65_536),
      scheduleFlush: (connection) => {
        if (this.#flushes.size === 0) setImmediate(() => this.#flush());
        this.#flushes.add(connection);
      },
      bookBytes: (bytes) => {
        this.bookedBytes += bytes;
        return this.room;
      },
      whenRoom: (connection) => this.waiting.push(connection),
      overShare: () => undefined,
      count: (event) => this.counts.set(event, (this.counts.get(event) ?? 0) + 1),
    };
    this.#protocol = heddleProtocol(this.#host);
    this.#server.on('connection', (socket) => this.accept(socket));
  }

  accept(socket: net.Socket): void {
    this.onAccept(socket);
    this.connections.push(this.#protocol.accept(socket, this.#binding, () => this.closed++));
  }

  get timers(): TimerWheel {
    return this.#host.timers;
  }

  static async start(binding: Partial<BindingSettings> = {}): Promise<TestThread> {
    const thread = new TestThread(binding);
    thread.#server.listen(0, '127.0.0.1');
    await once(thread.#server, 'listening');
    return thread;
  }

  async connect(): Promise<RawClient> {
    const { port } = this.#server.address() as net.AddressInfo;
    const accepted = this.connections.length;
    const client = new RawClient(net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
    await once(client.socket, 'connect');
    await until(() => this.connections.length > accepted);
    return client;
  }

  count(event: string): number {
    return this.counts.get(event) ?? 0;
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #flush(): void {
    const asked = [...this.#flushes];
    this.#flushes.clear();
    for (const connection of asked) connection.flush();
  }
}

export class RawClient {
  readonly socket: net.Socket;
  readonly #recorder = new FrameRecorder();
  ended = false;

  constructor(socket: net.Socket) {
    const parser = new FrameParser(this.#recorder, 100_000_000);
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => parser.push(chunk, chunk.length));
    socket.on('error', () => {});
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
  }

  get events(): FrameEvent[] {
    return this.#recorder.events;
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The frames once there are `count` of them. */
  async frames(count: number): Promise<FrameEvent[]> {
    await until(() => this.events.length >= count);
    return this.events;
  }

  /** The frames once the server has ended the stream. */
  async end(): Promise<FrameEvent[]> {
    await until(() => this.ended);
    return this.events;
  }
}

/** Waits, turn by turn of the event loop, for something that sockets bring about. The test's own timeout is its bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}

/** A thread with one client, both gone when the test ends. */
export async function start(t: ExecutionContext, binding: Partial<BindingSettings> = {}) {
  const thread = await TestThread.start(binding);
  const client = await thread.connect();
  t.teardown(async () => {
    client.socket.destroy();
    await thread.stop();
  });
  return { thread, client, dispatcher: thread.dispatcher };
}

/** A request that is answered when the test says so. */
export const hold = (id: number) => request(id, { method: 'hold' });
