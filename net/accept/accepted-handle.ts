// AcceptedHandle (main thread): Node's TCP handle of a connection that was just accepted, had before Node makes a net.Socket
// of it. Such a socket, thrown away once its handle has moved to an IO thread, is 3 KB of garbage per connection, by which
// main's young generation grows for good. Node does not document its handles: where one is not as in Node 24 and 26, or the
// kernel reports an error, Node goes its own way, and the server emits 'connection' or 'error'.

import { type Server, Socket } from 'node:net';

/** The part of it that main uses. */
export interface AcceptedHandle {
  /** Absent or negative where Node does not tell it. */
  readonly fd?: number;
  /** Not 0: the peer is gone. */
  getpeername(peer: { address?: string }): number;
  setNoDelay(enable: boolean): unknown;
  setKeepAlive(enable: boolean, delaySeconds: number): unknown;
  /** Idempotent; does nothing to one that has moved to another thread. */
  close(): void;
}

type OnConnection = (this: ListeningHandle, status: number, accepted: unknown) => void;

interface ListeningHandle {
  onconnection: OnConnection;
}

/** Takes the connections of a server that listens; those it can't are left to the server's 'connection' event. */
export function takeHandles(server: Server, onHandle: (handle: AcceptedHandle) => void): void {
  const { _handle: listening } = server as unknown as { _handle?: unknown };
  if (!isListeningHandle(listening)) return;
  const { onconnection: byNode } = listening;
  listening.onconnection = function onconnection(status, accepted): void {
    if (status === 0 && isAcceptedHandle(accepted)) onHandle(accepted);
    else byNode.call(this, status, accepted);
  };
}

/** A socket as it is when it has come from another thread: half-open, and nobody reads it. */
export function socketOver(handle: AcceptedHandle): Socket {
  return new Socket({ handle, allowHalfOpen: true, manualStart: true } as object);
}

function isListeningHandle(handle: unknown): handle is ListeningHandle {
  return isOfTcp(handle) && typeof (handle as Partial<ListeningHandle>).onconnection === 'function';
}

function isAcceptedHandle(handle: unknown): handle is AcceptedHandle {
  if (!isOfTcp(handle)) return false;
  const { getpeername, setNoDelay, setKeepAlive, close } = handle as AcceptedHandle;
  return (
    typeof getpeername === 'function' &&
    typeof setNoDelay === 'function' &&
    typeof setKeepAlive === 'function' &&
    typeof close === 'function'
  );
}

/** Not of a pipe, nor what a process of a cluster gets from its primary. */
function isOfTcp(handle: unknown): handle is object {
  return handle instanceof Object && handle.constructor.name === 'TCP';
}
