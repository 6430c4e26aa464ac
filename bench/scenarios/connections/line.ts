// Line: one connection of the scenario `connections`, the same for all sides: bare TCP, one request under way at most.

import { connect, type Socket } from 'node:net';
import { body } from './message.ts';

export interface LineOptions {
  readonly port: number;
  readonly message: Buffer;
  /** Undefined: the system's choice. */
  readonly localAddress?: string | undefined;
  /** Told when the connection ends before it was closed here. */
  readonly onLost: (reason: Error) => void;
}

export class Line {
  readonly #socket: Socket;
  readonly #message: Buffer;
  readonly #onLost: (reason: Error) => void;
  /** The first answer's; all have the same. */
  #answerBytes = 0;
  /** Of the answer that comes. */
  #read: Buffer | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  constructor({ port, message, localAddress, onLost }: LineOptions) {
    this.#message = message;
    this.#onLost = onLost;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(localAddress && { localAddress }) });
    this.#socket.on('data', (chunk) => this.#hear(chunk as Buffer));
    this.#socket.on('error', (reason) => this.#lose(reason));
    this.#socket.on('close', () => this.#lose(new Error('the server has closed an idle connection')));
  }

  /** Resolves when the answer has come and is right. The first also waits until the connection is up. */
  call(): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(this.#message);
    return this.#waiting.promise;
  }

  /** At once, by a reset: ten thousand that end otherwise would keep their ports for a minute. */
  close(): void {
    this.#isClosed = true;
    this.#socket.resetAndDestroy();
  }

  #hear(chunk: Buffer): void {
    const read = this.#read === undefined ? chunk : Buffer.concat([this.#read, chunk]);
    const endsRight = read.length >= body.length && body.equals(read.subarray(-body.length));
    if (!endsRight && (this.#answerBytes === 0 || read.length < this.#answerBytes)) {
      this.#read = read;
      return;
    }
    this.#read = undefined;
    if (this.#answerBytes === 0) this.#answerBytes = read.length;
    if (endsRight && read.length === this.#answerBytes) this.#settle(undefined);
    else this.#settle(new Error(`the answer is not what was sent: ${read.toString('latin1', 0, 200)}`));
  }

  #lose(reason: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settle(reason);
    this.#onLost(reason);
  }

  #settle(failure: Error | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (failure === undefined) waiting?.resolve();
    else waiting?.reject(failure);
  }
}
