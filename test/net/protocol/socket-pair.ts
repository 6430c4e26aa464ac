// A connection over loopback, its accepted end unread, and an owner that writes down what its socket tells.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { SocketOwner } from '../../../net/protocol/connection-socket.ts';

export interface SocketPair {
  readonly accepted: Socket;
  readonly peer: Socket;
}

/** Both are closed with the test. Nothing that happens to the peer throws. */
export async function socketPair(t: ExecutionContext): Promise<SocketPair> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  peer.on('error', () => {});
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(peer, 'connect')]);
  server.close();
  t.teardown(() => {
    peer.destroy();
    accepted.destroy();
  });
  return { accepted, peer };
}

export class SocketLog implements SocketOwner {
  text = '';
  taken = 0;
  peerEnds = 0;
  closes = 0;
  /** Of what was read, bytes. */
  readBytes = 0;
  /** Called with each read. */
  onRead: () => void = () => {};
  #wake = (): void => {};

  onBytes(chunk: Buffer, length: number): void {
    this.readBytes += length;
    if (length < 1_000) this.text += chunk.toString('latin1', 0, length);
    this.onRead();
    this.#wake();
  }

  onTaken(buffers: number): void {
    this.taken += buffers;
    this.#wake();
  }

  onPeerEnd(): void {
    this.peerEnds++;
    this.#wake();
  }

  onSocketClose(): void {
    this.closes++;
    this.#wake();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
