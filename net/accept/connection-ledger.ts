// ConnectionLedger (main thread): which connections are open, from which address and on which IO thread. What the
// acceptor's bounds and its choice of a thread rest on.
//
// A connection, as main sees it:
//   waiting     entered; no thread has it yet. Left by `hand` or `close`.
//   on the way  handed to a thread, and not yet heard of. Left by `arrived`, `forgetLost`, `close`, the thread's death.
//   arrived     its thread has it. Left by `close` or the thread's death.

interface LedgerEntry {
  readonly ip: string;
  readonly listener: number;
  /** Thread numbers begin at 1. */
  thread: number;
  /** When it was handed over, ms on the process's clock. */
  handedMs: number;
}

/** The thread of a connection that waits for one. */
const noThread = 0;

export class ConnectionLedger {
  readonly #entries = new Map<number, LedgerEntry>();
  /** Handed over, and not yet heard of from their threads; oldest first. */
  readonly #onTheWay = new Set<number>();
  readonly #perIp = new Map<string, number>();
  readonly #perListener: number[] = [];
  readonly #perThread = new Map<number, number>();
  #nextNumber = 1;

  /** Open connections, those that wait for a thread included; so are the counts per address and listener. */
  get size(): number {
    return this.#entries.size;
  }

  ofIp(ip: string): number {
    return this.#perIp.get(ip) ?? 0;
  }

  ofListener(listener: number): number {
    return this.#perListener[listener] ?? 0;
  }

  /** Open connections and those handed over but not yet taken. */
  ofThread(thread: number): number {
    return this.#perThread.get(thread) ?? 0;
  }

  /** Enters a connection; returns its number, by which its IO thread reports its end. */
  enter(ip: string, listener: number): number {
    const number = this.#nextNumber;
    this.#nextNumber = number >= 0x7fffffff ? 1 : number + 1;
    this.#entries.set(number, { ip, listener, thread: noThread, handedMs: 0 });
    this.#perIp.set(ip, this.ofIp(ip) + 1);
    this.#perListener[listener] = this.ofListener(listener) + 1;
    return number;
  }

  /** It is given to a thread. */
  hand(number: number, thread: number, nowMs: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    entry.thread = thread;
    entry.handedMs = nowMs;
    this.#onTheWay.add(number);
    this.#perThread.set(thread, this.ofThread(thread) + 1);
  }

  /** Its IO thread has it. */
  arrived(number: number): void {
    this.#onTheWay.delete(number);
  }

  /**
   * Forgets connections that were handed over before `beforeMs` and never arrived: when the process has no file
   * descriptor left, a socket in a message is lost in silence.
   */
  forgetLost(beforeMs: number): number {
    let lost = 0;
    for (const number of this.#onTheWay) {
      if (this.#entries.get(number)!.handedMs >= beforeMs) break;
      this.close(number);
      lost++;
    }
    return lost;
  }

  /** Idempotent. */
  close(number: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    this.#onTheWay.delete(number);
    this.#entries.delete(number);
    const ofIp = this.ofIp(entry.ip) - 1;
    if (ofIp === 0) this.#perIp.delete(entry.ip);
    else this.#perIp.set(entry.ip, ofIp);
    this.#perListener[entry.listener] = this.ofListener(entry.listener) - 1;
    if (entry.thread !== noThread) this.#perThread.set(entry.thread, this.ofThread(entry.thread) - 1);
  }

  /** An IO thread died: Node has closed its sockets. */
  closeThread(thread: number): void {
    for (const [number, entry] of this.#entries) if (entry.thread === thread) this.close(number);
    this.#perThread.delete(thread);
  }
}
