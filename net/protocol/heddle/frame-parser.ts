// FrameParser: bytes in any pieces → whole, checked heddle frames. Servers (connection.ts) and clients share it. It
// parses in place: a frame that lies whole in a chunk is never copied; only the part of a frame that a chunk ends with
// is kept, in a buffer that grows with what came, never with what was promised. Bodies are not looked into.

import { type CallReply, emptyCallReply } from '../../../runtime/call.ts';
import type { ErrorCode } from '../../../runtime/errors.ts';
import { frameTypes, pingLayout, prefix } from './layout.ts';
import { openingFault, type PrefixFault, prefixFault } from './prefix-fault.ts';
import {
  emptyRequestFrame,
  type GoawayFrame,
  type RequestFrame,
  readError,
  readGoaway,
  readReply,
  readRequest,
} from './read-frame.ts';

/** Who gets the frames. Objects and their views are valid only during the call; none may throw; `stop` may be called. */
export interface FrameHandler {
  onRequest(frame: RequestFrame): void;
  /** REPLY (`code` 0) or ERROR. */
  onReply(requestId: number, reply: CallReply): void;
  onCancel(requestId: number): void;
  /** 8 bytes of data lie in `source` from `dataStart`. */
  onPing(source: Buffer, dataStart: number): void;
  onPong(source: Buffer, dataStart: number): void;
  onGoaway(frame: GoawayFrame): void;
  /** One frame is wrong, the stream is not: its bytes are skipped without being kept, and parsing goes on. */
  onBadFrame(type: number, requestId: number, code: ErrorCode, message: string): void;
  /** The stream can't be followed any further; the parser has stopped. */
  onBroken(code: ErrorCode, message: string): void;
}

/** What a frame's first 12 bytes come to. */
const verdicts = { take: 0, skip: 1, stop: 2 } as const;

/** First size of the buffer for a part of a frame; it doubles from there. */
const heldBytesMin = 256;

/** Of whichever parser of this thread hands one on: valid only during that call, and a parser is not pushed within one. */
const request = emptyRequestFrame();
const reply = emptyCallReply();

export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #frameBytes: number;
  /** The begun frame's bytes so far, in `#held` up to `#heldEnd`; `#heldLength` is its length once the prefix is in, else 0. */
  #held: Buffer | undefined;
  #heldEnd = 0;
  #heldLength = 0;
  #skipBytes = 0;
  #stopped = false;
  #frames = 0;

  /**
   * `frameBytes`: longest REQUEST, ONE_WAY, REPLY or ERROR that is taken; a longer one is skipped and told to
   * `onBadFrame`. The others are never longer than 4112 bytes.
   */
  constructor(handler: FrameHandler, frameBytes: number) {
    this.#handler = handler;
    this.#frameBytes = frameBytes;
  }

  /** True while a frame has begun and not ended, also one that is being skipped. */
  get partial(): boolean {
    return this.#heldEnd > 0 || this.#skipBytes > 0;
  }

  /** Memory held for the begun frame, bytes. */
  get heldBytes(): number {
    return this.#held === undefined ? 0 : this.#held.length;
  }

  /** Frames that have ended so far, skipped ones too; wraps at 2^32. */
  get frames(): number {
    return this.#frames;
  }

  /** No frame comes any more; what was held is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#skipBytes = 0;
    this.#release();
  }

  /** Takes the first `length` bytes of `chunk`; nothing of it is needed once this returns. */
  push(chunk: Buffer, length: number): void {
    let at = 0;
    while (at < length && !this.#stopped) {
      if (this.#skipBytes > 0) at = this.#skip(at, length);
      else if (this.#heldEnd > 0) at = this.#complete(chunk, at, length);
      else at = this.#begin(chunk, at, length);
    }
  }

  #skip(at: number, length: number): number {
    const taken = Math.min(this.#skipBytes, length - at);
    this.#skipBytes -= taken;
    if (this.#skipBytes === 0) this.#countFrame();
    return at + taken;
  }

  #begin(chunk: Buffer, at: number, length: number): number {
    const present = length - at;
    if (present < prefix.bytes) return this.#hold(chunk, at, length);
    const verdict = this.#inspect(chunk, at);
    if (verdict === verdicts.stop) return length;
    const frameLength = chunk.readUInt32LE(at + prefix.length);
    if (verdict === verdicts.skip) return this.#beginSkip(at + prefix.bytes, frameLength);
    if (frameLength > present) {
      this.#heldLength = frameLength;
      return this.#hold(chunk, at, length);
    }
    this.#countFrame();
    this.#take(chunk, at, at + frameLength);
    return at + frameLength;
  }

  #complete(chunk: Buffer, at: number, length: number): number {
    const prefixOnly = this.#heldLength === 0;
    const wanted = (prefixOnly ? prefix.bytes : this.#heldLength) - this.#heldEnd;
    const next = at + Math.min(wanted, length - at);
    this.#hold(chunk, at, next);
    if (next - at < wanted || this.#stopped) return next;
    const held = this.#held!;
    if (prefixOnly) {
      const verdict = this.#inspect(held, 0);
      if (verdict === verdicts.stop) return length;
      const frameLength = held.readUInt32LE(prefix.length);
      if (verdict === verdicts.skip) {
        this.#release();
        return this.#beginSkip(next, frameLength);
      }
      this.#heldLength = frameLength;
      if (frameLength > prefix.bytes) return next;
    }
    const end = this.#heldEnd;
    this.#release();
    this.#countFrame();
    this.#take(held, 0, end);
    return next;
  }

  #beginSkip(at: number, frameLength: number): number {
    this.#skipBytes = frameLength - prefix.bytes;
    if (this.#skipBytes === 0) this.#countFrame();
    return at;
  }

  /** Keeps the bytes from `at` to `end`; what can be said of an unfinished prefix is said at once. Returns `end`. */
  #hold(chunk: Buffer, at: number, end: number): number {
    const needed = this.#heldEnd + end - at;
    const capacity = this.heldBytes;
    if (needed > capacity) {
      const doubled = Math.max(needed, capacity * 2, heldBytesMin);
      const most = this.#heldLength === 0 ? prefix.bytes : this.#heldLength;
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(doubled, most)));
      this.#held?.copy(grown, 0, 0, this.#heldEnd);
      this.#held = grown;
    }
    chunk.copy(this.#held!, this.#heldEnd, at, end);
    this.#heldEnd = needed;
    if (needed < prefix.bytes) {
      const fault = openingFault(this.#held!, 0, needed);
      if (fault !== undefined) this.#break(fault);
    }
    return end;
  }

  #release(): void {
    this.#held = undefined;
    this.#heldEnd = 0;
    this.#heldLength = 0;
  }

  #countFrame(): void {
    this.#frames = (this.#frames + 1) >>> 0;
  }

  #break(fault: PrefixFault): number {
    this.stop();
    this.#handler.onBroken(fault.code, fault.message);
    return verdicts.stop;
  }

  /** Judges a frame by its prefix, and tells what is wrong with it. */
  #inspect(source: Buffer, at: number): number {
    const fault = prefixFault(source, at, this.#frameBytes);
    if (fault === undefined) return verdicts.take;
    if (fault.breaks) return this.#break(fault);
    const requestId = source.readUInt32LE(at + prefix.requestId);
    this.#handler.onBadFrame(source[at + prefix.type]!, requestId, fault.code, fault.message);
    return this.#stopped ? verdicts.stop : verdicts.skip;
  }

  /** Hands on a whole frame whose prefix was found good. */
  #take(source: Buffer, at: number, end: number): void {
    const handler = this.#handler;
    const type = source[at + prefix.type]!;
    const requestId = source.readUInt32LE(at + prefix.requestId);
    switch (type) {
      case frameTypes.request:
      case frameTypes.oneWay: {
        const fault = readRequest(request, source, at, end);
        if (fault === undefined) handler.onRequest(request);
        else handler.onBadFrame(type, requestId, fault.code, fault.message);
        break;
      }
      case frameTypes.reply:
      case frameTypes.error: {
        const read = type === frameTypes.reply ? readReply : readError;
        const fault = read(reply, source, at, end);
        if (fault === undefined) handler.onReply(requestId, reply);
        else handler.onBadFrame(type, requestId, fault.code, fault.message);
        break;
      }
      case frameTypes.cancel:
        handler.onCancel(requestId);
        break;
      case frameTypes.ping:
        handler.onPing(source, at + pingLayout.data);
        break;
      case frameTypes.pong:
        handler.onPong(source, at + pingLayout.data);
        break;
      default:
        handler.onGoaway(readGoaway(source, at, end));
    }
  }
}
