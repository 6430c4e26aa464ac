// Link: what one thread holds of another: the ring it answers in, the ring it is answered in, the other's request table
// and arena, and two ports. Made by main for each pair of threads, given to both before either may put or take.

import { ArenaReader } from './arena.ts';
import { RingReader, RingWriter } from './completion-ring.ts';

/** How two threads reach each other beside the shared memory; see link-ports.ts. */
export interface LinkPorts {
  /** Wakes the peer's event loop. */
  ring(): void;
  /** Moves bytes to the peer, in order. */
  post(sequence: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** The oldest message that the peer posted, if any. */
  receive(): { sequence: number; bytes: Uint8Array<ArrayBuffer> } | undefined;
  close(): void;
}

/** The shared memory of a link. */
export interface LinkMemory {
  peer: number;
  /** The pools that the peer takes requests from. */
  pools: string[];
  /** The ring that this thread writes and the peer reads. */
  toPeer: SharedArrayBuffer;
  fromPeer: SharedArrayBuffer;
  /** The peer's request table and arena. */
  table: SharedArrayBuffer;
  arena: SharedArrayBuffer;
}

/** A reply that found no room in the ring. */
export interface HeldReply {
  request: number;
  generation: number;
  kind: number;
  retryAfterMs: number;
  fingerprintHigh: number;
  fingerprintLow: number;
  metadataBytes: number;
  /** Metadata and body, a copy of its own. */
  payload: Buffer;
}

export class Link {
  readonly peer: number;
  readonly pools: readonly string[];
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly table: Int32Array;
  readonly arena: ArenaReader;
  /** Replies waiting for room, oldest first; see the bounds in answerer.ts. */
  readonly held: HeldReply[] = [];
  readonly #ports: LinkPorts;
  #sentOnSide = 0;

  constructor(memory: LinkMemory, ports: LinkPorts) {
    this.peer = memory.peer;
    this.pools = memory.pools;
    this.writer = new RingWriter(memory.toPeer);
    this.reader = new RingReader(memory.fromPeer);
    this.table = new Int32Array(memory.table);
    this.arena = new ArenaReader(memory.arena);
    this.#ports = ports;
  }

  ring(): void {
    this.#ports.ring();
  }

  /**
   * Posts a large reply's bytes, which move to the peer; call it before the frame that names the returned number is
   * published, so that the message is there when the frame is read.
   */
  postSide(bytes: Uint8Array<ArrayBuffer>): number {
    this.#sentOnSide = (this.#sentOnSide % 0x7fffffff) + 1;
    this.#ports.post(this.#sentOnSide, bytes);
    return this.#sentOnSide;
  }

  /** The bytes that a frame's `side` number names. Frames and messages come in the same order. */
  takeSide(sequence: number): Buffer {
    const message = this.#ports.receive();
    if (message?.sequence !== sequence) {
      throw new Error(
        `side port of thread ${this.peer}: expected message ${sequence}, got ${message?.sequence ?? 'none'}`,
      );
    }
    const { bytes } = message;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  close(): void {
    this.#ports.close();
  }
}

/** All links of one thread, its link to itself included: a fiber may call a service of its own pool. */
export class Links {
  readonly #byPeer: (Link | undefined)[] = [];
  /** In no promised order; do not change it. */
  readonly list: Link[] = [];

  get(peer: number): Link | undefined {
    return this.#byPeer[peer];
  }

  add(link: Link): void {
    this.#byPeer[link.peer] = link;
    this.list.push(link);
  }

  remove(peer: number): void {
    const link = this.#byPeer[peer];
    if (link === undefined) return;
    this.#byPeer[peer] = undefined;
    this.list.splice(this.list.indexOf(link), 1);
    link.close();
  }
}
