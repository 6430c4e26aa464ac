// HeddleError: the one error class. A code for programs, a sentence for people, a cause for logs that never crosses
// the wire. Used on every thread; each protocol maps the codes to its own (one table, tested both ways).

/** The closed set of failure codes: gRPC's sixteen. The index + 1 is the number on Heddle's wire. */
export const errorCodes = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** One of the sixteen codes of `errorCodes`. */
export type ErrorCode = (typeof errorCodes)[number];

const numberByCode = new Map<string, number>(errorCodes.map((code, index) => [code, index + 1]));

/** The wire number (1..16) of a code. */
export function codeNumber(code: ErrorCode): number {
  return numberByCode.get(code) ?? 2;
}

/** The code of a wire number; a number outside 1..16 reads as UNKNOWN. */
export function codeOfNumber(value: number): ErrorCode {
  return errorCodes[value - 1] ?? 'UNKNOWN';
}

/**
 * What a caller may do next: `no` (the same request would fail again, or may have had effects), `if-idempotent`
 * (it may have run: repeat it only when running twice is harmless), `yes` (it has not run).
 */
export const retryHints = ['no', 'if-idempotent', 'yes'] as const;
/**
 * What a caller may do next: `no` (the same request would fail again, or may have had effects), `if-idempotent` (it may
 * have run), `yes` (it has not run).
 */
export type RetryHint = (typeof retryHints)[number];

/** What a HeddleError says beside its code and its sentence. */
export interface HeddleErrorOptions {
  /** Default: `yes` for RESOURCE_EXHAUSTED, `if-idempotent` for UNAVAILABLE, else `no`. */
  retry?: RetryHint;
  /** How long to wait before a retry, ms. Default 0: at once. At most 2^32 - 1. */
  retryAfterMs?: number;
  /** For logs on this machine; never sent to a peer. */
  cause?: unknown;
}

/** The same in every copy of this package: a project may have one of its own beside that of the process. */
const errorMark: unique symbol = Symbol.for('heddle.error');

/** The one error of Heddle. `message` says what happened, with the values, and what to do. */
export class HeddleError extends Error {
  override readonly name = 'HeddleError';
  readonly code: ErrorCode;
  readonly retry: RetryHint;
  readonly retryAfterMs: number;
  #wraps = false;

  constructor(code: ErrorCode, message: string, options: HeddleErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? defaultRetry(code);
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }

  /**
   * Any thrown value as a HeddleError. A HeddleError passes through; anything else becomes INTERNAL with a sentence
   * that keeps the thrown text on this machine (as `cause`), since a stranger's stack must not reach a client.
   */
  static from(reason: unknown, message = 'the handler failed; the cause is in the server log'): HeddleError {
    if (reason instanceof HeddleError) return reason;
    const error = new HeddleError('INTERNAL', message, { cause: reason });
    error.#wraps = true;
    return error;
  }

  get [errorMark](): true {
    return true;
  }

  /** True when `from` has made it of another thrown value: the cause alone says what happened. */
  get wraps(): boolean {
    return this.#wraps;
  }
}

// `instanceof HeddleError` knows it by its mark, so that one of another copy is one too; subclasses are known by their class.
Object.defineProperty(HeddleError, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    if (this !== HeddleError) return Function.prototype[Symbol.hasInstance].call(this as typeof HeddleError, value);
    return typeof value === 'object' && value !== null && errorMark in value;
  },
});

/** What a caller may do next unless the error says otherwise. */
export function defaultRetry(code: ErrorCode): RetryHint {
  if (code === 'RESOURCE_EXHAUSTED') return 'yes';
  if (code === 'UNAVAILABLE') return 'if-idempotent';
  return 'no';
}
