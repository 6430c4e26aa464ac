// SimNetwork: TCP between simulated threads: connections with delays, kernels that take only so much, chunks cut anywhere,
// pauses, resets, peers that vanish. What is drawn from the seed is what a real network may do; bytes come in order or not at
// all.

import type { OnReadOpts } from 'node:net';
import { Draws } from './draws.ts';
import { SimSocket, type Wire } from './socket.ts';
import type { SimThread, ThreadWorld } from './thread.ts';

/** What the kernels of one direction hold at least, bytes. */
export const kernelBytesMin = 1_024;

export interface NetworkOptions {
  /** Delay of one way, ms, from a little to this. Default 1. */
  delayMsMax?: number;
  /** What the kernels of one direction hold, bytes, from `kernelBytesMin` to this. Default 65,536. */
  kernelBytesMax?: number;
}

/** Takes a connection on the thread that listens; the socket is that thread's. */
export type Accept = (socket: SimSocket) => void;

/** Where connections of an address go: asked for each; undefined: nobody listens. */
export type Listening = () => { thread: SimThread; accept: Accept } | undefined;

export class SimNetwork {
  readonly world: ThreadWorld;
  readonly draws: Draws;
  /** Connections that are open on some side. */
  readonly connections = new Set<Connection>();
  /** Hears of all bytes as they go on their way, those of one side in order. */
  onSent: ((connection: Connection, from: SimSocket, bytes: Buffer) => void) | undefined;
  readonly #delayMsMax: number;
  readonly #kernelBytesMax: number;
  readonly #listening = new Map<string, Listening>();

  constructor(world: ThreadWorld, { delayMsMax = 1, kernelBytesMax = 65_536 }: NetworkOptions = {}) {
    this.world = world;
    this.draws = new Draws(world.seed, 'network');
    this.#delayMsMax = delayMsMax;
    this.#kernelBytesMax = kernelBytesMax;
  }

  /** `address`: `10.0.0.1:7000`. */
  listen(address: string, listening: Listening): void {
    this.#listening.set(address, listening);
  }

  /** As ClientHost.openSocket, on a thread. */
  open(thread: SimThread, ip: string, port: number, onread: OnReadOpts): SimSocket {
    const connection = new Connection(this);
    const socket = new SimSocket(connection, thread, { ip, port }, onread);
    connection.sides.push(socket);
    thread.operate('connect', undefined, 0);
    connection.later(() => {
      const target = this.#listening.get(`${ip}:${port}`)?.();
      if (target === undefined || !target.thread.isAlive) {
        connection.later(() => socket.fail('ECONNREFUSED'));
        return;
      }
      this.connections.add(connection);
      const peer = new SimSocket(connection, target.thread, { ip: '10.9.9.9', port: 40_000 }, undefined);
      connection.sides.push(peer);
      target.thread.post(peer.channel, 'gets a connection', () => target.accept(peer));
      connection.later(() => socket.connected());
    });
    return socket;
  }

  delayMs(): number {
    return this.draws.random() * this.#delayMsMax;
  }

  kernelBytes(): number {
    return kernelBytesMin + this.draws.below(Math.max(1, this.#kernelBytesMax - kernelBytesMin));
  }
}

/** Two sockets and what is on its way between them. */
export class Connection implements Wire {
  readonly draws: Draws;
  readonly kernelBytes: number;
  /** Who connected, then who accepted. */
  readonly sides: SimSocket[] = [];
  /** Nothing arrives any more, and nobody is told. */
  isCut = false;
  /** Nothing arrives before, ms. */
  heldUntilMs = 0;
  readonly #network: SimNetwork;
  #lastMs = 0;

  constructor(network: SimNetwork) {
    this.#network = network;
    this.draws = network.draws;
    this.kernelBytes = network.kernelBytes();
  }

  peerOf(socket: SimSocket): SimSocket | undefined {
    return this.sides.find((side) => side !== socket);
  }

  /** After a delay, and behind everything that was sent before. */
  later(arrive: () => void): void {
    const { world } = this.#network;
    const atMs = Math.max(world.nowMs + this.#network.delayMs(), this.#lastMs, this.heldUntilMs);
    this.#lastMs = atMs;
    world.after(atMs - world.nowMs, () => {
      if (!this.isCut) arrive();
    });
  }

  sent(from: SimSocket, bytes: Buffer): void {
    this.#network.onSent?.(this, from, bytes);
  }

  /** Both sides see it broken. */
  reset(): void {
    for (const side of this.sides) side.fail('ECONNRESET');
  }

  closed(): void {
    if (this.sides.every((side) => side.destroyed)) this.#network.connections.delete(this);
  }
}
