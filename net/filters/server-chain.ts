// ServerChain: the handler of one method with the filters around it, in the order of the config, put together once when a
// thread starts. Runs on the thread that serves, in the request's fiber; a method with nothing around it has no chain, and
// its requests never come here.

import { type CallHead, callFlags } from '../../runtime/call.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import type { HostedFiber } from '../../runtime/fiber/host.ts';
import { rejected } from '../../runtime/fiber/wait.ts';
import type { ServerCall, ServerFilter } from '../../runtime/plugins/filter.ts';
import type { BodyForm } from '../codec/method-codec.ts';
import type { UntypedHandler } from '../service/implement.ts';
import { returnedPromise, thrownPromise } from './next-promise.ts';

/** What a chain needs of its method. */
interface ServedMethod {
  readonly service: string;
  readonly method: string;
  readonly fullName: string;
}

export class ServerChain {
  readonly method: ServedMethod;
  readonly handler: UntypedHandler;
  /** Outermost first. */
  readonly filters: readonly ServerFilter[];

  constructor(method: ServedMethod, handler: UntypedHandler, filters: readonly ServerFilter[]) {
    this.method = method;
    this.handler = handler;
    this.filters = filters;
  }

  /** As ProcessorForm's: the response, or a promise of it. The head is read before this returns. */
  start(body: BodyForm, head: CallHead, fiber: FiberContext): unknown {
    // A request's fiber always is.
    return new FilteredRequest(new ServedRequest(this, body, head, fiber as HostedFiber), 0, undecoded).run();
  }
}

/** Nobody has asked for the request yet. */
const undecoded = Symbol('undecoded');

/** What all filters of one request share. */
class ServedRequest {
  readonly chain: ServerChain;
  readonly fiber: HostedFiber;
  readonly attempt: number;
  readonly flags: number;
  readonly #body: BodyForm;
  readonly #source: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(chain: ServerChain, body: BodyForm, head: CallHead, fiber: HostedFiber) {
    this.chain = chain;
    this.fiber = fiber;
    this.attempt = head.attempt;
    this.flags = head.flags;
    this.#body = body;
    this.#source = head.source;
    this.#start = head.bodyStart;
    this.#end = head.bodyEnd;
  }

  decode(): unknown {
    return this.#body.decode(this.#source, this.#start, this.#end);
  }
}

/** One filter's run: what it sees, and the request that its `next` hands on. */
class FilteredRequest implements ServerCall {
  readonly #served: ServedRequest;
  readonly #at: number;
  #request: unknown;

  constructor(served: ServedRequest, at: number, request: unknown) {
    this.#served = served;
    this.#at = at;
    this.#request = request;
  }

  run(): unknown {
    const { chain } = this.#served;
    return chain.filters[this.#at]!(this, (changed) => this.#next(changed));
  }

  get service(): string {
    return this.#served.chain.method.service;
  }

  get method(): string {
    return this.#served.chain.method.method;
  }

  get fullName(): string {
    return this.#served.chain.method.fullName;
  }

  get fiber(): FiberContext {
    return this.#served.fiber;
  }

  get request(): unknown {
    if (this.#request === undecoded) this.#request = this.#served.decode();
    return this.#request;
  }

  get metadata(): Map<string, string> {
    return this.#served.fiber.metadata;
  }

  get replyMetadata(): Map<string, string> {
    return this.#served.fiber.replyMetadata;
  }

  get attempt(): number {
    return this.#served.attempt;
  }

  get idempotent(): boolean {
    return (this.#served.flags & callFlags.idempotent) !== 0;
  }

  get oneWay(): boolean {
    return (this.#served.flags & callFlags.oneWay) !== 0;
  }

  get depth(): number {
    return this.#served.fiber.origin.depth;
  }

  #next(changed: unknown): Promise<unknown> {
    const { interruption } = this.#served.fiber;
    // Nothing new begins in a fiber that is to stop or has ended, whatever a filter repeats.
    if (interruption !== undefined) return rejected(interruption);
    try {
      return returnedPromise(this.#inside(changed === undefined ? this.#request : changed));
    } catch (reason) {
      return thrownPromise(reason);
    }
  }

  #inside(request: unknown): unknown {
    const served = this.#served;
    const { chain, fiber } = served;
    const at = this.#at + 1;
    if (at < chain.filters.length) return new FilteredRequest(served, at, request).run();
    return chain.handler(request === undecoded ? served.decode() : request, fiber);
  }
}
