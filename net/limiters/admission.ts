// Admission: the request that limiters are asked about right now. One object for each listener and IO thread, filled anew
// for each request; what costs something is made when a limiter looks at it.

import { type CallHead, callFlags, emptyCallHead, type Priority, priorityNames } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import { decodeMetadata } from '../../runtime/metadata.ts';
import type { LimitedCall } from '../../runtime/plugins/limiter.ts';

const noHead = emptyCallHead();
const noMetadata: ReadonlyMap<string, string> = new Map();

export class Admission implements LimitedCall {
  readonly listener: string;
  service = '';
  method = '';
  ticket: unknown = undefined;
  readonly #clock: Clock;
  #head: CallHead = noHead;
  #timeoutMs = 0;
  #oneWay = false;
  #metadata: ReadonlyMap<string, string> | undefined;

  constructor(listener: string, clock: Clock) {
    this.listener = listener;
    this.#clock = clock;
  }

  /** `timeoutMs`: of the method, 0: none. */
  begin(service: string, method: string, head: CallHead, timeoutMs: number, oneWay: boolean): void {
    this.service = service;
    this.method = method;
    this.#head = head;
    this.#timeoutMs = timeoutMs;
    this.#oneWay = oneWay;
    this.#metadata = undefined;
  }

  /** The head's bytes are no longer to be looked at. */
  end(): void {
    this.#head = noHead;
    this.#metadata = undefined;
    this.ticket = undefined;
  }

  get priority(): Priority {
    return priorityNames[this.#head.priority] ?? 'normal';
  }

  get attempt(): number {
    return this.#head.attempt;
  }

  get idempotent(): boolean {
    return (this.#head.flags & callFlags.idempotent) !== 0;
  }

  get oneWay(): boolean {
    return this.#oneWay || (this.#head.flags & callFlags.oneWay) !== 0;
  }

  get remainingMs(): number {
    const leftMs = this.#head.deadlineMs - this.#clock.nowMs();
    return Math.max(0, this.#timeoutMs > 0 ? Math.min(leftMs, this.#timeoutMs) : leftMs);
  }

  get bodyBytes(): number {
    return this.#head.bodyEnd - this.#head.bodyStart;
  }

  get metadata(): ReadonlyMap<string, string> {
    this.#metadata ??= pairsOf(this.#head);
    return this.#metadata;
  }
}

/** What can't be read is refused where the request is run; a limiter sees nothing of it. */
function pairsOf({ source, metadataStart, metadataEnd }: CallHead): ReadonlyMap<string, string> {
  try {
    return decodeMetadata(source, metadataStart, metadataEnd);
  } catch {
    return noMetadata;
  }
}
