// AcceptedConnection (main thread): a connection that no IO thread has yet, as the acceptor sees it. There are two:
// HandleConnection, over Node's bare handle, and SocketConnection, over a net.Socket, where that handle can't be had; the
// listeners pick. Nobody reads it, so neither can tell that the peer has left: its IO thread finds that out.

import { Socket } from 'node:net';
import { type AcceptedHandle, socketOver } from './accepted-handle.ts';

/** What is posted to the IO thread, and is in the transfer list: Node moves either to another thread, as long as it is unread. */
export type MovedSocket = Socket | AcceptedHandle;

export interface AcceptedConnection {
  /** Undefined: the peer is gone already. */
  readonly remoteAddress: string | undefined;
  /** POSIX gives the lowest number that is free; undefined where Node does not tell it. */
  readonly descriptor: number | undefined;
  /** `post` moves what it gets to another thread. Throws what it throws; the connection is ours still, to be destroyed. */
  move(post: (moved: MovedSocket) => void): void;
  /** Closes it now. Idempotent. */
  destroy(): void;
}

export class HandleConnection implements AcceptedConnection {
  readonly remoteAddress: string | undefined;
  readonly #handle: AcceptedHandle;

  /** Without Nagle's delay and with the kernel's keepalive. */
  constructor(handle: AcceptedHandle) {
    this.#handle = handle;
    handle.setNoDelay(true);
    handle.setKeepAlive(true, 0);
    const peer: { address?: string } = {};
    this.remoteAddress = handle.getpeername(peer) === 0 ? peer.address : undefined;
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.#handle);
  }

  /** `post` is tried again with a net.Socket where it does not take the bare handle. */
  move(post: (moved: MovedSocket) => void): void {
    try {
      post(this.#handle);
    } catch {
      post(deafSocket(socketOver(this.#handle)));
    }
  }

  destroy(): void {
    this.#handle.close();
  }
}

export class SocketConnection implements AcceptedConnection {
  readonly #socket: Socket;

  /** Made with the same options as a HandleConnection gets; paused. */
  constructor(socket: Socket) {
    this.#socket = deafSocket(socket);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get descriptor(): number | undefined {
    return descriptorOf((this.#socket as unknown as { _handle?: { fd?: number } | null })._handle);
  }

  move(post: (moved: MovedSocket) => void): void {
    post(this.#socket);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** On the IO thread: the socket of a connection that has come, half-open and unread. */
export function arrivedSocket(moved: MovedSocket): Socket {
  return moved instanceof Socket ? moved : socketOver(moved);
}

/** Without a listener a reset before the move would end the process. */
function deafSocket(socket: Socket): Socket {
  return socket.on('error', () => {});
}

function descriptorOf(handle: { readonly fd?: number } | null | undefined): number | undefined {
  return typeof handle?.fd === 'number' ? handle.fd : undefined;
}
