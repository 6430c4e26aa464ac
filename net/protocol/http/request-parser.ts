// RequestParser: the bytes of one http connection -> heads and bodies of requests (RFC 9112). Takes any split of the bytes;
// holds at most the beginning of one head. Strict, since lenient readers are how one request is made to look like two:
// every line ends with CRLF, and no control character stands in one but tabs. On IO threads.

import type { KnownHeads } from './known-heads.ts';
import { chunkExtensionsBytesMax, headBytesMax } from './limits.ts';
import { LineScan } from './line-scan.ts';
import { type ParsedRequest, trailerFault } from './parse-request.ts';
import { chunkExtensionsTooLarge, headTooLarge, malformed, type Refusal } from './refusal.ts';

/** What the parser found, in the order of the bytes. Each of these may call `stop`. */
export interface RequestHandler {
  /** A head is whole. Where it has no body `onEnd` follows at once. */
  onHead(request: ParsedRequest): void;
  /** Bytes of its body, valid within this call; those of a body with a length that come in one piece, until its `onEnd`. */
  onBody(source: Buffer, start: number, end: number): void;
  onEnd(): void;
  /** What follows is no request, or too much of one. The parser has stopped. */
  onFault(refusal: Refusal): void;
}

/** What comes next. */
type Part = 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'nothing';

const carriageReturn = 13;
const lineFeed = 10;
/** The size of a chunk, with as many digits as are exact, and what may stand behind it. */
const sizeLine = /^([0-9a-fA-F]{1,12})(?:[\t ]*;.*)?$/;

export class RequestParser {
  readonly #handler: RequestHandler;
  readonly #heads: KnownHeads;
  readonly #lines = new LineScan();
  #part: Part = 'head';
  /** Where the last head is kept, which most clients send again. */
  #place = -1;
  /** Bytes of the body, or of its present chunk, still to come. */
  #left = 0;
  /** Of the present body, behind the sizes of its chunks and in its trailers. */
  #extensionBytes = 0;
  #requests = 0;

  /** `heads`: those that were read on this thread. */
  constructor(handler: RequestHandler, heads: KnownHeads) {
    this.#handler = handler;
    this.#heads = heads;
  }

  /** Requests that have come in whole. */
  get requests(): number {
    return this.#requests;
  }

  /** A request is half read. */
  get partial(): boolean {
    return this.#part === 'head' ? this.#lines.bytes > 0 : this.#part !== 'nothing';
  }

  /** Memory held for it, bytes. */
  get heldBytes(): number {
    return this.#lines.heldBytes;
  }

  /** Takes the first `length` bytes of `chunk`, and looks at them no more once it returns. */
  push(chunk: Buffer, length: number): void {
    let at = 0;
    while (at < length && this.#part !== 'nothing') {
      if (this.#part === 'head') at = this.#readHead(chunk, at, length);
      else if (this.#part === 'body' || this.#part === 'chunk') at = this.#readBody(chunk, at, length);
      else at = this.#readChunking(chunk, at, length);
    }
  }

  /** What comes is not looked at any more. */
  stop(): void {
    this.#part = 'nothing';
    this.#lines.clear();
  }

  // Each of these returns where the next byte is to be read.

  #readHead(chunk: Buffer, at: number, length: number): number {
    let start = at;
    // Empty lines before a request are passed over (RFC 9112, section 2.2).
    if (this.#lines.bytes === 0) {
      while (start < length && (chunk[start] === carriageReturn || chunk[start] === lineFeed)) start++;
      const known = this.#heads.beginOf(chunk, start, length, this.#place);
      if (known !== undefined) {
        this.#onHead(known.request);
        return start + known.bytes!.length;
      }
    }
    const end = this.#readLines(chunk, start, length, true, headBytesMax, headTooLarge);
    if (!this.#lines.isWhole) return end;
    const head = this.#heads.read(this.#lines.take());
    if ('status' in head) return this.#fail(head, length);
    this.#place = head.place;
    this.#onHead(head.request);
    return end;
  }

  /** `#lines.isWhole` says then whether they may be taken; they may not when it failed, for being over `bytesMax` or no lines. */
  #readLines(chunk: Buffer, at: number, length: number, untilEmpty: boolean, bytesMax: number, over: Refusal): number {
    const lines = this.#lines;
    // One byte over the bound tells.
    const end = lines.read(chunk, at, Math.min(length, at + bytesMax - lines.bytes + 1), untilEmpty);
    if (lines.bytes > bytesMax) return this.#fail(over, length);
    return lines.fault === '' ? end : this.#fail(malformed(lines.fault), length);
  }

  #onHead(request: ParsedRequest): void {
    this.#begin(request.bodyBytes);
    this.#handler.onHead(request);
    if (request.bodyBytes === 0) this.#end();
  }

  #begin(bodyBytes: number): void {
    this.#extensionBytes = 0;
    this.#left = bodyBytes;
    this.#part = bodyBytes < 0 ? 'chunk-size' : 'body';
  }

  #end(): void {
    if (this.#part === 'nothing') return;
    this.#part = 'head';
    this.#requests++;
    this.#handler.onEnd();
  }

  #readBody(chunk: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#left);
    this.#left -= end - at;
    this.#handler.onBody(chunk, at, end);
    if (this.#left > 0) return end;
    if (this.#part === 'body') this.#end();
    else if (this.#part === 'chunk') this.#part = 'chunk-end';
    return end;
  }

  #readChunking(chunk: Buffer, at: number, length: number): number {
    const bytesMax = chunkExtensionsBytesMax - this.#extensionBytes;
    const end = this.#readLines(chunk, at, length, this.#part === 'trailers', bytesMax, chunkExtensionsTooLarge);
    if (!this.#lines.isWhole) return end;
    const text = this.#lines.take();
    if (this.#part === 'trailers') {
      const fault = trailerFault(text);
      if (fault !== undefined) return this.#fail(fault, length);
      this.#end();
    } else if (this.#part === 'chunk-end') {
      if (text !== '') return this.#fail(malformed('a chunk is longer than it says'), length);
      this.#part = 'chunk-size';
    } else {
      const digits = sizeLine.exec(text)?.[1];
      if (digits === undefined) return this.#fail(malformed('the size of a chunk is no hexadecimal number'), length);
      this.#extensionBytes += text.length - digits.length;
      this.#left = Number.parseInt(digits, 16);
      this.#part = this.#left === 0 ? 'trailers' : 'chunk';
      if (this.#left === 0) this.#lines.beginTrailers();
    }
    return end;
  }

  #fail(refusal: Refusal, length: number): number {
    this.stop();
    this.#handler.onFault(refusal);
    return length;
  }
}
