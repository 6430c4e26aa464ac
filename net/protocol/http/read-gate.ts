// ReadGate: whether one connection is read on. Shut while too many of its requests wait for answers, while too much of
// its answers is unsent, or while its IO thread is over its memory budget; keeps the books of what the connection holds.
// On its IO thread only.

import type { Socket } from 'node:net';
import type { ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { HttpRequest } from './exchange.ts';
import { pipelinePause } from './limits.ts';

export class ReadGate {
  readonly #host: ProtocolHost;
  readonly #socket: Socket;
  readonly #writeBufferBytes: number;
  #waiting = 0;
  #unsentBytes = 0;
  /** All that `host.bookBytes` has for this connection. */
  #bookedBytes = 0;
  /** The thread is over its budget, and calls when it is not. */
  #held = false;
  /** Requests whose bodies wait for that. At most as many as one read of the socket brings. */
  readonly #heldBack: HttpRequest[] = [];
  #paused = false;
  #released = false;
  /** `flush` is asked for and has not come. */
  #asked = false;

  constructor(host: ProtocolHost, socket: Socket, writeBufferBytes: number) {
    this.#host = host;
    this.#socket = socket;
    this.#writeBufferBytes = writeBufferBytes;
  }

  /** `waiting`: requests that wait for their answers, and answers to be sent; of those `unsentBytes`. */
  look(waiting: number, unsentBytes: number): void {
    this.#waiting = waiting;
    this.#unsentBytes = unsentBytes;
    // node:http starts to read again when it has parsed a request, so a pause has to come after that.
    if (this.#paused) this.#resumeIfRoom();
    else if (this.#full) this.#askForFlush();
  }

  /** Books bytes held for this connection; negative: gives back. Shuts the gate when the thread is over its budget. */
  book(bytes: number): void {
    if (bytes === 0 || this.#released) return;
    this.#bookedBytes += bytes;
    if (this.#host.bookBytes(bytes) || this.#held) return;
    this.#held = true;
    this.#askForFlush();
    this.#host.whenRoom(this);
  }

  /** A chunk of the request's body has come: no further one while the gate is shut for memory. */
  passed(request: HttpRequest): void {
    if (!this.#held) return;
    request.pause();
    this.#heldBack.push(request);
  }

  flush(): void {
    this.#asked = false;
    if (this.#paused || this.#released) return;
    if (!this.#held && !this.#full) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#held = false;
    for (const request of this.#heldBack.splice(0)) request.resume();
    if (!this.#released) this.#resumeIfRoom();
  }

  /** The connection ends: reads on, so that the peer's end is seen. */
  open(): void {
    this.release();
    this.resumeReading();
    if (this.#paused) this.#socket.resume();
    this.#paused = false;
  }

  /** Gives back all that is booked; nothing is booked or paused any more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#bookedBytes !== 0) this.#host.bookBytes(-this.#bookedBytes);
    this.#bookedBytes = 0;
  }

  get #full(): boolean {
    return this.#waiting >= pipelinePause || this.#unsentBytes > this.#writeBufferBytes;
  }

  #askForFlush(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#host.scheduleFlush(this);
  }

  // Half way, so that a connection at its bound is not paused and resumed with every answer.
  #resumeIfRoom(): void {
    if (!this.#paused || this.#held) return;
    if (this.#waiting > pipelinePause / 2 || this.#unsentBytes > this.#writeBufferBytes / 2) return;
    this.#paused = false;
    this.#socket.resume();
  }
}
