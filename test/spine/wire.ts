// Raw sockets for the spine's tests: heddle frames by hand, with all that came back, and HTTP by node:http.

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import * as encode from '../../net/protocol/heddle/encode.ts';
import { FrameParser } from '../../net/protocol/heddle/frame-parser.ts';
import { type CallHead, codecIds, emptyCallHead } from '../../runtime/call.ts';
import { codeOfNumber } from '../../runtime/errors.ts';
import { decodeMetadata } from '../../runtime/metadata.ts';

/** One answer: REPLY, ERROR, GOAWAY or PONG. */
export interface Answer {
  is: 'reply' | 'error' | 'goaway' | 'pong';
  id: number;
  /** '' for none. */
  code: string;
  body: Buffer;
  metadata: ReadonlyMap<string, string>;
  retry: number;
  retryAfterMs: number;
  /** How the body is compressed; 0: it is not. */
  compression: number;
  final: boolean;
}

export interface FrameOptions {
  service?: string;
  budgetUs?: number;
  head?: Partial<CallHead>;
}

/** A REQUEST (ONE_WAY by `head.flags`) with a JSON body, or bytes as they are. */
export function requestFrame(id: number, method: string, body: unknown, options: FrameOptions = {}): Buffer {
  const isBytes = Buffer.isBuffer(body);
  const source = isBytes ? body : Buffer.from(JSON.stringify(body));
  const head = { ...emptyCallHead(), codec: isBytes ? codecIds.bytes : codecIds.json, ...options.head };
  const metadata = head.source.subarray(head.metadataStart, head.metadataEnd);
  head.source = Buffer.concat([metadata, source]);
  head.metadataStart = 0;
  head.metadataEnd = metadata.length;
  head.bodyStart = metadata.length;
  head.bodyEnd = head.source.length;
  const route = encode.encodeRoute(options.service ?? 'test.Work', method);
  const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
  encode.encodeRequest(frame, 0, id, route, head, options.budgetUs ?? 0);
  return frame;
}

export function cancelFrame(id: number): Buffer {
  const frame = Buffer.alloc(12);
  encode.encodeCancel(frame, 0, id);
  return frame;
}

/** A client without manners. */
export class Wire implements Disposable {
  readonly socket: Socket;
  readonly answers: Answer[] = [];
  readonly received: Buffer[] = [];
  /** Resolves when the peer has closed or reset the connection. */
  readonly closed: Promise<void>;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    const parser = new FrameParser(
      {
        onRequest: () => {},
        onCancel: () => {},
        onPing: () => {},
        onReply: (id, reply) =>
          this.#add({
            ...nothing,
            is: reply.code === 0 ? 'reply' : 'error',
            id,
            code: reply.code === 0 ? '' : codeOfNumber(reply.code),
            body: Buffer.from(reply.source.subarray(reply.bodyStart, reply.bodyEnd)),
            metadata: decodeMetadata(reply.source, reply.metadataStart, reply.metadataEnd),
            retry: reply.retry,
            retryAfterMs: reply.retryAfterMs,
            compression: reply.compression,
          }),
        onPong: (source, start) =>
          this.#add({ ...nothing, is: 'pong', body: Buffer.from(source.subarray(start, start + 8)) }),
        onGoaway: ({ code, final, message }) =>
          this.#add({
            ...nothing,
            is: 'goaway',
            code: code === 0 ? '' : codeOfNumber(code),
            body: Buffer.from(message),
            final,
          }),
        onBadFrame: (type, _id, code, message) => {
          throw new Error(`the server sent a bad frame of type ${type}: ${code} ${message}`);
        },
        onBroken: (code, message) => {
          throw new Error(`the server's stream is broken: ${code} ${message}`);
        },
      },
      64 * 1024 * 1024,
    );
    socket.on('data', (chunk: Buffer) => {
      this.received.push(chunk);
      parser.push(chunk, chunk.length);
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
    void this.closed.then(() => this.#wake());
  }

  static async to(address: string): Promise<Wire> {
    const [host, port] = address.split(':');
    const socket = connectSocket({ host: host!, port: Number(port), noDelay: true });
    const wire = new Wire(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return wire;
  }

  send(...frames: Buffer[]): this {
    this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** The answers so far, once there are `count`; fails when the connection closes before. */
  async take(count: number): Promise<Answer[]> {
    while (this.answers.length < count) {
      if (this.socket.closed) throw new Error(`closed after ${this.answers.length} of ${count} answers`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    return this.answers.splice(0, count);
  }

  async one(): Promise<Answer> {
    return (await this.take(1))[0]!;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #add(answer: Answer): void {
    this.answers.push(answer);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const nothing: Answer = {
  is: 'reply',
  id: 0,
  code: '',
  body: Buffer.alloc(0),
  metadata: new Map(),
  retry: 0,
  retryAfterMs: 0,
  compression: 0,
  final: false,
};

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
}

export interface HttpOptions {
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
}

/** One request over a connection of its own. `body`: JSON, or bytes as they are. */
export function http(address: string, method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const [host, port] = address.split(':');
  const { body, headers, signal } = options;
  const bytes = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host,
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }),
          connection: 'close',
          ...headers,
        },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          resolve({ status: response.statusCode!, headers: response.headers, body: all, json: parsed(all) });
        });
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}

/** Writes text to a socket and reads until the peer ends it. */
export function rawHttp(address: string, text: string): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: host!, port: Number(port) });
    let all = '';
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(all));
    socket.on('end', () => socket.end());
    socket.write(text, 'latin1');
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
