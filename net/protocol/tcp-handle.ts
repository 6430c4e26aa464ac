// TcpHandle: the part of Node's TCP handle that WireSocket uses, and how a thread finds out whether its Node has it. Node does
// not document it: so a net.Socket over a handle of ours (HandleProbe) shows once how Node itself calls a handle, and then
// goes on to say what a read was, which Node keeps where only its own code can look. Where anything is otherwise than it was
// in Node 26 there is no WireSocket.

import { Socket } from 'node:net';

/** A write that the kernel did not take at once. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  /** Set when it ended before `oncomplete` was. */
  writeStatus?: number | null;
}

export interface ShutdownRequest {
  oncomplete: (this: ShutdownRequest, status: number) => void;
}

/** Numbers that are results: 0, or below 0 for an error. */
export interface TcpHandle {
  onread: (this: TcpHandle) => void;
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  useUserBuffer(buffer: Buffer): unknown;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: null, bytes: Buffer): number | WriteRequest;
  writev(request: null, buffers: Buffer[], areBuffers: true): number | WriteRequest;
  /** 1: ended at once. */
  shutdown(request: ShutdownRequest): number;
  setNoDelay(enable: boolean): unknown;
  close(onClose: () => void): void;
}

/** What a read comes to, where it is not a number of bytes. */
export const reads = { nothing: 0, end: -1, failure: -2 } as const;

export interface HandleWays {
  /** What Node calls for each read of a socket: on a handle that calls anything else there is no WireSocket. */
  readonly onread: unknown;
  /** By which a handle knows whose it is. */
  readonly ownerKey: symbol;
  readonly ShutdownRequest: new () => ShutdownRequest;
  /** Within `onread`: bytes that were read, or one of `reads`. */
  whatWasRead(): number;
}

let known: HandleWays | undefined;
let isAsked = false;

/** How this thread's Node calls its handles; undefined: not as WireSocket does. */
export function handleWays(): HandleWays | undefined {
  if (!isAsked) known = askNode();
  isAsked = true;
  return known;
}

/** True for a TCP handle of this Node. */
export function isTcpHandle(handle: object): handle is TcpHandle {
  const { useUserBuffer, readStart, readStop, writeBuffer, writev, shutdown, setNoDelay, close } = handle as TcpHandle;
  const needed = [useUserBuffer, readStart, readStop, writeBuffer, writev, shutdown, setNoDelay, close];
  const { bytesWritten, writeQueueSize } = handle as TcpHandle;
  return (
    handle.constructor.name === 'TCP' &&
    needed.every((method) => typeof method === 'function') &&
    typeof bytesWritten === 'number' &&
    typeof writeQueueSize === 'number'
  );
}

function askNode(): HandleWays | undefined {
  try {
    const probe = new HandleProbe();
    const { ownerKey } = probe;
    const ShutdownRequest = probe.shutdownRequest();
    if (ownerKey === undefined || ShutdownRequest === undefined || !probe.writesWithoutRequest()) return undefined;
    // Of whichever read was the thread's last: here it may throw.
    probe.whatWasRead();
    return { onread: probe.onread, ownerKey, ShutdownRequest, whatWasRead: () => probe.whatWasRead() };
  } catch {
    return undefined;
  }
}

/** As much of a handle as a socket calls, over nothing. */
class NoHandle {
  reading = true;
  declare onread: () => void;
  /** What a write and a shutdown were given as their request. */
  request: unknown;

  useUserBuffer(): void {}

  readStart(): number {
    return 0;
  }

  writeBuffer(request: unknown): number {
    this.request = request;
    return 0;
  }

  writev(request: unknown): number {
    this.request = request;
    return 0;
  }

  shutdown(request: unknown): number {
    this.request = request;
    return 1;
  }
}

const ignore = (): void => {};

/** Hears what Node makes of a read, and does nothing about it: what one of them was does not change what the next is. */
class HandleProbe extends Socket {
  readonly #handle: NoHandle;
  #read = 0;

  constructor() {
    const handle = new NoHandle();
    const heard = (length: number): boolean => {
      this.#read = length;
      return true;
    };
    super({ handle, manualStart: true, onread: { buffer: Buffer.alloc(1), callback: heard } } as object);
    this.#handle = handle;
  }

  get onread(): unknown {
    return this.#handle.onread;
  }

  get ownerKey(): symbol | undefined {
    const handle = this.#handle as unknown as Record<symbol, unknown>;
    return Object.getOwnPropertySymbols(handle).find((key) => handle[key] === this);
  }

  /** The handle makes a request only for what the kernel did not take. */
  writesWithoutRequest(): boolean {
    const handle = this.#handle;
    const chunk = Buffer.alloc(1);
    handle.request = undefined;
    this._write(chunk, 'buffer' as BufferEncoding, ignore);
    const { request } = handle;
    handle.request = undefined;
    const chunks = [{ chunk, encoding: 'buffer' as BufferEncoding }];
    this._writev!(Object.assign(chunks, { allBuffers: true }), ignore);
    return request === null && handle.request === null;
  }

  shutdownRequest(): (new () => ShutdownRequest) | undefined {
    this._final(ignore);
    const { request } = this.#handle;
    return request instanceof Object && request.constructor !== Object
      ? (request.constructor as new () => ShutdownRequest)
      : undefined;
  }

  whatWasRead(): number {
    this.#read = reads.nothing;
    this.#handle.onread();
    return this.#read;
  }

  // What Node calls for a read without bytes.

  override push(): boolean {
    this.#read = reads.end;
    return false;
  }

  override read(): null {
    return null;
  }

  override destroy(): this {
    this.#read = reads.failure;
    return this;
  }
}
