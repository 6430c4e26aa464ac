// Breaker: keeps a node from calling what fails anyway. One per node and thread; the executor asks it before an attempt and
// tells it how the attempt ended.
//
//   closed     lets everything through and counts how it ends. Left for open when, after some end, the window holds at
//              least `minCalls` ends and at least the share `failures` of them are failures.
//   open       lets nothing through. Left for half-open by the first that asks once `openForMs` have passed.
//   half-open  has let one attempt through, the probe. Left for closed (with an empty window) when the probe ends well,
//              for open when it fails. A probe that is cancelled is given back: the next one that asks is the probe.
//
// Who is let through gets a ticket of the state that let it through. An end with a ticket of an earlier state counts
// nowhere: a slow attempt from before the failure says nothing of the backend after it. resilience4j counts such ends in
// whatever state they find, and stays half-open for ever when its probes hang (its issue 903); here, as in Hystrix's
// allowSingleTest, one more probe goes through after another `openForMs`. The share in a rolling window with a least number
// of calls is that of Hystrix, Polly's advanced breaker and cockatiel's SamplingBreaker; their single probe, too.

import type { ErrorCode } from '../../runtime/errors.ts';
import type { Breaker as BreakerDefinition } from '../definition.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** What `admit` answers when nothing goes through. */
export const refused = 0;

/** Parts of a window; it moves by one of them at a time. */
const windowParts = 10;

/** Shares are compared in millionths, as whole numbers: 7 of 100 are 7 %. */
const millionths = 1_000_000;

export class Breaker {
  /** Times that it opened. */
  opened = 0;
  readonly #failureShare: number;
  readonly #partMs: number;
  readonly #minCalls: number;
  readonly #openForMs: number;
  #state: BreakerState = 'closed';
  /** Of the present state; each state has another. */
  #ticket = 1;
  /** When it opened, or let the last probe through. */
  #sinceMs = 0;
  readonly #callsByPart = new Int32Array(windowParts);
  readonly #failuresByPart = new Int32Array(windowParts);
  #calls = 0;
  #failures = 0;
  /** The present part, counted from the clock's zero, and its place in the arrays. */
  #part = Number.NEGATIVE_INFINITY;
  #place = 0;

  constructor({ failures, windowMs, minCalls, openForMs }: BreakerDefinition) {
    this.#failureShare = Math.round(failures * millionths);
    this.#partMs = windowMs / windowParts;
    this.#minCalls = minCalls;
    this.#openForMs = openForMs;
  }

  /** As the next one that asks would find it. */
  state(nowMs: number): BreakerState {
    return this.#state === 'open' && nowMs - this.#sinceMs >= this.#openForMs ? 'half-open' : this.#state;
  }

  /** A ticket, to be handed back to `ended` or `cancelled`; 0 (`refused`): the attempt must not be made. */
  admit(nowMs: number): number {
    if (this.#state === 'closed') return this.#ticket;
    if (nowMs - this.#sinceMs < this.#openForMs) return refused;
    if (this.#state === 'open') this.#become('half-open');
    this.#sinceMs = nowMs;
    return this.#ticket;
  }

  /** An attempt has ended. `ok`: with a result, or with an error that is not `isBreakerFailure`. */
  ended(ticket: number, ok: boolean, nowMs: number): void {
    if (ticket !== this.#ticket) return;
    if (this.#state === 'closed') {
      this.#count(ok, nowMs);
      if (this.#isTooMuch()) this.#open(nowMs);
    } else if (ok) {
      this.#forget();
      this.#become('closed');
    } else {
      this.#open(nowMs);
    }
  }

  /** An attempt was cancelled, or never made after all: it counts nowhere, and a probe is given back. */
  cancelled(ticket: number): void {
    if (ticket === this.#ticket && this.#state === 'half-open') this.#sinceMs = Number.NEGATIVE_INFINITY;
  }

  #open(nowMs: number): void {
    this.#become('open');
    this.#sinceMs = nowMs;
    this.opened++;
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#ticket++;
  }

  #count(ok: boolean, nowMs: number): void {
    this.#turn(nowMs);
    this.#callsByPart[this.#place]!++;
    this.#calls++;
    if (ok) return;
    this.#failuresByPart[this.#place]!++;
    this.#failures++;
  }

  #isTooMuch(): boolean {
    if (this.#calls < this.#minCalls || this.#failures === 0) return false;
    return this.#failures * millionths >= this.#failureShare * this.#calls;
  }

  /** Forgets the parts that have left the window. */
  #turn(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    const passed = Math.min(part - this.#part, windowParts);
    if (passed <= 0) return;
    this.#part = part;
    for (let step = 0; step < passed; step++) {
      this.#place = (this.#place + 1) % windowParts;
      this.#calls -= this.#callsByPart[this.#place]!;
      this.#failures -= this.#failuresByPart[this.#place]!;
      this.#callsByPart[this.#place] = 0;
      this.#failuresByPart[this.#place] = 0;
    }
  }

  #forget(): void {
    this.#callsByPart.fill(0);
    this.#failuresByPart.fill(0);
    this.#calls = 0;
    this.#failures = 0;
  }
}

/** Codes that say something of the backend's health; with all others it has answered. CANCELLED is no end: `cancelled`. */
export function isBreakerFailure(code: ErrorCode): boolean {
  switch (code) {
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
    case 'RESOURCE_EXHAUSTED':
    case 'INTERNAL':
    case 'UNKNOWN':
      return true;
    default:
      return false;
  }
}
