// The stub: a typed call becomes a CallHead for a carrier, and the carrier's reply becomes a value or a HeddleError. Used
// by fibers (through `startCall`, which ends in their own kind of wait) and by stand-alone clients (through `invoke`),
// on whatever thread they run. Deadlines are the carrier's: no timer and no promise here but the one of `invoke`.

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
import { type ContractMethod, contractMethod } from '../contract.ts';
import { PendingCalls } from './pending-calls.ts';

export interface InvokeOptions {
  /** Absolute, on the carrier's clock, ms. Default: none. */
  deadlineMs?: number | undefined;
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
 * service that does not know the caller's schema version is sent it again, once, within the same deadline. Rejects with
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
  const call = new OutgoingCall(carrier, contractMethod(method), request, options, receiver);
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
 * `new` until it is sent, `sent` until its reply, `resending` between a reply that asks for our schemas and the second
 * sending, `ended` once the receiver has been told or nobody wants to be.
 */
type CallState = 'new' | 'sent' | 'resending' | 'ended';

/** One call under way. */
export class OutgoingCall {
  readonly #carrier: CallCarrier;
  readonly #method: ContractMethod;
  readonly #request: unknown;
  readonly #options: InvokeOptions;
  readonly #receiver: CallReceiver;
  #state: CallState = 'new';
  #tag = -1;
  #handle = -1;
  /** Our schemas have been sent along. */
  #introduced = false;

  constructor(
    carrier: CallCarrier,
    method: ContractMethod,
    request: unknown,
    options: InvokeOptions,
    receiver: CallReceiver,
  ) {
    this.#carrier = carrier;
    this.#method = method;
    this.#request = request;
    this.#options = options;
    this.#receiver = receiver;
  }

  /** Sends it. Called once, by `startCall`. */
  start(): void {
    const { signal } = this.#options;
    if (signal?.aborted) throw this.#aborted(signal);
    signal?.addEventListener('abort', this);
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
    const sent = this.#state === 'sent';
    this.#end();
    if (sent && pending.take(this.#tag) !== undefined) this.#carrier.cancel(this.#handle);
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
    const asks = reply.code !== 0 && !this.#introduced && this.#method.codec.schemaText !== undefined;
    let value: unknown;
    try {
      if (reply.metadataEnd > reply.metadataStart && (asks || onReplyMetadata !== undefined)) {
        const pairs = decodeMetadata(reply.source, reply.metadataStart, reply.metadataEnd);
        if (asks && pairs.has(needSchemaKey)) {
          this.#introduce();
          return;
        }
        onReplyMetadata?.(pairs);
      }
      if (reply.code !== 0) throw errorOf(reply);
      if (!this.#oneWay) value = this.#read(reply);
    } catch (reason) {
      this.#fail(HeddleError.from(reason, `the reply of ${this.#method.fullName} could not be taken`));
      return;
    }
    this.#end();
    this.#receiver.onResponse(value);
  }

  get #oneWay(): boolean {
    return this.#options.oneWay ?? this.#method.oneWay;
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
    const handle = this.#carrier.call(service, method, head, sink, tag);
    // A refusal may have come, and even a second sending begun, before `call` returned.
    if (this.#tag === tag) this.#handle = handle;
  }

  /** Once more, with our schemas: the service has not run it. Not from within the carrier's own call to us. */
  #introduce(): void {
    this.#introduced = true;
    this.#state = 'resending';
    queueMicrotask(() => {
      if (this.#state !== 'resending') return;
      try {
        this.#send();
      } catch (reason) {
        this.#fail(HeddleError.from(reason));
      }
    });
  }

  #fillHead(): void {
    const options = this.#options;
    const method = this.#method;
    const idempotent = options.idempotent ?? method.reads;
    head.flags = (this.#oneWay ? callFlags.oneWay : 0) | (idempotent ? callFlags.idempotent : 0);
    head.priority = options.priority ?? 1;
    head.compression = 0;
    head.attempt = (options.attempt ?? 1) + (this.#introduced ? 1 : 0);
    head.depth = options.depth ?? 0;
    head.deadlineMs = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    head.callIdHigh = options.callIdHigh ?? 0;
    head.callIdLow = options.callIdLow ?? 0;
    if (options.trace === undefined) head.trace.fill(0);
    else head.trace.set(options.trace);
    head.traceFlags = options.traceFlags ?? 0;
    head.metadataStart = 0;
    head.metadataEnd = 0;
    if (options.metadata !== undefined || this.#introduced) {
      head.source = this.#metadata();
      head.metadataEnd = head.source.length;
    }
    try {
      method.codec.writeRequest(this.#request, head, options.codec);
    } catch (reason) {
      const { code, message } = HeddleError.from(reason, 'it can not be written');
      throw new HeddleError(code, `the request of ${method.fullName}: ${message}`, { cause: reason });
    }
  }

  #metadata(): Buffer {
    const pairs = Object.entries(this.#options.metadata ?? {});
    if (!this.#introduced) return encodeMetadata(pairs);
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
      return this.#method.codec.readResponse(reply);
    } catch (cause) {
      const { message } = HeddleError.from(cause, 'its codec failed');
      throw new HeddleError('INTERNAL', `the reply of ${this.#method.fullName} can't be read: ${message}`, { cause });
    }
  }

  #fail(error: HeddleError): void {
    this.#end();
    this.#receiver.onFailure(error);
  }

  #end(): void {
    this.#state = 'ended';
    this.#options.signal?.removeEventListener('abort', this);
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
