// filteredCalls: `fiber.call` and `fiber.send` of a thread whose calls have something around them: the client span of a
// sampled fiber outermost, then the filters in the order of the config. On threads where neither is configured fibers have
// the plain ones of fiber-calls.ts.

import type { CallOptions, MethodRef } from '../../runtime/fiber/context.ts';
import type { FiberCalls, HostedFiber } from '../../runtime/fiber/host.ts';
import { Wait } from '../../runtime/fiber/wait.ts';
import type { ClientFilter } from '../../runtime/plugins/filter.ts';
import { markRelayed } from '../../runtime/relayed.ts';
import { contractMethod } from '../service/contract.ts';
import { beginCall, fiberCalls } from '../thread/fiber-calls.ts';
import type { ThreadCarrier } from '../thread/thread-carrier.ts';
import type { ThreadTracing } from '../tracing/thread-tracing.ts';
import { type FilteredCall, type FilteredSender, runFilteredCall } from './client-chain.ts';
import { filterFailed } from './filter-failed.ts';

/** What lies around the calls of a thread. */
export interface AroundCalls {
  /** Around calls of that service, outermost first. */
  clientFilters(service: string): readonly ClientFilter[];
  readonly tracing: ThreadTracing | undefined;
}

type Untyped = MethodRef<unknown, unknown>;

export function filteredCalls(carrier: ThreadCarrier, around: AroundCalls): FiberCalls {
  const begin = (
    fiber: HostedFiber,
    method: Untyped,
    request: unknown,
    options: CallOptions | undefined,
    oneWay: true | undefined,
  ): Promise<unknown> => {
    const filters = around.clientFilters(method.service);
    const span = around.tracing?.beginClient(method, oneWay === true, fiber);
    const trace = span?.words;
    let promise: Promise<unknown>;
    if (filters.length > 0) {
      promise = new FilteredCallWait(fiber, carrier, filters, method, request, options, oneWay, trace).begin();
    } else if (trace === undefined) {
      return beginCall(fiber, carrier, method, request, options, oneWay);
    } else {
      promise = beginCall(fiber, carrier, method, request, options, oneWay, { trace, onReplyMetadata: undefined });
    }
    if (span !== undefined) promise.then(span.returned, span.failed);
    return promise;
  };
  return {
    ...fiberCalls(carrier),
    // The contract has checked the types; its codec checks the values.
    call: <Request, Response>(
      fiber: HostedFiber,
      method: MethodRef<Request, Response>,
      request: Request,
      options: CallOptions | undefined,
    ) => begin(fiber, method as Untyped, request, options, undefined) as Promise<Response>,
    send: <Request>(
      fiber: HostedFiber,
      method: MethodRef<Request, unknown>,
      request: Request,
      options: CallOptions | undefined,
    ) => begin(fiber, method as Untyped, request, options, true) as Promise<void>,
  };
}

/**
 * A call with its filters, as one wait of the fiber: an interruption ends it at once, whatever a filter waits for; what
 * that filter calls from then on fails with the same reason.
 */
class FilteredCallWait extends Wait<unknown> implements FilteredSender {
  readonly #fiber: HostedFiber;
  readonly #carrier: ThreadCarrier;
  readonly #filters: readonly ClientFilter[];
  readonly #method: Untyped;
  readonly #request: unknown;
  readonly #options: CallOptions | undefined;
  readonly #oneWay: true | undefined;
  readonly #trace: Uint32Array | undefined;
  /** A call inside is under way, and counts for both: filters must not halve how many calls a fiber may have. */
  #holdsCall = false;
  readonly #callEnded = (): void => this.#hold(false);

  constructor(
    fiber: HostedFiber,
    carrier: ThreadCarrier,
    filters: readonly ClientFilter[],
    method: Untyped,
    request: unknown,
    options: CallOptions | undefined,
    oneWay: true | undefined,
    trace: Uint32Array | undefined,
  ) {
    super(fiber);
    this.#fiber = fiber;
    this.#carrier = carrier;
    this.#filters = filters;
    this.#method = method;
    this.#request = request;
    this.#options = options;
    this.#oneWay = oneWay;
    this.#trace = trace;
  }

  get on(): string {
    return `call ${this.#method.service}/${this.#method.method}`;
  }

  override get counts(): boolean {
    return !this.#holdsCall;
  }

  send(call: FilteredCall): Promise<unknown> {
    const { timeoutMs, idempotent, priority } = call;
    // What no filter may change goes along as the caller has said it.
    const changed = { timeoutMs, idempotent, priority, metadata: call.metadataIfAny };
    const options = { ...this.#options, ...changed } as CallOptions;
    const isHeld = this.waiting && !this.#holdsCall;
    if (isHeld) this.#hold(true);
    const promise = beginCall(this.#fiber, this.#carrier, this.#method, call.request, options, this.#oneWay, {
      trace: this.#trace,
      onReplyMetadata: (pairs) => call.replied(pairs),
    });
    if (isHeld) promise.then(this.#callEnded, this.#callEnded);
    return promise;
  }

  protected enroll(): void {
    const method = contractMethod(this.#method);
    const facts = {
      filters: this.#filters,
      method,
      oneWay: this.#oneWay ?? method.oneWay,
      fiber: this.#fiber,
      signal: this.#options?.signal,
      sender: this,
    };
    runFilteredCall(facts, this.#request, this.#options ?? noWishes).then(
      (value) => this.grant(value),
      (reason: unknown) => this.fail(markRelayed(filterFailed(method.fullName, reason))),
    );
  }

  #hold(holds: boolean): void {
    this.#holdsCall = holds;
    // Once it is over nothing of it counts.
    if (this.waiting) this.waiter.recount(holds ? -1 : 1);
  }

  /** Calls under way are waits of the same fiber, and end by themselves. */
  protected withdraw(): void {}
}

const noWishes = {};
