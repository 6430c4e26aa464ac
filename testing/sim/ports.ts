// MessagePorts between simulated threads: messages are copied, come in order, and are there to be read as soon as they are
// posted; when the event comes is the scheduler's to say. The ports of a thread that dies are closed; what it had posted
// arrives.

import { EventEmitter } from 'node:events';
import { type ClonedMessage, cloneMessage, type Moving, openMessage } from './clone.ts';
import type { SimThread } from './thread.ts';

/** One end of a channel, whoever holds it. */
class End implements Moving {
  readonly name: string;
  peer: End | undefined;
  owner: SimThread | undefined;
  port: SimPort | undefined;
  isClosed = false;
  isStarted = false;
  readonly inbox: ClonedMessage[] = [];
  #isPeerGone = false;

  constructor(name: string) {
    this.name = name;
  }

  hold(thread: SimThread): SimPort {
    this.owner = thread;
    this.port = new SimPort(this);
    thread.onEnd(() => {
      if (this.owner === thread) this.close();
    });
    if (this.#isPeerGone) this.#followPeer();
    return this.port;
  }

  arrive(thread: unknown): SimPort {
    return this.hold(thread as SimThread);
  }

  /** One event for each message; a message that was read meanwhile has none. */
  tell(message: ClonedMessage): void {
    this.owner!.post(this.name, `hears ${describe(message.value)} from ${this.peer?.owner?.name ?? 'nobody'}`, () => {
      if (this.inbox.length > 0 && this.isStarted) this.port!.emit('message', this.read());
    });
  }

  read(): unknown {
    const message = openMessage(this.inbox.shift()!, this.owner);
    if (this.#isPeerGone) this.#followPeer();
    return message;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.inbox.length = 0;
    const { port, peer } = this;
    if (port !== undefined && port.listenerCount('close') > 0) {
      this.owner?.post(this.name, 'sees a port closed', () => port.emit('close'));
    }
    if (peer === undefined) return;
    peer.#isPeerGone = true;
    peer.#followPeer();
  }

  /** The other end is closed: this one is too, once what was posted before has been read. */
  #followPeer(): void {
    if (this.inbox.length === 0 && this.owner !== undefined) this.close();
  }
}

/** As MessagePort of node:worker_threads. */
export class SimPort extends EventEmitter {
  #end: End | undefined;

  constructor(end: End) {
    super();
    this.#end = end;
  }

  postMessage(value: unknown, transfer: readonly unknown[] | { transfer?: readonly unknown[] } = []): void {
    const end = this.#end;
    if (end?.owner === undefined) return;
    end.owner.operate('post', undefined, 0);
    const list = Array.isArray(transfer) ? transfer : ((transfer as { transfer?: unknown[] }).transfer ?? []);
    const moving = new Map<unknown, Moving>();
    for (const one of list) if (one instanceof SimPort && one.#end !== undefined) moving.set(one, one.#end);
    const message = cloneMessage(value, list, moving);
    for (const port of moving.keys()) (port as SimPort).#leave();
    const { peer } = end;
    if (end.isClosed || peer === undefined || peer.isClosed) return;
    peer.inbox.push(message);
    if (peer.isStarted) peer.tell(message);
  }

  override on(event: string, listener: (...values: never[]) => void): this {
    super.on(event, listener as (...values: unknown[]) => void);
    if (event === 'message') this.start();
    return this;
  }

  override addListener(event: string, listener: (...values: never[]) => void): this {
    return this.on(event, listener);
  }

  override once(event: string, listener: (...values: never[]) => void): this {
    super.once(event, listener as (...values: unknown[]) => void);
    if (event === 'message') this.start();
    return this;
  }

  start(): void {
    const end = this.#end;
    if (end === undefined || end.isStarted) return;
    end.isStarted = true;
    for (const message of end.inbox) end.tell(message);
  }

  close(): void {
    this.#end?.close();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** The oldest message that no event has told of; undefined: there is none. */
  receive(): { message: unknown } | undefined {
    const end = this.#end;
    if (end === undefined || end.inbox.length === 0) return undefined;
    end.owner?.operate('receive', undefined, 0);
    return { message: end.read() };
  }

  /** The port as another thread has it, which gets it at its birth; here it is no port any more. */
  handTo(thread: SimThread): SimPort {
    const end = this.#end!;
    this.#leave();
    return end.hold(thread);
  }

  #leave(): void {
    if (this.#end !== undefined) {
      this.#end.owner = undefined;
      this.#end.port = undefined;
      this.#end.isStarted = false;
    }
    this.#end = undefined;
  }
}

let channels = 0;

/** As MessageChannel, of one thread. */
export function channelOf(thread: SimThread): new () => { port1: SimPort; port2: SimPort } {
  return class MessageChannel {
    readonly port1: SimPort;
    readonly port2: SimPort;

    constructor() {
      const name = `port ${channels++}`;
      const [one, two] = [new End(name), new End(name)];
      one.peer = two;
      two.peer = one;
      this.port1 = one.hold(thread);
      this.port2 = two.hold(thread);
    }
  };
}

/** A message in a few words. */
function describe(value: unknown): string {
  if (value === 0) return 'the bell';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value);
  const { type, sequence, number, peer, memory } = value as Record<string, unknown>;
  const about = number ?? peer ?? (memory as { peer?: unknown } | undefined)?.peer ?? sequence;
  const name = typeof type === 'string' ? type : sequence === undefined ? 'a message' : 'a large reply';
  return about === undefined ? name : `${name} ${String(about)}`;
}
