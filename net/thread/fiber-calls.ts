// FiberCalls: what `fiber.call`, `fiber.send` and `fiber.offload` do on a thread. Each is a wait of the fiber that a
// carrier ends; deadline, priority, trace and depth go along, and a cancel of the fiber takes the call back. A call that
// was lost with a thread or a connection is made again by the stub, as the client of its service says.

import { deserialize, serialize } from 'node:v8';
import { type CallReply, codecIds, emptyCallHead, priorities, type ReplySink } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { callDeadlineOf } from '../../runtime/fiber/call-deadline.ts';
import type { CallOptions, MethodRef, OffloadOptions, Task } from '../../runtime/fiber/context.ts';
import type { FiberCalls, HostedFiber } from '../../runtime/fiber/host.ts';
import { Wait } from '../../runtime/fiber/wait.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';
import { markRelayed } from '../../runtime/relayed.ts';
import type { RetryPolicy } from '../client/retry-policy.ts';
import { type CallReceiver, errorOf, type InvokeOptions, OutgoingCall } from '../client/stub.ts';
import type { CallCompression } from '../compression/call-compression.ts';
import type { ThreadCarrier } from './thread-carrier.ts';

/** The contract has checked the types; its codec checks the values. */
type Untyped = MethodRef<unknown, unknown>;

export function fiberCalls(carrier: ThreadCarrier): FiberCalls {
  return {
    call: <Request, Response>(
      fiber: HostedFiber,
      method: MethodRef<Request, Response>,
      request: Request,
      options: CallOptions | undefined,
    ) => beginCall(fiber, carrier, method as Untyped, request, options, undefined) as Promise<Response>,
    send: <Request>(
      fiber: HostedFiber,
      method: MethodRef<Request, unknown>,
      request: Request,
      options: CallOptions | undefined,
    ) => beginCall(fiber, carrier, method as Untyped, request, options, true) as Promise<void>,
    offload: <Input, Output>(
      fiber: HostedFiber,
      task: Task<Input, Output>,
      input: Input,
      options: OffloadOptions | undefined,
    ) => new TaskWait(fiber, carrier, task as Task<unknown, unknown>, input, options).begin() as Promise<Output>,
  };
}

/** What only calls with filters or spans around them have. */
export interface CallExtras {
  /** Takes the place of the fiber's own trace words. */
  readonly trace: Uint32Array | undefined;
  readonly onReplyMetadata: ((pairs: ReadonlyMap<string, string>) => void) | undefined;
}

/** One call of a fiber, all its attempts; `oneWay` as InvokeOptions has it. */
export function beginCall(
  fiber: HostedFiber,
  carrier: ThreadCarrier,
  method: MethodRef<unknown, unknown>,
  request: unknown,
  options: CallOptions | undefined,
  oneWay: true | undefined,
  extras?: CallExtras,
): Promise<unknown> {
  return new CallWait(fiber, carrier, method, request, options, oneWay, extras).begin();
}

/** The wait of a fiber for a call, and at once what the stub asks of it: so a call is two objects and its promise. */
class CallWait extends Wait<unknown> implements CallReceiver, InvokeOptions {
  declare readonly waiter: HostedFiber;
  readonly #options: CallOptions | undefined;
  readonly oneWay: true | undefined;
  readonly #extras: CallExtras | undefined;
  readonly #call: OutgoingCall<ThreadCarrier>;

  constructor(
    fiber: HostedFiber,
    carrier: ThreadCarrier,
    method: Untyped,
    request: unknown,
    options: CallOptions | undefined,
    oneWay: true | undefined,
    extras: CallExtras | undefined,
  ) {
    super(fiber);
    this.#options = options;
    this.oneWay = oneWay;
    this.#extras = extras;
    this.#call = new OutgoingCall(carrier, method, request, this, this);
  }

  get on(): string {
    const { service, method } = this.#call.method;
    return `call ${service}/${method}`;
  }

  onResponse(value: unknown): void {
    this.grant(value);
  }

  onFailure(error: HeddleError): void {
    this.fail(markRelayed(error));
  }

  // InvokeOptions

  /** Of all attempts together: the callee's own timeout must not begin anew with each. */
  get deadlineMs(): number {
    const { carrier, method } = this.#call;
    const callerMs = callDeadlineOf(this.waiter, this.#options?.timeoutMs);
    return carrier.deadlineMs(method.service, method.method, callerMs);
  }

  get priority(): number {
    const priority = this.#options?.priority;
    return priority === undefined ? this.waiter.origin.priority : priorities[priority];
  }

  get metadata(): CallOptions['metadata'] {
    return this.#options?.metadata;
  }

  get idempotent(): boolean | undefined {
    return this.#options?.idempotent;
  }

  get codec(): CallOptions['codec'] {
    return this.#options?.codec;
  }

  get signal(): AbortSignal | undefined {
    return this.#options?.signal;
  }

  get depth(): number {
    return depthOf(this.waiter);
  }

  get trace(): Uint32Array | undefined {
    return this.#extras?.trace ?? this.waiter.origin.traceWords;
  }

  get traceFlags(): number {
    return this.waiter.origin.traceFlags;
  }

  get onReplyMetadata(): CallExtras['onReplyMetadata'] {
    return this.#extras?.onReplyMetadata;
  }

  get retry(): RetryPolicy {
    return this.#call.carrier.retryOf(this.#call.method.service);
  }

  get compression(): CallCompression | undefined {
    return this.#call.carrier.compressionOf(this.#call.method.service);
  }

  protected enroll(): void {
    this.#call.start();
  }

  protected withdraw(): void {
    this.#call.cancel();
  }
}

class TaskWait extends Wait<unknown> implements ReplySink {
  readonly #fiber: HostedFiber;
  readonly #carrier: ThreadCarrier;
  readonly #task: Task<unknown, unknown>;
  readonly #input: unknown;
  readonly #options: OffloadOptions | undefined;
  #handle = -1;

  constructor(
    fiber: HostedFiber,
    carrier: ThreadCarrier,
    task: Task<unknown, unknown>,
    input: unknown,
    options: OffloadOptions | undefined,
  ) {
    super(fiber);
    this.#fiber = fiber;
    this.#carrier = carrier;
    this.#task = task;
    this.#input = input;
    this.#options = options;
  }

  get on(): string {
    return `task ${this.#task.exportName}`;
  }

  onReply(_tag: number, reply: CallReply): void {
    this.#options?.signal?.removeEventListener('abort', this);
    if (reply.code !== 0) {
      this.fail(markRelayed(errorOf(reply)));
      return;
    }
    // A copy first: the reply may lie in shared memory, which nothing of a user's may point into.
    this.grant(deserialize(Buffer.from(reply.source.subarray(reply.bodyStart, reply.bodyEnd))));
  }

  /** For the signal alone. */
  handleEvent(): void {
    if (this.fail(new HeddleError('CANCELLED', `the caller aborted task ${this.#task.exportName}`))) this.withdraw();
  }

  protected enroll(): void {
    const { origin } = this.#fiber;
    const options = this.#options;
    const head = taskHead;
    if (options?.signal?.aborted) {
      throw new HeddleError('CANCELLED', `task ${this.#task.exportName} was aborted before it began`);
    }
    options?.signal?.addEventListener('abort', this);
    const { moduleUrl, exportName } = this.#task;
    let body: Buffer;
    try {
      body = serialize({ moduleUrl, exportName, input: this.#input });
    } catch (cause) {
      throw new HeddleError('INVALID_ARGUMENT', `the input of task ${exportName} can't be cloned: ${String(cause)}`, {
        cause,
      });
    }
    const metadata = encodeMetadata(Object.entries(options?.metadata ?? {}));
    head.codec = codecIds.v8;
    head.priority = options?.priority === undefined ? origin.priority : priorities[options.priority];
    head.depth = depthOf(this.#fiber);
    head.deadlineMs = callDeadlineOf(this.#fiber, options?.timeoutMs);
    if (origin.traceWords === undefined) head.trace.fill(0);
    else head.trace.set(origin.traceWords);
    head.traceFlags = origin.traceFlags;
    head.source = metadata.length === 0 ? body : Buffer.concat([metadata, body]);
    head.metadataEnd = metadata.length;
    head.bodyStart = metadata.length;
    head.bodyEnd = head.source.length;
    this.#handle = this.#carrier.callTask(options?.pool ?? this.#fiber.pool, head, this, 0);
  }

  protected withdraw(): void {
    this.#options?.signal?.removeEventListener('abort', this);
    if (this.#handle >= 0) this.#carrier.cancel(this.#handle);
  }
}

const taskHead = emptyCallHead();
/** Deeper than this no call goes: it would be a circle. What a queue's record has room for. */
const depthMax = 0x7fff;

function depthOf(fiber: HostedFiber): number {
  const depth = fiber.origin.depth + 1;
  if (depth > depthMax) {
    throw new HeddleError('RESOURCE_EXHAUSTED', `calls are nested ${depthMax} deep: they go round in a circle`);
  }
  return depth;
}
