// The stub: a typed call becomes a CallHead for a carrier, and the carrier's reply becomes a value or a HeddleError. Used
// by fibers (through `startCall`, which ends in their own kind of wait) and by stand-alone clients (through `invoke`),
// on whatever thread they run. Deadlines are the carrier's: no timer and no promise here but the one of `invoke`.
//
// This is also where a lost call is made again: the request is still at hand to be encoded once more, so no bytes are
// kept, and the carriers below never repeat anything.

import {
  type CallCarrier,
  type CallReply,
  type CodecName,
  callFlags,
  emptyCallHead,
  type ReplySink,
} from '../../runtime/call.ts';
import { codeOfNumber, HeddleError, retryHints } from '../../runtime/errors.ts';
import type { MethodRef } from '../../runtime/fiber/context.ts';
import { decodeMetadata, encodeMetadata, metadataMaxBytes } from '../../runtime/metadata.ts';
import { needSchemaKey, schemaKey } from '../codec/avro-codec.ts';
import type { CallCompression } from '../compression/call-compression.ts';
import { type ContractMethod, contractMethod } from '../service/contract.ts';
import { PendingCalls } from './pending-calls.ts';
import { noRetry, type RetryPolicy, type WaitingRetry } from './retry-policy.ts';

export interface InvokeOptions {
  /** Absolute, on the carrier's clock, ms. Default: none. */
  deadlineMs?: number | undefined;
  /** When the call begins, on the carrier's clock, ms. Default: it is looked at. */
  sinceMs?: number | undefined;
  /** 0..2, see `priorities`. Default: normal. */
  priority?: number | undefined;
  /** Text pairs for the callee. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Running it twice is harmless. Default: `reads` of the contract. */
  idempotent?: boolean | undefined;
  /** No answer is wanted: settles when the carrier has handed it on. Default: `oneWay` of the contract. */
  oneWay?: boolean | undefined;
  /** Default: the contract's preferred one. */
  codec?: CodecName | undefined;
  /** Calls of this process above this one. Default 0. */
  depth?: number | undefined;
  /** W3C trace id and parent span id, 6 words. Default: none. */
  trace?: Uint32Array | undefined;
  traceFlags?: number | undefined;
  /** Default 1. */
  attempt?: number | undefined;
  /** The same over all attempts. Default: none. */
  callIdHigh?: number | undefined;
  callIdLow?: number | undefined;
  /** Whether and when a lost call is made again; its clock is the carrier's. Default: it is not. */
  retry?: RetryPolicy | undefined;
  /** Compresses its request, and decompresses its reply. Default: neither. */
  compression?: CallCompression | undefined;
  /** Aborting it cancels the call: it fails with CANCELLED, or with the reason if that is a HeddleError. */
  signal?: AbortSignal | undefined;
  /** Gets the text pairs of the reply, success or failure, before the call settles. */
  onReplyMetadata?: ((pairs: ReadonlyMap<string, string>) => void) | undefined;
}

/** Who hears how a call ended: exactly one of the two, once; maybe before `startCall` returns. Must not throw. */
export interface CallReceiver {
  onResponse(value: unknown): void;
  onFailure(error: HeddleError): void;
}

/**
 * Calls a method. The request is encoded before this returns, but must not be changed until the call has settled: a
 * service that does not know the caller's schema version is sent it again, once, within the same deadline, and `retry`
 * may repeat a lost call: if it is idempotent, or the error says that it has not run. Rejects with
 * HeddleError: the callee's; INVALID_ARGUMENT naming the path when the request does not fit the contract; INTERNAL when
 * the reply can't be read; CANCELLED by `signal`; RESOURCE_EXHAUSTED over `pendingCallsMax`.
 */
export function invoke<Request, Response>(
  carrier: CallCarrier,
  method: MethodRef<Request, Response>,
  request: Request,
  options: InvokeOptions = {},
): Promise<Response> {
  const receiver = new PromiseReceiver();
  try {
    startCall(carrier, method, request, options, receiver);
  } catch (reason) {
    receiver.onFailure(HeddleError.from(reason));
  }
  // The contract's types say what its codec decodes to.
  return receiver.promise as Promise<Response>;
}

/** As `invoke`, ending in a receiver. Throws what stops the call from being sent at all. */
export function startCall<Request, Response>(
  carrier: CallCarrier,
  method: MethodRef<Request, Response>,
  request: Request,
  options: InvokeOptions,
  receiver: CallReceiver,
): OutgoingCall {
  const call = new OutgoingCall(carrier, method, request, options, receiver);
  call.start();
  return call;
}

class PromiseReceiver implements CallReceiver {
  readonly promise: Promise<unknown>;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: HeddleError) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onResponse(value: unknown): void {
    this.#resolve(value);
  }

  onFailure(error: HeddleError): void {
    this.#reject(error);
  }
}

/** The carriers' sink for all calls of this thread: each tag is a pending call. */
const pending = new PendingCalls<OutgoingCall>();
const sink: ReplySink = {
  onReply(tag, reply) {
    pending.take(tag)?.onReply(reply);
  },
};

// The one head of this thread's calls: a carrier copies it before `call` returns.
const head = emptyCallHead();

/**
 * `new` until it is sent, `sent` until its reply; then, if it is to be sent again, `waiting` until the time has come and
 * `resending` until this turn's other code has run; `ended` once the receiver has been told or nobody wants to be.
 */
type CallState = 'new' | 'sent' | 'waiting' | 'resending' | 'ended';

/** What a call remembers of its sendings so far. */
interface EarlierSendings {
  /** Our schemas have been sent along. */
  introduced: boolean;
  /** Attempts so far, the present one too, without the sendings that only brought our schemas. */
  attempts: number;
  /** How often it was sent before. */
  sentBefore: number;
  /** Some attempt may have run. */
  mayHaveRun: boolean;
  /** Of the present attempt, if it is not that of the whole call. */
  deadlineMs: number;
}

/** The first sending is under way. */
const none: EarlierSendings = Object.freeze({
  introduced: false,
  attempts: 1,
  sentBefore: 0,
  mayHaveRun: false,
  deadlineMs: Number.POSITIVE_INFINITY,
});

/** One call under way, over all its attempts. */
export class OutgoingCall<Carrier extends CallCarrier = CallCarrier> implements WaitingRetry {
  readonly carrier: Carrier;
  /** Checked by `start`. */
  readonly #method: ContractMethod;
  readonly #request: unknown;
  readonly #options: InvokeOptions;
  readonly #receiver: CallReceiver;
  #state: CallState = 'new';
  #tag = -1;
  #handle = -1;
  #retry: RetryPolicy | undefined = undefined;
  #earlier: EarlierSendings = none;
  /** Of the whole call. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** The same over all attempts, each as a signed number: a small one, which needs no box of its own. */
  #callIdHigh = 0;
  #callIdLow = 0;

  /** As `startCall` has it, which calls `start` too. */
  constructor(
    carrier: Carrier,
    method: MethodRef<unknown, unknown>,
    request: unknown,
    options: InvokeOptions,
    receiver: CallReceiver,
  ) {
    this.carrier = carrier;
    this.#method = method as ContractMethod;
    this.#request = request;
    this.#options = options;
    this.#receiver = receiver;
  }

  get method(): MethodRef<unknown, unknown> {
    return this.#method;
  }

  /** Sends it. Called once. Throws what stops it from being sent at all. */
  start(): void {
    const options = this.#options;
    const { signal, retry, deadlineMs = Number.POSITIVE_INFINITY, callIdHigh = 0, callIdLow = 0 } = options;
    contractMethod(this.#method);
    if (signal?.aborted) throw this.#aborted(signal);
    signal?.addEventListener('abort', this);
    this.#retry = retry;
    this.#deadlineMs = retry === undefined ? deadlineMs : retry.begin(deadlineMs, options.sinceMs);
    const isNamed = retry === undefined || callIdHigh !== 0 || callIdLow !== 0;
    this.#callIdHigh = (isNamed ? callIdHigh : retry.callIdHalf()) | 0;
    this.#callIdLow = (isNamed ? callIdLow : retry.callIdHalf()) | 0;
    try {
      this.#send();
    } catch (reason) {
      this.#end();
      throw reason;
    }
  }

  /** The answer is no longer wanted: the receiver hears nothing. No effect once the call has ended. */
  cancel(): void {
    if (this.#state === 'ended') return;
    const before = this.#state;
    this.#end();
    if (before === 'waiting') this.#retry!.forget(this);
    if (before === 'sent' && pending.take(this.#tag) !== undefined) this.carrier.cancel(this.#handle);
  }

  /** For the signal alone. */
  handleEvent(): void {
    if (this.#state === 'ended') return;
    const error = this.#aborted(this.#options.signal!);
    this.cancel();
    this.#receiver.onFailure(error);
  }

  /** For the sink alone. The reply's views are valid only until this returns. */
  onReply(reply: CallReply): void {
    if (this.#state === 'ended') return;
    const { onReplyMetadata } = this.#options;
    const hasMetadata = reply.metadataEnd > reply.metadataStart;
    let value: unknown;
    try {
      let error: HeddleError | undefined;
      if (reply.code !== 0) {
        if (hasMetadata && this.#asksForSchemas(reply)) {
          this.#sentEarlier().introduced = true;
          this.#resendSoon();
          return;
        }
        error = this.#judge(errorOf(reply));
        // Undefined: it is made again, and nobody hears of this attempt.
        if (error === undefined) return;
      }
      if (hasMetadata && onReplyMetadata !== undefined) {
        onReplyMetadata(decodeMetadata(reply.source, reply.metadataStart, reply.metadataEnd));
      }
      if (error !== undefined) throw error;
      if (!this.#oneWay) value = this.#read(reply);
    } catch (reason) {
      this.#fail(HeddleError.from(reason, `the reply of ${this.#method.fullName} could not be taken`));
      return;
    }
    this.#end();
    this.#receiver.onResponse(value);
  }

  /** For the retry policy's timer alone. */
  onTimer(): void {
    this.#retry!.waited(this);
    this.#resend();
  }

  /** For the retry policy alone. */
  onClientClosed(): void {
    this.#fail(this.#closed());
  }

  /** Made when something must be remembered of a sending: of most calls there is nothing. */
  #sentEarlier(): EarlierSendings {
    if (this.#earlier === none) this.#earlier = { ...none };
    return this.#earlier;
  }

  get #oneWay(): boolean {
    return this.#options.oneWay ?? this.#method.oneWay;
  }

  get #idempotent(): boolean {
    return this.#options.idempotent ?? this.#method.reads;
  }

  /** The service does not know our schema version; it has not run the call. */
  #asksForSchemas(reply: CallReply): boolean {
    if (this.#earlier.introduced || this.#method.codec.schemaText === undefined) return false;
    return decodeMetadata(reply.source, reply.metadataStart, reply.metadataEnd).has(needSchemaKey);
  }

  /** An attempt has failed. Undefined: another one follows; else what the receiver is told. */
  #judge(error: HeddleError): HeddleError | undefined {
    const retry = this.#retry;
    if (retry === undefined) return error;
    const earlier = this.#sentEarlier();
    const timedOut = retry.attemptIsOver(error, earlier.deadlineMs, this.#deadlineMs);
    if (error.retry !== 'yes') earlier.mayHaveRun = true;
    const delayMs = retry.grant(error, this.#idempotent, timedOut, earlier.attempts, this.#deadlineMs);
    if (delayMs === noRetry) return this.#lastWords(error, timedOut);
    earlier.attempts++;
    if (delayMs === 0) {
      this.#resendSoon();
    } else {
      this.#state = 'waiting';
      retry.wait(this, delayMs);
    }
    return undefined;
  }

  /** The error of the last attempt, and what the receiver must know of those before it. */
  #lastWords(error: HeddleError, timedOut: boolean): HeddleError {
    const { attempts, mayHaveRun } = this.#earlier;
    if (attempts === 1 && !timedOut) return error;
    const { attemptTimeoutMs, maxAttempts } = this.#retry!.options;
    const limit = timedOut ? `, which had ${attemptTimeoutMs} ms (attemptTimeoutMs)` : '';
    const message = `${error.message}; attempt ${attempts} of at most ${maxAttempts}${limit}`;
    const retry = error.retry === 'yes' && mayHaveRun ? 'if-idempotent' : error.retry;
    return new HeddleError(error.code, message, { retry, retryAfterMs: error.retryAfterMs });
  }

  #send(): void {
    const tag = pending.add(this);
    this.#tag = tag;
    try {
      this.#fillHead();
    } catch (reason) {
      pending.take(tag);
      throw reason;
    }
    this.#state = 'sent';
    const { service, method } = this.#method;
    const handle = this.carrier.call(service, method, head, sink, tag);
    // A refusal may have come, and even a second sending begun, before `call` returned.
    if (this.#tag === tag) this.#handle = handle;
  }

  /** Once more, but not from within the carrier's own call to us. */
  #resendSoon(): void {
    this.#state = 'resending';
    queueMicrotask(() => {
      if (this.#state === 'resending') this.#resend();
    });
  }

  #resend(): void {
    this.#sentEarlier().sentBefore++;
    try {
      if (this.#retry?.closed) throw this.#closed();
      this.#send();
    } catch (reason) {
      this.#fail(HeddleError.from(reason));
    }
  }

  #fillHead(): void {
    const options = this.#options;
    const method = this.#method;
    const oneWay = this.#oneWay;
    // A one-way call has no answer that could be late.
    const deadlineMs = oneWay ? this.#deadlineMs : this.#nextDeadlineMs();
    if (deadlineMs < this.#deadlineMs || this.#earlier !== none) this.#sentEarlier().deadlineMs = deadlineMs;
    head.flags = (oneWay ? callFlags.oneWay : 0) | (this.#idempotent ? callFlags.idempotent : 0);
    head.priority = options.priority ?? 1;
    head.compression = 0;
    head.attempt = (options.attempt ?? 1) + this.#earlier.sentBefore;
    head.depth = options.depth ?? 0;
    head.deadlineMs = deadlineMs;
    head.callIdHigh = this.#callIdHigh >>> 0;
    head.callIdLow = this.#callIdLow >>> 0;
    const { trace, metadata } = options;
    if (trace === undefined) head.trace.fill(0);
    else head.trace.set(trace);
    head.traceFlags = options.traceFlags ?? 0;
    head.metadataStart = 0;
    head.metadataEnd = 0;
    if (metadata !== undefined || this.#earlier.introduced) {
      head.source = this.#metadata();
      head.metadataEnd = head.source.length;
    }
    try {
      method.codec.writeRequest(this.#request, head, options.codec);
      options.compression?.deflate(head);
    } catch (reason) {
      const { code, message } = HeddleError.from(reason, 'it can not be written');
      throw new HeddleError(code, `the request of ${method.fullName}: ${message}`, { cause: reason });
    }
  }

  #nextDeadlineMs(): number {
    const retry = this.#retry;
    return retry === undefined ? this.#deadlineMs : retry.attemptDeadlineMs(this.#deadlineMs);
  }

  #metadata(): Buffer {
    const pairs = Object.entries(this.#options.metadata ?? {});
    if (!this.#earlier.introduced) return encodeMetadata(pairs);
    const text = this.#method.codec.schemaText!;
    try {
      return encodeMetadata([...pairs, [schemaKey, text]]);
    } catch (cause) {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `the service does not know this version of ${this.#method.fullName}, and its schemas (${text.length} bytes) don't fit into metadata (${metadataMaxBytes} bytes in all); list this version in \`accepts\` of the service's contract`,
        { cause },
      );
    }
  }

  #read(reply: CallReply): unknown {
    try {
      if (reply.compression !== 0) this.#inflate(reply);
      return this.#method.codec.readResponse(reply);
    } catch (cause) {
      const { code, message } = HeddleError.from(cause, 'its codec failed');
      // As the channel says of a frame that is too long.
      const kind = code === 'RESOURCE_EXHAUSTED' ? code : 'INTERNAL';
      throw new HeddleError(kind, `the reply of ${this.#method.fullName} can't be read: ${message}`, {
        retry: 'no',
        cause,
      });
    }
  }

  #inflate(reply: CallReply): void {
    const { compression } = this.#options;
    if (compression === undefined) throw new HeddleError('INTERNAL', 'it is compressed, which nobody asked for');
    compression.inflate(reply);
  }

  #fail(error: HeddleError): void {
    this.#end();
    this.#receiver.onFailure(error);
  }

  #end(): void {
    this.#state = 'ended';
    this.#options.signal?.removeEventListener('abort', this);
  }

  #closed(): HeddleError {
    const message = `${this.#method.fullName}: the client was closed before the reply came`;
    return new HeddleError('CANCELLED', message, { retry: this.#earlier.mayHaveRun ? 'if-idempotent' : 'yes' });
  }

  #aborted(signal: AbortSignal): HeddleError {
    const reason: unknown = signal.reason;
    if (reason instanceof HeddleError) return reason;
    return new HeddleError('CANCELLED', `the caller aborted its call of ${this.#method.fullName}`, { cause: reason });
  }
}

/** The error that a failed reply stands for. */
export function errorOf(reply: CallReply): HeddleError {
  const message = reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd);
  const retry = retryHints[reply.retry] ?? 'no';
  return new HeddleError(codeOfNumber(reply.code), message, { retry, retryAfterMs: reply.retryAfterMs });
}
