// Answerer: the side of a thread that replies to askers. Replies are copied into the completion ring of their asker and
// published together, once a turn or microtask drain, and before code that may take long; what finds no room is held and
// pushed first when room has come.

import type { CallReply } from '../call.ts';
import type { Board } from './board.ts';
import { copyBytes } from './copy-bytes.ts';
import { ringFrame, ringFrameHeadBytes, wants } from './layout.ts';
import type { HeldReply, Link, Links } from './link.ts';

/** Replies that may wait for others, and how long the first of them does, ms; as a turn's bounds. */
const gatheredMax = 32;
const gatherMs = 0.2;
/** Replies held back for want of room, and their bytes, beyond which the thread takes nothing new. */
const heldMax = 512;
const heldBytesMax = 64 * 1_048_576;

export class Answerer {
  readonly #board: Board;
  readonly #links: Links;
  readonly #dirty: Link[] = [];
  #publishScheduled = false;
  #held = 0;
  #heldBytes = 0;
  /** Replies to threads that died. */
  dropped = 0;
  #gathers = false;
  #gathered = 0;
  #gatheredSinceMs = 0;

  constructor(board: Board, links: Links) {
    this.#board = board;
    this.#links = links;
  }

  /** Replies held back for want of room. A thread takes no request while there are many. */
  get held(): number {
    return this.#held;
  }

  /** Sends a reply; its bytes are copied before this returns. Published by `publish`, which runs by itself soon. */
  reply(asker: number, request: number, generation: number, reply: CallReply): void {
    const link = this.#links.get(asker);
    if (link === undefined || this.#board.isGone(asker)) {
      this.dropped++;
      return;
    }
    if (link.held.length > 0 || !this.#push(link, request, generation, reply)) {
      const held = hold(request, generation, reply);
      link.held.push(held);
      this.#held++;
      this.#heldBytes += held.payload.length;
      this.#pushHeld(link);
    }
    this.#publishLater(link);
  }

  /** Takes nothing new while this is true: too much waits for room. */
  get isFull(): boolean {
    return this.#held >= heldMax || this.#heldBytes >= heldBytesMax;
  }

  /** As `flush`, at the end of the turn or microtask drain. */
  publish = (): void => {
    this.#publishScheduled = false;
    this.flush();
  };

  /**
   * From now on replies wait for one another, within bounds: whoever calls this calls `publishNow` at the end of the turn or
   * microtask drain. An asker that is handed them one by one wakes, writes and looks around for each; in one batch they
   * cost it a third less.
   */
  gather(nowMs: number): void {
    this.#gathers = true;
    if (this.#dirty.length === 0) this.#gatheredSinceMs = nowMs;
    else if (nowMs - this.#gatheredSinceMs >= gatherMs) {
      this.flush();
      this.#gatheredSinceMs = nowMs;
    }
  }

  /** Ends the gathering: code may follow that takes long. */
  publishNow(): void {
    this.#gathers = false;
    this.flush();
  }

  /** Makes the replies so far visible and rings their askers. */
  flush(): void {
    if (this.#dirty.length === 0) return;
    this.#gathered = 0;
    for (const link of this.#dirty) {
      if (!link.writer.unpublished) continue;
      link.writer.publish();
      // After the publish: pairs with Board.park(), whose caller looks at its rings after it.
      if (this.#board.takeBell(link.peer, wants.completions)) link.ring();
    }
    this.#dirty.length = 0;
  }

  /** Pushes what was held and has room now. Called once a turn. */
  retryHeld(): void {
    if (this.#held === 0) return;
    for (const link of this.#links.list) if (link.held.length > 0) this.#pushHeld(link);
  }

  /** Part of the look before parking: a held reply whose reader has made room since. */
  get heldHasRoom(): boolean {
    if (this.#held === 0) return false;
    for (const link of this.#links.list) if (link.held.length > 0 && link.writer.roomCame) return true;
    return false;
  }

  /** The asker is dead: what waited for it is dropped. */
  forget(link: Link): void {
    this.#held -= link.held.length;
    for (const { payload } of link.held) this.#heldBytes -= payload.length;
    this.dropped += link.held.length;
    link.held.length = 0;
    const at = this.#dirty.indexOf(link);
    if (at >= 0) this.#dirty.splice(at, 1);
  }

  #pushHeld(link: Link): void {
    for (;;) {
      let pushed = 0;
      for (const one of link.held) {
        if (!this.#pushHeldReply(link, one)) break;
        this.#heldBytes -= one.payload.length;
        pushed++;
      }
      link.held.splice(0, pushed);
      this.#held -= pushed;
      if (pushed > 0) this.#publishLater(link);
      if (link.held.length === 0) return;
      // What is unpublished takes room that the reader cannot give back.
      if (link.writer.unpublished) this.flush();
      if (link.writer.waitForRoom()) return;
    }
  }

  #push(link: Link, request: number, generation: number, reply: CallReply): boolean {
    const metadataBytes = reply.metadataEnd - reply.metadataStart;
    const bodyBytes = reply.bodyEnd - reply.bodyStart;
    const payloadBytes = metadataBytes + bodyBytes;
    const { writer } = link;
    const large = payloadBytes > writer.payloadMax;
    // Before the room is reserved: when there is no memory nothing has begun.
    const bytes = large ? Buffer.allocUnsafeSlow(payloadBytes) : undefined;
    const offset = writer.reserve(large ? 0 : payloadBytes);
    if (offset < 0) return false;
    let side = 0;
    if (bytes !== undefined) {
      copyPayload(bytes, 0, reply);
      side = link.postSide(bytes);
    } else {
      copyPayload(writer.bytes, offset + ringFrameHeadBytes, reply);
    }
    const at = offset >> 2;
    const { words } = writer;
    words[at + ringFrame.request] = request;
    words[at + ringFrame.generation] = generation;
    words[at + ringFrame.kind] = packKind(reply);
    words[at + ringFrame.retryAfterMs] = reply.retryAfterMs;
    words[at + ringFrame.fingerprintHigh] = reply.fingerprintHigh;
    words[at + ringFrame.fingerprintLow] = reply.fingerprintLow;
    words[at + ringFrame.metadataBytes] = metadataBytes;
    words[at + ringFrame.bodyBytes] = bodyBytes;
    words[at + ringFrame.side] = side;
    writer.wrote();
    return true;
  }

  #pushHeldReply(link: Link, one: HeldReply): boolean {
    return this.#push(link, one.request, one.generation, {
      code: one.kind & 255,
      retry: (one.kind >>> 8) & 255,
      codec: (one.kind >>> 16) & 255,
      compression: one.kind >>> 24,
      retryAfterMs: one.retryAfterMs,
      fingerprintHigh: one.fingerprintHigh,
      fingerprintLow: one.fingerprintLow,
      source: one.payload,
      metadataStart: 0,
      metadataEnd: one.metadataBytes,
      bodyStart: one.metadataBytes,
      bodyEnd: one.payload.length,
    });
  }

  #publishLater(link: Link): void {
    if (!this.#dirty.includes(link)) this.#dirty.push(link);
    if (this.#gathers && ++this.#gathered >= gatheredMax) this.flush();
    if (this.#publishScheduled || this.#gathers) return;
    this.#publishScheduled = true;
    queueMicrotask(this.publish);
  }
}

function hold(request: number, generation: number, reply: CallReply): HeldReply {
  const metadataBytes = reply.metadataEnd - reply.metadataStart;
  const payload = Buffer.allocUnsafeSlow(metadataBytes + reply.bodyEnd - reply.bodyStart);
  copyPayload(payload, 0, reply);
  return {
    request,
    generation,
    kind: packKind(reply),
    retryAfterMs: reply.retryAfterMs,
    fingerprintHigh: reply.fingerprintHigh,
    fingerprintLow: reply.fingerprintLow,
    metadataBytes,
    payload,
  };
}

function copyPayload(target: Buffer, offset: number, reply: CallReply): void {
  const at = copyBytes(target, offset, reply.source, reply.metadataStart, reply.metadataEnd);
  copyBytes(target, at, reply.source, reply.bodyStart, reply.bodyEnd);
}

function packKind(reply: CallReply): number {
  return reply.code | (reply.retry << 8) | (reply.codec << 16) | (reply.compression << 24);
}
