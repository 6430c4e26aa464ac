// A server that does what a test tells it, frame by frame: built on the real encoder and parser, without any of the
// real server's manners. And `ask`, the shortest caller of a CallCarrier.

import { createServer, type Server, type Socket } from 'node:net';
import {
  encodeGoaway,
  encodeMessage,
  encodePong,
  encodeReply,
  goawayFrameBytes,
  replyFrameBytes,
} from '../../../net/protocol/heddle/encode.ts';
import { type FrameHandler, FrameParser } from '../../../net/protocol/heddle/frame-parser.ts';
import { pingLayout } from '../../../net/protocol/heddle/layout.ts';
import type { RequestFrame } from '../../../net/protocol/heddle/read-frame.ts';
import {
  type CallCarrier,
  type CallHead,
  type CallReply,
  codecIds,
  emptyCallHead,
  emptyCallReply,
} from '../../../runtime/call.ts';
import { codeNumber, codeOfNumber, type ErrorCode, type RetryHint, retryHints } from '../../../runtime/errors.ts';
import { decodeMetadata } from '../../../runtime/metadata.ts';
import { freePort } from '../../helpers/free-port.ts';

export interface SeenRequest {
  id: number;
  service: string;
  method: string;
  body: string;
  flags: number;
  budgetUs: number;
  attempt: number;
  callId: string;
  metadata: ReadonlyMap<string, string>;
}

type Seen =
  | { is: 'request'; request: SeenRequest }
  | { is: 'cancel'; id: number }
  | { is: 'ping' }
  | { is: 'broken'; message: string }
  | { is: 'closed' };

/** A list that can be waited on: each item is taken once, in order. */
class Inbox<Item> {
  #items: Item[] = [];
  #waiters: (() => void)[] = [];

  push(item: Item): void {
    this.#items.push(item);
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** The next item that `wanted` accepts; others stay. */
  async take<Wanted extends Item>(wanted: (item: Item) => item is Wanted): Promise<Wanted> {
    for (;;) {
      const found = this.#items.find(wanted);
      if (found !== undefined) {
        this.#items.splice(this.#items.indexOf(found), 1);
        return found;
      }
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  count(wanted: (item: Item) => boolean): number {
    return this.#items.filter(wanted).length;
  }
}

/** One accepted connection. */
export class Peer implements FrameHandler {
  readonly socket: Socket;
  readonly #seen = new Inbox<Seen>();
  readonly #parser: FrameParser;
  readonly #onRequest: ((request: SeenRequest, peer: Peer) => void) | undefined;
  /** Answer pings, as every live server does. */
  pongs = true;

  constructor(socket: Socket, onRequest?: (request: SeenRequest, peer: Peer) => void) {
    this.socket = socket;
    this.#onRequest = onRequest;
    this.#parser = new FrameParser(this, 100_000_000);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#parser.push(chunk, chunk.length));
    socket.on('error', () => {});
    socket.on('close', () => this.#seen.push({ is: 'closed' }));
  }

  async request(): Promise<SeenRequest> {
    const seen = await this.#seen.take((item) => item.is === 'request');
    return seen.request;
  }

  async cancel(): Promise<number> {
    const seen = await this.#seen.take((item) => item.is === 'cancel');
    return seen.id;
  }

  async ping(): Promise<void> {
    await this.#seen.take((item) => item.is === 'ping');
  }

  async closed(): Promise<void> {
    await this.#seen.take((item) => item.is === 'closed');
  }

  /** Frames of one kind that no one has taken. */
  count(kind: Seen['is']): number {
    return this.#seen.count((item) => item.is === kind);
  }

  reply(id: number, body: string): void {
    this.socket.write(replyFrame(id, body));
  }

  error(id: number, code: ErrorCode, message: string, retry: RetryHint = 'no'): void {
    const reply: CallReply = { ...emptyCallReply(), code: codeNumber(code), retry: retryHints.indexOf(retry) };
    reply.source = Buffer.from(message);
    reply.bodyEnd = reply.source.length;
    const frame = Buffer.alloc(replyFrameBytes(reply));
    encodeReply(frame, 0, id, reply);
    this.socket.write(frame);
  }

  goaway(options: { final?: boolean; code?: number; message?: string } = {}): void {
    const message = encodeMessage(options.message ?? 'stopping');
    const frame = Buffer.alloc(goawayFrameBytes(message));
    encodeGoaway(frame, 0, options.code ?? 0, options.final ?? false, message);
    this.socket.write(frame);
  }

  onRequest(frame: RequestFrame): void {
    const text = (start: number, end: number): string => frame.source.toString('utf8', start, end);
    const request: SeenRequest = {
      id: frame.requestId,
      service: text(frame.serviceStart, frame.methodStart),
      method: text(frame.methodStart, frame.methodEnd),
      body: text(frame.bodyStart, frame.bodyEnd),
      flags: frame.flags,
      budgetUs: frame.budgetUs,
      attempt: frame.attempt,
      callId: `${frame.callIdHigh.toString(16)}:${frame.callIdLow.toString(16)}`,
      metadata: decodeMetadata(frame.source, frame.metadataStart, frame.metadataEnd),
    };
    if (this.#onRequest !== undefined) this.#onRequest(request, this);
    else this.#seen.push({ is: 'request', request });
  }

  onReply(): void {
    this.onBroken('INVALID_ARGUMENT', 'a client sent a reply');
  }

  onCancel(id: number): void {
    this.#seen.push({ is: 'cancel', id });
  }

  onPing(source: Buffer, dataStart: number): void {
    this.#seen.push({ is: 'ping' });
    if (!this.pongs) return;
    const frame = Buffer.alloc(pingLayout.bytes);
    encodePong(frame, 0, source, dataStart);
    this.socket.write(frame);
  }

  onPong(): void {}

  onGoaway(): void {}

  onBadFrame(_type: number, _id: number, _code: ErrorCode, message: string): void {
    this.#seen.push({ is: 'broken', message });
  }

  onBroken(_code: ErrorCode, message: string): void {
    this.#seen.push({ is: 'broken', message });
  }
}

export class ScriptedServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #accepted = new Inbox<Peer>();
  readonly peers: Peer[] = [];
  /** Peers accepted from now on do not answer pings. */
  pongs = true;

  private constructor(server: Server, onRequest?: (request: SeenRequest, peer: Peer) => void) {
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new Peer(socket, onRequest);
      peer.pongs = this.pongs;
      this.peers.push(peer);
      this.#accepted.push(peer);
    });
  }

  /** Listens on loopback; with `onRequest` requests go there instead of into `Peer.request`. */
  static async open(
    options: { port?: number; onRequest?: (request: SeenRequest, peer: Peer) => void } = {},
  ): Promise<ScriptedServer> {
    const server = createServer();
    const scripted = new ScriptedServer(server, options.onRequest);
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return scripted;
  }

  get port(): number {
    const address = server(this.#server);
    return address.port;
  }

  /** The next connection that no test has taken. */
  async peer(): Promise<Peer> {
    return this.#accepted.take((_peer): _peer is Peer => true);
  }

  /** Closes the listener and cuts all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const peer of this.peers) peer.socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }
}

function server(listening: Server): { port: number } {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address;
}

export function replyFrame(id: number, body: string): Buffer {
  return replyFrameOf(id, body, codecIds.bytes);
}

export function replyFrameOf(id: number, body: string, codec: number): Buffer {
  const reply = emptyCallReply();
  reply.codec = codec;
  reply.source = Buffer.from(body);
  reply.bodyEnd = reply.source.length;
  const frame = Buffer.alloc(replyFrameBytes(reply));
  encodeReply(frame, 0, id, reply);
  return frame;
}

/** A port on which nothing listens. */
export function deadPort(): Promise<number> {
  return freePort();
}

export interface Outcome {
  code: ErrorCode | 'OK';
  text: string;
  retry: RetryHint;
  retryAfterMs: number;
}

export interface Asked {
  handle: number;
  /** Replies so far: never above 1. */
  replies: number;
  outcome: Promise<Outcome>;
}

/** Makes one call of `demo.Echo/<method>` with a text body. */
export function ask(carrier: CallCarrier, body: string, head: Partial<CallHead> = {}, method = 'echo'): Asked {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const source = Buffer.from(body);
  const asked: Asked = { handle: -1, replies: 0, outcome: promise };
  const sink = {
    onReply(_tag: number, reply: CallReply): void {
      asked.replies++;
      resolve({
        code: reply.code === 0 ? 'OK' : codeOfNumber(reply.code),
        text: reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd),
        retry: retryHints[reply.retry]!,
        retryAfterMs: reply.retryAfterMs,
      });
    },
  };
  asked.handle = carrier.call(
    'demo.Echo',
    method,
    { ...emptyCallHead(), source, bodyEnd: source.length, ...head },
    sink,
    7,
  );
  return asked;
}
