// MethodProcessor: one method as the thread that serves it sees it, between the queue and the handler: which form the
// body has, the request out of it, the handler's answer into a reply. The scheduler calls it around each fiber; nothing
// here waits, and nothing is allocated for a request but its values.

import type { CallHead, CallReply } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import type { Processor, ProcessorForm } from '../../scheduler/host-module.ts';
import type { BodyForm } from '../codec/method-codec.ts';
import type { ServerChain } from '../filters/server-chain.ts';
import type { ContractMethod } from './contract.ts';
import { exampleText } from './example-text.ts';
import type { UntypedHandler } from './implement.ts';

/** Serves one method of a contract by its handler. */
export class MethodProcessor implements Processor {
  readonly service: string;
  readonly method: string;
  readonly reads: boolean;
  readonly oneWay: boolean;
  /** The contract's example request as JSON text. */
  readonly example: string | undefined;
  readonly asyncContext: boolean;
  readonly #contract: ContractMethod;
  readonly #handler: UntypedHandler;
  /** The filters around the handler; undefined: none. */
  readonly #chain: ServerChain | undefined;
  // Almost all requests of a method come in one form; the others are found by their codec's. Weak: a codec forgets.
  #latest: ServedForm | undefined;
  readonly #forms = new WeakMap<BodyForm, ServedForm>();

  constructor(contract: ContractMethod, handler: UntypedHandler, asyncContext: boolean, chain?: ServerChain) {
    this.service = contract.service;
    this.method = contract.method;
    this.reads = contract.reads;
    this.oneWay = contract.oneWay;
    this.example = exampleText(contract);
    this.asyncContext = asyncContext;
    this.#contract = contract;
    this.#handler = handler;
    this.#chain = chain;
  }

  /**
   * How this caller writes and reads bodies: by codec and schema version, cached. Throws HeddleError UNIMPLEMENTED,
   * INVALID_ARGUMENT or FAILED_PRECONDITION when there is no way.
   */
  form(head: CallHead): ProcessorForm {
    const body = this.#contract.codec.formFor(head, this.#contract.fullName);
    if (body === undefined) return new LearningForm(this);
    if (this.#latest?.body === body) return this.#latest;
    this.#latest = this.#served(body);
    return this.#latest;
  }

  /** For LearningForm: a version that the caller brings along. */
  learn(head: CallHead, fiber: FiberContext): ProcessorForm {
    return this.#served(this.#contract.codec.learn(head, fiber, this.#contract.fullName));
  }

  #served(body: BodyForm): ServedForm {
    let form = this.#forms.get(body);
    if (form === undefined) {
      form = new ServedForm(body, this.#handler, this.#contract.fullName, this.#chain);
      this.#forms.set(body, form);
    }
    return form;
  }
}

/** One method in one form of bodies. Holds nothing of a request: all requests of that form share it. */
class ServedForm implements ProcessorForm {
  readonly body: BodyForm;
  readonly #handler: UntypedHandler;
  readonly #name: string;
  readonly #chain: ServerChain | undefined;

  constructor(body: BodyForm, handler: UntypedHandler, name: string, chain: ServerChain | undefined) {
    this.body = body;
    this.#handler = handler;
    this.#name = name;
    this.#chain = chain;
  }

  /** The body must lie in private memory that is never written again: a `bytes` request is a view of it. */
  start(head: CallHead, fiber: FiberContext): unknown {
    if (this.#chain !== undefined) return this.#chain.start(this.body, head, fiber);
    return this.#handler(this.body.decode(head.source, head.bodyStart, head.bodyEnd), fiber);
  }

  failure(error: HeddleError): HeddleError {
    return this.body.failure?.(error) ?? error;
  }

  encode(value: unknown, reply: CallReply): void {
    try {
      this.body.encode(value, reply);
    } catch (cause) {
      const why =
        cause instanceof HeddleError ? cause.message : 'it can not be written; the cause is in the server log';
      const who = this.#chain !== undefined ? ', or a filter around it,' : '';
      const message = `the handler of ${this.#name}${who} returned what its contract does not allow: ${why}`;
      throw new HeddleError('INTERNAL', message, { cause });
    }
  }
}

/** One request in a schema version that is new to the thread: learns it when the fiber (and so its metadata) is there. */
class LearningForm implements ProcessorForm {
  readonly #processor: MethodProcessor;
  #form: ProcessorForm | undefined;

  constructor(processor: MethodProcessor) {
    this.#processor = processor;
  }

  start(head: CallHead, fiber: FiberContext): unknown {
    this.#form = this.#processor.learn(head, fiber);
    return this.#form.start(head, fiber);
  }

  encode(value: unknown, reply: CallReply): void {
    if (this.#form === undefined) throw new HeddleError('INTERNAL', 'the request was answered before it was read');
    this.#form.encode(value, reply);
  }
}
