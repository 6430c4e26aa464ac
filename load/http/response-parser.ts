// ResponseParser: the bytes of one HTTP/1.1 connection → answers to one POST after another. It knows what a client of a
// service meets (lengths, chunks, bodies up to the close, interim answers), parses in place, and copies only what a read
// ends in the middle of, and bodies in parts that somebody wants to see.

import { HeddleError } from '../../runtime/errors.ts';

export interface ResponseHandler {
  /**
   * One answer is complete; its body lies in `source` and is valid only during the call. `start` = `end` when nobody wanted
   * the body. `keepsAlive`: the connection takes another request. It does not when bytes follow that nobody has asked for:
   * they would count as the next request's answer.
   */
  onResponse(status: number, keepsAlive: boolean, source: Buffer, start: number, end: number): void;
}

/** Of one answer's head, and of one line of a chunked body, bytes. As Node's own client: beyond it something is wrong. */
const headMaxBytes = 65_536;

/** Of a failure's body, bytes: a sentence or a proxy's page. */
const failureMaxBytes = 65_536;

/** Of a good body that is to be looked at, bytes. */
const bodyMaxBytes = 2 ** 28;

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'to-close';

const noBytes = Buffer.alloc(0);
const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

export class ResponseParser {
  readonly #handler: ResponseHandler;
  readonly #keepsBodies: boolean;
  #state: State = 'head';
  /** The beginning of a head or a line that its end is missing of; a copy. */
  #rest = noBytes;
  #status = 0;
  #keepsAlive = true;
  /** Of the body, or of the chunk. */
  #missingBytes = 0;
  /** Parts of a body that comes in several: copies, as far as they are wanted, and how long all of them were. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #stopped = false;

  /** `keepsBodies`: also those of good answers are wanted. */
  constructor(handler: ResponseHandler, keepsBodies: boolean) {
    this.#handler = handler;
    this.#keepsBodies = keepsBodies;
  }

  /** True while an answer has begun and not ended. */
  get partial(): boolean {
    return this.#state !== 'head' || this.#rest.length > 0;
  }

  /** Nothing more is told, not even of what is being read. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes what was read, `source` up to `bytes`. Throws UNAVAILABLE when it is not HTTP; nothing may come after that. */
  push(source: Buffer, bytes: number): void {
    let chunk = source.subarray(0, bytes);
    if (this.#rest.length > 0) {
      chunk = Buffer.concat([this.#rest, chunk]);
      this.#rest = noBytes;
    }
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      const next = this.#take(chunk, at);
      if (next < 0) {
        this.#keepRest(chunk.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** The peer has closed: which ends a body without a length. */
  end(): void {
    if (this.#state === 'to-close' && !this.#stopped) this.#completeKept(false);
  }

  /** Where it goes on, or -1: the end of what is read next is missing. */
  #take(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(chunk, at);
      case 'length':
      case 'chunk':
      case 'to-close':
        return this.#takeBody(chunk, at);
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.#takeLine(chunk, at);
    }
  }

  #takeHead(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(headEnd, at);
    if (end < 0) return -1;
    const head = chunk.toString('latin1', at, end);
    const status = /^HTTP\/1\.([01]) (\d{3})/.exec(head);
    if (status === null) throw strange(head);
    this.#status = Number(status[2]);
    const bodyStart = end + headEnd.length;
    // Interim answers have neither body nor meaning.
    if (this.#status < 200) return bodyStart;
    this.#keepsAlive = status[1] === '1' && !/\r\nconnection:[^\r]*\bclose\b/i.test(head);
    this.#expectBody(head);
    if (this.#state === 'length' && this.#missingBytes === 0) {
      this.#completeKept(bodyStart < chunk.length);
    }
    return bodyStart;
  }

  #expectBody(head: string): void {
    this.#missingBytes = 0;
    this.#state = 'length';
    if (this.#status === 204 || this.#status === 304) return;
    if (/\r\ntransfer-encoding:[^\r]*\bchunked\b/i.test(head)) {
      this.#state = 'chunk-size';
      return;
    }
    const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r|$)/i.exec(head);
    if (length !== null) {
      this.#missingBytes = Number(length[1]);
      return;
    }
    this.#state = 'to-close';
    this.#keepsAlive = false;
    this.#missingBytes = Number.POSITIVE_INFINITY;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#missingBytes);
    this.#missingBytes -= end - at;
    const isLast = this.#state === 'length' && this.#missingBytes === 0;
    if (isLast && this.#partsBytes === 0) {
      // All of it in one read.
      this.#complete(chunk, at, end, end < chunk.length);
      return end;
    }
    this.#keepPart(chunk, at, end);
    if (isLast) this.#completeKept(end < chunk.length);
    else if (this.#state === 'chunk' && this.#missingBytes === 0) this.#state = 'chunk-end';
    return end;
  }

  #takeLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(lineEnd, at);
    if (end < 0) return -1;
    const line = chunk.toString('latin1', at, end);
    switch (this.#state) {
      case 'chunk-size': {
        const size = /^[ \t]*([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line);
        if (size === null) throw strange(line);
        this.#missingBytes = Number.parseInt(size[1]!, 16);
        this.#state = this.#missingBytes === 0 ? 'trailer' : 'chunk';
        break;
      }
      case 'chunk-end':
        if (line !== '') throw strange(line);
        this.#state = 'chunk-size';
        break;
      default:
        // Trailers say nothing to us; the empty line ends them and the body.
        if (line === '') this.#completeKept(end + lineEnd.length < chunk.length);
    }
    return end + lineEnd.length;
  }

  #keepPart(chunk: Buffer, at: number, end: number): void {
    const isFailure = this.#status >= 400;
    const maxBytes = isFailure ? failureMaxBytes : this.#keepsBodies ? bodyMaxBytes : 0;
    const bytes = Math.min(end - at, maxBytes - this.#partsBytes);
    if (bytes > 0) this.#parts.push(Buffer.from(chunk.subarray(at, at + bytes)));
    this.#partsBytes += end - at;
  }

  #keepRest(rest: Buffer): void {
    if (rest.length > headMaxBytes) throw strange(rest.toString('latin1', 0, 100));
    this.#rest = Buffer.from(rest);
  }

  /** Its body is what was kept. */
  #completeKept(hasSurplus: boolean): void {
    this.#complete(noBytes, 0, 0, hasSurplus);
  }

  #complete(source: Buffer, start: number, end: number, hasSurplus: boolean): void {
    const body = this.#parts.length > 0 ? Buffer.concat(this.#parts) : source.subarray(start, end);
    this.#parts = [];
    this.#partsBytes = 0;
    this.#state = 'head';
    if (hasSurplus) this.stop();
    this.#handler.onResponse(this.#status, this.#keepsAlive && !hasSurplus, body, 0, body.length);
  }
}

function strange(text: string): HeddleError {
  return new HeddleError('UNAVAILABLE', `what it sent is not HTTP/1.1: ${JSON.stringify(text.slice(0, 60))}`);
}
