// When a peer reads too slowly to be served on: one rule for protocols heddle and http, on IO threads. A reader is judged
// by what it takes, never by how much was answered at once: large replies that end together pile up before the most
// prompt of readers. Until it is cut off, a connection holds what was in flight for it when it was read no further;
// what all of them hold together is bounded by `io.memory`, to which those that are far behind yield first.

import type { ConnectionSocket } from './connection-socket.ts';

/** Over so many times `writeBufferBytes` unsent a peer is far behind: its patience is shorter, and it yields to memory. */
export const slowReaderFactor = 4;

/**
 * How long a peer that is far behind may take nothing, ms, where the write timeout is not shorter. A link that loses
 * packets stands still for some hundred milliseconds; beyond that, work for a peer that may never read is better stopped.
 */
export const slowReaderGraceMs = 1000;

/** The same while its IO thread is over its memory, ms: until there is room again nobody on the thread is read. */
export const pressedGraceMs = 250;

/**
 * Looks without progress before a peer is cut off, spread over its patience. They are counted besides the time, since a
 * thread that stood still itself gave its peers nothing to take.
 */
const idleLooksMax = 4;

/** How long a peer may take nothing of what waits for it, ms; Infinity: for ever. `writeTimeoutMs` 0: none. */
export function patienceMs(writeTimeoutMs: number, farBehind: boolean, pressed: boolean): number {
  const boundMs = writeTimeoutMs || Number.POSITIVE_INFINITY;
  if (!farBehind) return boundMs;
  return Math.min(boundMs, pressed ? pressedGraceMs : slowReaderGraceMs);
}

/** After how long to look at a peer of this patience again, ms. */
export function lookAgainMs(patience: number): number {
  return Math.max(1, patience / idleLooksMax);
}

/** What the cut-off of a peer whose patience is over is counted as. */
export function stallEvent(writeTimeoutMs: number, patience: number): 'slow-reader' | 'write-timeout' {
  return patience === writeTimeoutMs ? 'write-timeout' : 'slow-reader';
}

/** What a peer takes of the bytes that its socket holds. */
export class PeerProgress {
  readonly #socket: ConnectionSocket;
  /** At the last look. */
  #takenBytes = 0;
  /** When the peer was last seen to have taken something, and the looks since then. */
  #takenMs = 0;
  #idleLooks = 0;

  /** Something waits for the peer from now on. */
  constructor(socket: ConnectionSocket, nowMs: number) {
    this.#socket = socket;
    this.#tookSome();
    this.#restart(nowMs);
  }

  /** Looks at the peer. True when it has taken nothing for longer than its patience. */
  isStalled(nowMs: number, patience: number): boolean {
    this.#idleLooks++;
    // An empty socket: answers that wait for an earlier one are not the peer's to take.
    if (this.#tookSome() || this.#socket.unsentBytes === 0) this.#restart(nowMs);
    return this.#idleLooks >= idleLooksMax && nowMs - this.#takenMs >= patience;
  }

  #restart(nowMs: number): void {
    this.#takenMs = nowMs;
    this.#idleLooks = 0;
  }

  /** Since it was last asked. */
  #tookSome(): boolean {
    const { takenBytes } = this.#socket;
    const some = takenBytes !== this.#takenBytes;
    this.#takenBytes = takenBytes;
    return some;
  }
}
