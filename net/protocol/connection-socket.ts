// ConnectionSocket: what a connection of protocol heddle or http needs of its TCP socket, and what it is told. There are two:
// WireSocket, which drives Node's handle itself, and NodeSocket, a net.Socket; adoptSocket picks.

/** Whoever owns the socket. Nothing of this is called within a call of the socket's, and none may throw. */
export interface SocketOwner {
  /** The first `length` bytes of `chunk` came; they are overwritten once this returns. */
  onBytes(chunk: Buffer, length: number): void;
  /** So many more of the buffers that were written, oldest first, are taken and the owner's again. */
  onTaken(buffers: number): void;
  /** The peer ended its side. Ours stays open until `end`. */
  onPeerEnd(): void;
  /** It has closed, for whatever reason. Called once, and last. */
  onSocketClose(): void;
}

export interface ConnectionSocket {
  /** Of writes that have not ended, bytes. */
  readonly unsentBytes: number;
  /** What the kernel has taken, bytes; where that can't be known, of writes that have ended. */
  readonly takenBytes: number;
  /**
   * True: the kernel took all of it, and the buffer is the caller's again. False: it is the socket's until `onTaken`, or for
   * ever when the socket closes before. Not after `end`.
   */
  write(bytes: Buffer): boolean;
  /** The same for several, in one system call; `onTaken` counts each. */
  writeAll(buffers: Buffer[]): boolean;
  /** The kernel keeps what comes, and lets the peer wait. */
  pause(): void;
  resume(): void;
  /** Ends our side, behind all that was written. Once the peer has ended too, the socket closes. */
  end(): void;
  /** Closes now; what was not sent is lost. Idempotent. `onSocketClose` follows. */
  destroy(): void;
}
