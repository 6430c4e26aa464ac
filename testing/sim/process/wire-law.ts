// WireLaw: on every connection of the simulated process each request has one answer, as somebody sees it who reads along:
// frames of the heddle protocol, request by request, by the bytes that both sides send. What a client makes of a second
// answer, or of none, is not looked at.

import { frameTypes, prefix } from '../../../net/protocol/heddle/layout.ts';
import type { Connection, SimNetwork } from '../network.ts';
import type { Simulation } from '../simulation.ts';
import type { SimSocket } from '../socket.ts';

/** By its name in failures. */
export const wireLaw = 'answered once on the wire';

interface Watched {
  /** Asked, and not answered. */
  readonly open: Set<number>;
  /** By sender. */
  readonly streams: Map<SimSocket, FrameStream>;
}

export class WireLaw {
  readonly #simulation: Simulation;
  readonly #network: SimNetwork;
  readonly #watched = new WeakMap<Connection, Watched>();

  constructor(simulation: Simulation, network: SimNetwork) {
    this.#simulation = simulation;
    this.#network = network;
    network.onSent = (connection, from, bytes) => this.#onSent(connection, from, bytes);
  }

  /** Nothing is under way: on connections that stand, everything has its answer. */
  checkEnd(): void {
    for (const connection of this.#network.connections) {
      if (connection.isCut || connection.sides.some(({ destroyed }) => destroyed)) continue;
      for (const requestId of this.#watched.get(connection)?.open ?? []) {
        this.#fail(`nothing answers request ${requestId} of ${namesOf(connection)}`);
      }
    }
  }

  #onSent(connection: Connection, from: SimSocket, bytes: Buffer): void {
    let watched = this.#watched.get(connection);
    if (watched === undefined) {
      watched = { open: new Set(), streams: new Map() };
      this.#watched.set(connection, watched);
    }
    let stream = watched.streams.get(from);
    if (stream === undefined) {
      stream = new FrameStream();
      watched.streams.set(from, stream);
    }
    const { open } = watched;
    stream.read(bytes, (type, requestId) => this.#onFrame(connection, open, type, requestId));
  }

  #onFrame(connection: Connection, open: Set<number>, type: number, requestId: number): void {
    if (type === frameTypes.request) {
      if (open.has(requestId)) {
        this.#fail(`request ${requestId} of ${namesOf(connection)} is sent again before its answer has come`);
      }
      open.add(requestId);
    } else if ((type === frameTypes.reply || type === frameTypes.error) && !open.delete(requestId)) {
      this.#fail(`request ${requestId} of ${namesOf(connection)} is answered again`);
    }
  }

  #fail(sentence: string): never {
    return this.#simulation.fail(wireLaw, sentence);
  }
}

/** Frames in the order of their bytes, whatever the chunks. */
class FrameStream {
  readonly #head: Buffer = Buffer.alloc(prefix.bytes);
  /** Bytes of the head that are there. */
  #headBytes = 0;
  /** Bytes of the frame behind its head that are still to come. */
  #restBytes = 0;

  read(bytes: Buffer, onFrame: (type: number, requestId: number) => void): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#restBytes > 0) {
        const passed = Math.min(this.#restBytes, bytes.length - at);
        this.#restBytes -= passed;
        at += passed;
        continue;
      }
      const copied = bytes.copy(this.#head, this.#headBytes, at);
      this.#headBytes += copied;
      at += copied;
      if (this.#headBytes < prefix.bytes) return;
      this.#headBytes = 0;
      this.#restBytes = this.#head.readUInt32LE(prefix.length) - prefix.bytes;
      onFrame(this.#head[prefix.type]!, this.#head.readUInt32LE(prefix.requestId));
    }
  }
}

/** `client-1 at io-2` */
function namesOf({ sides }: Connection): string {
  return sides.map(({ thread }) => thread.name).join(' at ');
}
