// Limiters: who may come in now, and the extension point by which a plugin says so. A limiter of a service is asked for
// each request that comes to it from outside, on the IO thread that read it, before any queue (net/limiters/).

import type { Priority } from '../call.ts';
import { type ErrorCode, HeddleError } from '../errors.ts';
import type { Registry } from './registry.ts';

/** A request, before anything was done with it. Valid only until `admit` returns; the next one is the same object. */
export interface LimitedCall {
  readonly service: string;
  readonly method: string;
  readonly priority: Priority;
  /** 1 for the caller's first try, one more with each repetition. */
  readonly attempt: number;
  /** The caller says that running it twice is harmless. */
  readonly idempotent: boolean;
  /** Nobody waits for an answer. */
  readonly oneWay: boolean;
  /** Until its deadline, by the caller, the listener and the method's own bounds, ms; Infinity: it has none. */
  readonly remainingMs: number;
  /** Of the body as it came, maybe compressed. */
  readonly bodyBytes: number;
  /** The text pairs that came along. Decoded when somebody first looks; a new Map for each request. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where it came in, as heddle.yaml has it: `http://127.0.0.1:7080`. */
  readonly listener: string;
  /** The limiter's own: what it puts here it finds in the `ended` of the same call. Each limiter has one. Default: undefined. */
  ticket: unknown;
}

/** Why a call does not come in: RESOURCE_EXHAUSTED, with the hint that it has not run. */
export interface LimiterRefusal {
  /** For the caller, at most 1,000 characters: what is full, and what to do. */
  readonly message: string;
  /** When it is worth trying again, ms; HTTP says it in `retry-after` too. Default: 0, nobody knows. */
  readonly retryAfterMs?: number;
}

/** How an admitted call ended. Valid only until `ended` returns; the next one is the same object. */
export interface EndedCall {
  readonly service: string;
  readonly method: string;
  /** CANCELLED also when its connection has gone. */
  readonly code: 'OK' | ErrorCode;
  /** From `admit` to the answer, ms. */
  readonly durationMs: number;
  readonly ticket: unknown;
}

/** What a plugin adds: `{ name: 'per-tenant', admit(call) { … }, ended(call) { … } }`. */
export interface LimiterDefinition {
  /** As `limiters` of heddle.yaml names it: lower-case letters, digits, . + and -, at most 64. Unique on the thread. */
  name: string;
  /**
   * Undefined lets the call in. Called for each request of the services that name it; calls that fibers of this process make
   * are not asked for, nor those that a listener forwards. It must not wait: a promise is a mistake. What it throws refuses
   * the call with INTERNAL; the log says why.
   */
  admit(call: LimitedCall): LimiterRefusal | undefined;
  /**
   * Called once for each call that this limiter let in: when it is answered, taken back, refused by what comes behind this
   * limiter (another limiter, a full queue), or cut off by the thread's stop; for one-way calls when they are handed on.
   * Before the answer is written. A thread that dies calls nothing: its limiter's memory went with it. Nobody waits for it:
   * what has to be awaited is begun here and catches its own failures. What it throws is logged, and so is what a promise
   * that it returns against its type rejects.
   */
  ended?(call: EndedCall): undefined;
}

/** What plugins have on IO threads. */
export interface LimiterPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. A limiter that heddle.yaml does
   * not name is never asked.
   */
  limiter(definition: LimiterDefinition): void;
}

export function limiterPoint(plugin: string, limiters: Registry<LimiterDefinition>): LimiterPoint {
  return {
    limiter: (definition) => {
      const wrong = (what: string) =>
        new HeddleError('INVALID_ARGUMENT', `limiter ${JSON.stringify(definition?.name)}: ${what}`);
      if (typeof definition?.admit !== 'function') {
        throw wrong('it has no admit(call); it returns undefined, or { message, retryAfterMs } to refuse');
      }
      if (definition.ended !== undefined && typeof definition.ended !== 'function') {
        throw wrong('ended must be a function, or be left out');
      }
      limiters.add(plugin, definition);
    },
  };
}
