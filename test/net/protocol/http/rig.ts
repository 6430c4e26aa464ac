// What the tests of protocol http share: a dispatcher that echoes, refuses or waits to be told, and a raw client.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { addBuiltInCodecs } from '../../../../net/codec/built-in-codecs.ts';
import { httpProtocol } from '../../../../net/protocol/http/http-protocol.ts';
import {
  type CallHead,
  type CallReply,
  callFlags,
  codecIds,
  emptyCallReply,
  noBytes,
  type ReplySink,
} from '../../../../runtime/call.ts';
import { type Clock, systemClock } from '../../../../runtime/clock.ts';
import { codeNumber, type ErrorCode, retryHints } from '../../../../runtime/errors.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { decodeMetadata, encodeMetadata } from '../../../../runtime/metadata.ts';
import type { Dispatcher, Protocol, ProtocolConnection, ProtocolHost } from '../../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../../runtime/settings.ts';
import { TimerWheel } from '../../../../runtime/timer-wheel.ts';

/** What a handler of the test dispatcher saw. */
export interface SeenCall {
  service: string;
  method: string;
  head: CallHead;
  metadata: Map<string, string>;
  body: string;
  handle: number;
  cancelled: boolean;
  succeed(body: string | Buffer, options?: { codec?: number; metadata?: Record<string, string> }): void;
  fail(code: ErrorCode, message: string, retryAfterMs?: number): void;
}

/**
 * Methods of service `t.S`: `echo` (answers at once with the request's bytes), `read` (the same, and may be GET),
 * `refuse` (RESOURCE_EXHAUSTED within the call), `hold` and `holdRead` (answered by the test).
 */
export class TestDispatcher implements Dispatcher {
  health = 'ok';
  readonly calls: SeenCall[] = [];
  /** Called when a call comes in or is cancelled. */
  onChange: () => void = () => {};

  method(service: string, method: string): { reads: boolean; oneWay: boolean } | undefined {
    if (service !== 't.S') return undefined;
    if (method === 'read' || method === 'holdRead') return { reads: true, oneWay: false };
    return ['echo', 'refuse', 'hold', 'log'].includes(method) ? { reads: false, oneWay: method === 'log' } : undefined;
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const handle = this.calls.length;
    const call: SeenCall = {
      service,
      method,
      head: { ...head, trace: head.trace.slice() },
      metadata: decodeMetadata(head.source, head.metadataStart, head.metadataEnd),
      body: head.source.toString('utf8', head.bodyStart, head.bodyEnd),
      handle,
      cancelled: false,
      succeed: (body, options = {}) => {
        const metadata = encodeMetadata(Object.entries(options.metadata ?? {}));
        const source = Buffer.concat([metadata, Buffer.from(body)]);
        const fields = { source, metadataEnd: metadata.length, bodyStart: metadata.length, bodyEnd: source.length };
        reply(sink, tag, { ...fields, codec: options.codec ?? head.codec });
      },
      fail: (code, message, retryAfterMs = 0) => {
        const source = Buffer.from(message);
        const retry = retryHints.indexOf(code === 'RESOURCE_EXHAUSTED' ? 'yes' : 'no');
        reply(sink, tag, { code: codeNumber(code), retry, retryAfterMs, source, bodyEnd: source.length });
      },
    };
    this.calls.push(call);
    this.onChange();
    if (method === 'refuse') {
      call.fail('RESOURCE_EXHAUSTED', 'the queue is full', 1500);
      return -1;
    }
    if ((head.flags & callFlags.oneWay) !== 0) {
      reply(sink, tag, { source: noBytes });
      return -1;
    }
    if (method === 'echo' || method === 'read') {
      call.succeed(head.source.subarray(head.bodyStart, head.bodyEnd));
      return -1;
    }
    return handle;
  }

  cancel(handle: number): void {
    this.calls[handle]!.cancelled = true;
    this.onChange();
  }

  get cancelled(): number {
    return this.calls.filter((call) => call.cancelled).length;
  }
}

function reply(sink: ReplySink, tag: number, fields: Partial<CallReply>): void {
  sink.onReply(tag, { ...emptyCallReply(), codec: codecIds.json, ...fields });
}

// In a process a plugin does it.
addBuiltInCodecs();

export const testBinding: BindingSettings = {
  protocol: 'http',
  host: '127.0.0.1',
  port: 0,
  maxConnections: 0,
  frameBytes: 100_000,
  writeBufferBytes: 1_000_000,
  timeoutMs: 0,
  connectTimeoutMs: 10_000,
  readTimeoutMs: 10_000,
  writeTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  traffic: { mirror: [] },
};

/** What never comes about fails its test, ms. */
const untilMaxMs = 20_000;

/** A protocol behind a listener of this thread. */
export class Rig {
  readonly dispatcher = new TestDispatcher();
  readonly counts = new Map<string, number>();
  readonly connections: ProtocolConnection[] = [];
  readonly protocol: Protocol;
  bookedBytes = 0;
  bookedBytesMax = 0;
  memoryBytes = Number.POSITIVE_INFINITY;
  closed = 0;
  readonly #server: net.Server;
  readonly #timers: TimerWheel;
  readonly #held: { resumeReading(): void }[] = [];
  #changed: (() => void)[] = [];

  /** `clock`: that of Heddle's own timers; node:http has its own. */
  constructor(binding: Partial<BindingSettings> = {}, clock: Clock = systemClock) {
    this.#timers = new TimerWheel({ clock });
    const flushes = new Set<{ flush(): void }>();
    const host: ProtocolHost = {
      dispatcher: this.dispatcher,
      compressors: [],
      clock,
      timers: this.#timers,
      log: silentLogger,
      readBuffer: Buffer.allocUnsafe(65_536),
      scheduleFlush: (connection) => {
        if (flushes.size === 0) {
          setImmediate(() => {
            const due = [...flushes];
            flushes.clear();
            for (const one of due) one.flush();
          });
        }
        flushes.add(connection);
      },
      bookBytes: (bytes) => {
        this.bookedBytes += bytes;
        this.bookedBytesMax = Math.max(this.bookedBytesMax, this.bookedBytes);
        this.#tell();
        return this.bookedBytes <= this.memoryBytes;
      },
      overShare: () => undefined,
      whenRoom: (connection) => {
        this.#held.push(connection);
        this.#tell();
      },
      count: (event) => {
        this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
        this.#tell();
      },
    };
    this.dispatcher.onChange = () => this.#tell();
    this.protocol = httpProtocol(host);
    this.#server = net.createServer({ pauseOnConnect: true }, (socket) => {
      const connection = this.protocol.accept(socket, { ...testBinding, ...binding }, () => {
        this.closed++;
        this.#tell();
      });
      this.connections.push(connection);
      this.#tell();
    });
  }

  static async start(binding: Partial<BindingSettings> = {}, clock: Clock = systemClock): Promise<Rig> {
    const rig = new Rig(binding, clock);
    rig.#server.listen(0, '127.0.0.1');
    await once(rig.#server, 'listening');
    return rig;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get held(): number {
    return this.#held.length;
  }

  /** The thread has memory again. */
  giveRoom(): void {
    this.memoryBytes = Number.POSITIVE_INFINITY;
    for (const connection of this.#held.splice(0)) connection.resumeReading();
  }

  connect(): RawClient {
    return new RawClient(this.port);
  }

  /** One exchange on a connection of its own. */
  async ask(request: string | Buffer): Promise<Answer> {
    using client = this.connect();
    client.send(request);
    return await client.answer(isHead(request));
  }

  /** The call that came in as number `count`, once it has. */
  async seen(count: number): Promise<SeenCall> {
    await this.until(() => this.dispatcher.calls.length >= count);
    return this.dispatcher.calls[count - 1]!;
  }

  /** Resolves when `condition` holds; looked at whenever a connection, a call, a count or the books change. */
  async until(condition: () => boolean): Promise<void> {
    const late = setTimeout(() => this.#tell(), untilMaxMs);
    const endMs = performance.now() + untilMaxMs;
    try {
      while (!condition()) {
        if (performance.now() >= endMs) throw new Error(`it did not come about within ${untilMaxMs} ms: ${condition}`);
        await new Promise<void>((resolve) => this.#changed.push(resolve));
      }
    } finally {
      clearTimeout(late);
    }
  }

  #tell(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.protocol.close();
    this.#timers.close();
  }
}

function isHead(request: string | Buffer): boolean {
  return request.toString('latin1', 0, 5).startsWith('HEAD ');
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A client that sends what it is told and reads answers one by one. */
export class RawClient {
  readonly socket: net.Socket;
  ended = false;
  /** What was read lies in `begin .. end`. It doubles: a reader that copied all of it for each chunk would be a slow one. */
  #store = Buffer.alloc(65_536);
  #begin = 0;
  #end = 0;
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('error', () => this.#onEnd());
    this.socket.on('close', () => this.#onEnd());
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('data', (chunk: Buffer) => {
      this.#keep(chunk);
      this.#wake?.();
    });
  }

  get #bytes(): Buffer {
    return this.#store.subarray(this.#begin, this.#end);
  }

  #keep(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#store.length) {
      const store = Buffer.alloc(Math.max(2 * this.#store.length, this.#end + chunk.length));
      this.#store.copy(store, 0, 0, this.#end);
      this.#store = store;
    }
    chunk.copy(this.#store, this.#end);
    this.#end += chunk.length;
  }

  #onEnd(): void {
    this.ended = true;
    this.#wake?.();
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** The next whole answer; throws when the connection ends before it. */
  async answer(isHead = false): Promise<Answer> {
    for (;;) {
      const parsed = parse(this.#bytes, isHead);
      if (parsed !== undefined) {
        this.#begin += parsed.length;
        return parsed.answer;
      }
      if (this.ended) throw new Error(`the connection ended after ${JSON.stringify(this.#bytes.toString())}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What is left when the server has ended. */
  async rest(): Promise<string> {
    while (!this.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#bytes.toString();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

function parse(bytes: Buffer, isHead: boolean): { answer: Answer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine, ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(statusLine!.split(' ')[1]);
  const pairs = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const headers: Record<string, string> = Object.fromEntries(pairs);
  const bodyBytes = isHead || status < 200 ? 0 : Number(headers['content-length'] ?? 0);
  const length = headEnd + 4 + bodyBytes;
  if (bytes.length < length) return undefined;
  return { answer: { status, headers, body: bytes.toString('utf8', headEnd + 4, length) }, length };
}

/** A POST as text. */
export function post(path: string, body: string, headers: Record<string, string> = {}): string {
  return `POST ${path} HTTP/1.1\r\nhost: t\r\n${lines(headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A request without a body as text. */
export function get(path: string, headers: Record<string, string> = {}, verb = 'GET'): string {
  return `${verb} ${path} HTTP/1.1\r\nhost: t\r\n${lines(headers)}\r\n`;
}

function lines(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** The error inside an answer's body. */
export function errorOf(answer: Answer): { code: string; message: string; retry: string; retryAfterMs: number } {
  return JSON.parse(answer.body).error;
}
