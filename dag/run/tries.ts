// Tries: the attempts at one piece of a node's work: the first, retries after failures, hedges beside a slow one. The
// rules stand in semantics.md, "Work". Only nodes with policies have them; a plain node is one attempt of its run.

import type { HeddleError } from '../../runtime/errors.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import { retryPauseMs } from '../policy/backoff.ts';
import { isBreakerFailure, refused } from '../policy/breaker.ts';
import { breakerOpen } from './failures.ts';
import { placeOf, type RunHost } from './host.ts';

/** Who wants the result; told once, unless the tries are cancelled. */
export interface TriesOwner {
  readonly node: GraphNode;
  readonly deadlineMs: number;
  readonly host: RunHost;
  /** A number for one more attempt, under which its end will be told to `tries`. */
  nextToken(tries: Tries): number;
  triesDone(tries: Tries, value: unknown): void;
  triesFailed(tries: Tries, error: HeddleError): void;
  /** Something went wrong that is no failure of the work. */
  broken(reason: unknown): void;
  /** A timer of these tries has run: whatever follows from it is worked through. */
  timerRan(): void;
}

/** One attempt, for the trace. */
export interface Attempt {
  readonly token: number;
  /** Of the node's breaker. */
  readonly ticket: number;
  readonly hedge: boolean;
  readonly startMs: number;
  /** NaN: under way, or cancelled. */
  endMs: number;
  error: HeddleError | undefined;
  cancelled: boolean;
}

const retryTag = 0;
const hedgeTag = 1;
const noTimer = -1;

export class Tries implements TimerTarget {
  readonly item: number | undefined;
  readonly attempts: Attempt[] = [];
  readonly #owner: TriesOwner;
  readonly #input: unknown;
  readonly #place: number;
  #startMs = 0;
  #underWay = 0;
  /** Hedges whose time has come. */
  #hedges = 0;
  #hedgeDelayMs = 0;
  #lastError: HeddleError | undefined = undefined;
  #retryTimer = noTimer;
  #hedgeTimer = noTimer;

  constructor(owner: TriesOwner, input: unknown, item: number | undefined) {
    this.#owner = owner;
    this.#input = input;
    this.item = item;
    this.#place = placeOf(owner.node, item ?? -1);
  }

  begin(nowMs: number): void {
    const { node } = this.#owner;
    const { retry, hedge } = node.definition;
    this.#startMs = nowMs;
    if (retry !== undefined) node.retryBudget.deposit();
    if (hedge !== undefined) {
      node.hedgeBudget.deposit();
      const delayMs = node.idempotent ? node.usualMs(hedge.quantile, nowMs) : undefined;
      if (delayMs !== undefined) {
        this.#hedgeDelayMs = Math.max(delayMs, hedge.minimumMs);
        this.#armHedge();
      }
    }
    // Last: it may end before it returns.
    if (this.#start(false, nowMs)) return;
    this.#stop();
    this.#owner.triesFailed(this, breakerOpen(node));
  }

  done(token: number, value: unknown, nowMs: number): void {
    const attempt = this.#end(token, undefined, nowMs);
    if (attempt === undefined) return;
    this.#owner.node.breaker?.ended(attempt.ticket, true, nowMs);
    this.#stop();
    this.#owner.triesDone(this, value);
  }

  failed(token: number, error: HeddleError, nowMs: number): void {
    const { node, deadlineMs } = this.#owner;
    const attempt = this.#end(token, error, nowMs);
    if (attempt === undefined) return;
    node.breaker?.ended(attempt.ticket, !isBreakerFailure(error.code), nowMs);
    this.#disarm();
    const late = nowMs >= deadlineMs;
    if (!late && this.#underWay > 0) return;
    if (!late && this.#retries(error, nowMs)) return;
    this.#stop();
    this.#owner.triesFailed(this, error);
  }

  cancel(): void {
    this.#stop();
  }

  onTimer(tag: number): void {
    try {
      this.#timerRan(tag, this.#owner.host.nowMs());
    } catch (reason) {
      this.#owner.broken(reason);
    }
    this.#owner.timerRan();
  }

  #timerRan(tag: number, nowMs: number): void {
    if (tag === retryTag) {
      this.#retryTimer = noTimer;
      // The breaker has opened meanwhile: the failure that was to be made good stands.
      if (!this.#start(false, nowMs)) this.#owner.triesFailed(this, this.#lastError!);
    } else {
      this.#hedgeTimer = noTimer;
      this.#hedge(nowMs);
    }
  }

  #hedge(nowMs: number): void {
    const { node, deadlineMs } = this.#owner;
    if (nowMs >= deadlineMs) return;
    if (++this.#hedges < node.definition.hedge!.max) this.#armHedge();
    if (node.hedgeBudget.take()) this.#start(true, nowMs);
  }

  #armHedge(): void {
    const dueMs = this.#startMs + (this.#hedges + 1) * this.#hedgeDelayMs;
    if (dueMs < this.#owner.deadlineMs)
      this.#hedgeTimer = this.#owner.host.timers.add(dueMs, this, hedgeTag, this.#place);
  }

  /** False: the breaker lets none through. */
  #start(hedge: boolean, nowMs: number): boolean {
    const { node, deadlineMs, host } = this.#owner;
    const ticket = node.breaker === undefined ? refused : node.breaker.admit(nowMs);
    if (node.breaker !== undefined && ticket === refused) return false;
    const token = this.#owner.nextToken(this);
    this.attempts.push({ token, ticket, hedge, startMs: nowMs, endMs: Number.NaN, error: undefined, cancelled: false });
    this.#underWay++;
    host.startAttempt(token, node, this.#input, deadlineMs, this.item ?? -1);
    return true;
  }

  /** Whether another attempt follows this failure. */
  #retries(error: HeddleError, nowMs: number): boolean {
    const { node, deadlineMs, host } = this.#owner;
    const { retry } = node.definition;
    if (retry === undefined || !node.idempotent || !retry.on.includes(error.code)) return false;
    const tries = this.attempts.length;
    if (tries >= retry.attempts) return false;
    const dueMs = nowMs + retryPauseMs(retry.backoffMs, tries, host.random);
    if (dueMs >= deadlineMs || !node.retryBudget.take()) return false;
    if (dueMs <= nowMs) return this.#start(false, nowMs);
    this.#retryTimer = host.timers.add(dueMs, this, retryTag, this.#place);
    return true;
  }

  /** Undefined: it was cancelled, and nobody wants to hear of it. */
  #end(token: number, error: HeddleError | undefined, nowMs: number): Attempt | undefined {
    const attempt = this.attempts.find((one) => one.token === token);
    if (attempt === undefined || attempt.cancelled) return undefined;
    attempt.endMs = nowMs;
    attempt.error = error;
    this.#underWay--;
    if (error !== undefined) this.#lastError = error;
    return attempt;
  }

  /** Cancels what is under way; nothing follows. */
  #stop(): void {
    this.#disarm();
    if (this.#underWay === 0) return;
    this.#underWay = 0;
    for (const attempt of this.attempts) {
      if (!Number.isNaN(attempt.endMs) || attempt.cancelled) continue;
      attempt.cancelled = true;
      this.#owner.node.breaker?.cancelled(attempt.ticket);
      this.#owner.host.cancelAttempt(attempt.token);
    }
  }

  #disarm(): void {
    const { timers } = this.#owner.host;
    if (this.#retryTimer !== noTimer) timers.remove(this.#retryTimer);
    if (this.#hedgeTimer !== noTimer) timers.remove(this.#hedgeTimer);
    this.#retryTimer = noTimer;
    this.#hedgeTimer = noTimer;
  }
}
