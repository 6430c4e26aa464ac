// RetryPolicy: which failed calls of one client are made again, how soon, and which of them wait for it. The stub asks it
// (a stand-alone client's, or a fiber's), and nobody below: a channel never repeats, or two layers would multiply. One per
// client and thread; a call that succeeds costs it one clock reading and one count.

import type { HeddleError } from '../../runtime/errors.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import type { ClientHost } from './host.ts';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

export interface RetryOptions extends RetryBudgetOptions {
  /** Longest call over all its attempts, ms; 0: none but the caller's deadline. */
  timeoutMs: number;
  /** Attempts of one call, the first included; 1: no retries. */
  maxAttempts: number;
  /** Longest attempt, ms; 0: none. */
  attemptTimeoutMs: number;
  /** Range of the first wait before a retry, ms. */
  retryBackoffFirstMs: number;
  /** Range of the longest wait, ms; a server that asks for a longer one gets no retry. */
  retryBackoffMaxMs: number;
}

/** A call that waits for its next attempt; the timer is its `onTimer`. */
export interface WaitingRetry extends TimerTarget {
  /** The client was closed: no attempt follows. */
  onClientClosed(): void;
}

export type RetryHost = Pick<ClientHost, 'clock' | 'timers' | 'random' | 'hold' | 'count'>;

/** What `grant` says when there is no further attempt. */
export const noRetry = -1;

/** Calls of one client that wait for a retry at once; over it they fail as if the budget were spent. */
const waitingMax = 10_000;

export class RetryPolicy {
  readonly options: RetryOptions;
  readonly #host: RetryHost;
  readonly #budget: RetryBudget;
  /** The waiting calls and their entries of the wheel. */
  readonly #waiting = new Map<WaitingRetry, number>();
  #closed = false;

  constructor(host: RetryHost, options: RetryOptions) {
    this.#host = host;
    this.options = options;
    this.#budget = new RetryBudget(options);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A call begins at `nowMs`. Returns the deadline of all its attempts: the caller's own, or `timeoutMs` from now if that is sooner. */
  begin(deadlineMs: number, nowMs = this.#host.clock.nowMs()): number {
    const { timeoutMs } = this.options;
    this.#budget.deposit(nowMs);
    return timeoutMs === 0 ? deadlineMs : Math.min(deadlineMs, nowMs + timeoutMs);
  }

  /** The deadline of an attempt that begins now. */
  attemptDeadlineMs(deadlineMs: number): number {
    const { attemptTimeoutMs } = this.options;
    return attemptTimeoutMs === 0 ? deadlineMs : Math.min(deadlineMs, this.#host.clock.nowMs() + attemptTimeoutMs);
  }

  /**
   * True when it was the attempt whose time was too short, and not the call's: its deadline has come (a peer's clock may
   * run ahead of ours by a little), or the peer has not even started it, since it takes longer (hint `yes`).
   */
  attemptIsOver({ code, retry }: HeddleError, attemptDeadlineMs: number, deadlineMs: number): boolean {
    if (code !== 'DEADLINE_EXCEEDED' || attemptDeadlineMs >= deadlineMs) return false;
    return retry === 'yes' || this.#host.clock.nowMs() >= attemptDeadlineMs - 1;
  }

  /** One half of a call id, which names a call over all its attempts. Never 0, which says that there is none. */
  callIdHalf(): number {
    return Math.floor(this.#host.random() * 0xffff_ffff) + 1;
  }

  /**
   * How long to wait before the attempt after number `attempt`, ms, paid for from the budget; or `noRetry`. The first
   * retry of a call that was lost goes at once, since another connection may stand ready; others, and those whose peer was
   * slow, wait: exponential, with full jitter (Brooker 2015), so that what failed together does not come back together.
   */
  grant(error: HeddleError, idempotent: boolean, timedOut: boolean, attempt: number, deadlineMs: number): number {
    const { maxAttempts, retryBackoffMaxMs } = this.options;
    if (attempt >= maxAttempts || this.#closed || !isRepeatable(error, idempotent, timedOut)) return noRetry;
    if (error.retryAfterMs > retryBackoffMaxMs) return noRetry;
    const isUrgent = attempt === 1 && !timedOut && error.retryAfterMs === 0;
    const delayMs = isUrgent ? 0 : error.retryAfterMs + this.#host.random() * this.#rangeMs(attempt);
    const nowMs = this.#host.clock.nowMs();
    if (nowMs + delayMs >= deadlineMs) return noRetry;
    if (this.#waiting.size >= waitingMax || !this.#budget.withdraw(nowMs)) {
      this.#host.count('client-retry-refused');
      return noRetry;
    }
    this.#host.count('client-retry');
    return delayMs;
  }

  /** Calls `call.onTimer` after `delayMs`; it then says `waited`. Keeps a stand-alone client's process alive meanwhile. */
  wait(call: WaitingRetry, delayMs: number): void {
    this.#host.hold(1);
    this.#waiting.set(call, this.#host.timers.add(this.#host.clock.nowMs() + delayMs, call, 0));
  }

  /** The wait of `call` is over. */
  waited(call: WaitingRetry): void {
    if (this.#waiting.delete(call)) this.#host.hold(-1);
  }

  /** Nobody wants the next attempt of `call` any more. */
  forget(call: WaitingRetry): void {
    const timer = this.#waiting.get(call);
    if (timer === undefined) return;
    this.#host.timers.remove(timer);
    this.waited(call);
  }

  /** No more retries; those that wait hear `onClientClosed`. */
  close(): void {
    this.#closed = true;
    for (const call of [...this.#waiting.keys()]) {
      this.forget(call);
      call.onClientClosed();
    }
  }

  #rangeMs(attempt: number): number {
    const { retryBackoffFirstMs, retryBackoffMaxMs } = this.options;
    return Math.min(retryBackoffFirstMs * 2 ** (attempt - 1), retryBackoffMaxMs);
  }
}

/** May it be run once more, and would that help? A server that is full (RESOURCE_EXHAUSTED) is left alone. */
function isRepeatable(error: HeddleError, idempotent: boolean, timedOut: boolean): boolean {
  if (timedOut) return idempotent || error.retry === 'yes';
  if (error.code !== 'UNAVAILABLE') return false;
  return error.retry === 'yes' || (error.retry === 'if-idempotent' && idempotent);
}
