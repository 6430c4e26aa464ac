// FilteredCall: one call inside the client sides of filters. Each filter sees an object of its own, made for each `next` of
// the filter around it, so that what one changes holds only for what lies inside of it, however often it is repeated. Used
// by fibers (fiber-calls) and by stand-alone clients, on whatever thread they run.

import type { Priority } from '../../runtime/call.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import type { ClientCall, ClientFilter } from '../../runtime/plugins/filter.ts';
import type { ContractMethod } from '../service/contract.ts';
import { returnedPromise, thrownPromise } from './next-promise.ts';

/** Makes the call that the innermost filter lets through: a whole one, with its own retries. */
export interface FilteredSender {
  send(call: FilteredCall): Promise<unknown>;
}

/** What all filters of one call share. */
export interface CallFacts {
  readonly filters: readonly ClientFilter[];
  readonly method: ContractMethod;
  readonly oneWay: boolean;
  readonly fiber: FiberContext | undefined;
  readonly signal: AbortSignal | undefined;
  readonly sender: FilteredSender;
}

/** What the caller asked for; filters may change it. */
export interface CallWishes {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
  readonly idempotent?: boolean | undefined;
  readonly priority?: Priority | undefined;
}

/** Runs the filters around one call: its response, or what it failed with. */
export function runFilteredCall(facts: CallFacts, request: unknown, wishes: CallWishes): Promise<unknown> {
  const idempotent = wishes.idempotent ?? facts.method.reads;
  return new FilteredCall(facts, 0, undefined, request, { ...wishes, idempotent }).run();
}

export class FilteredCall implements ClientCall {
  readonly request: unknown;
  timeoutMs: number | undefined;
  idempotent: boolean;
  priority: Priority | undefined;
  replyMetadata: ReadonlyMap<string, string> | undefined = undefined;
  readonly #facts: CallFacts;
  readonly #at: number;
  readonly #outer: FilteredCall | undefined;
  /** Its own once somebody asks; until then the outer one's, which only that may change, before its `next`. */
  #metadata: Readonly<Record<string, string>> | undefined;
  #ownsMetadata = false;

  constructor(
    facts: CallFacts,
    at: number,
    outer: FilteredCall | undefined,
    request: unknown,
    wishes: CallWishes & { readonly idempotent: boolean },
  ) {
    this.#facts = facts;
    this.#at = at;
    this.#outer = outer;
    this.request = request;
    this.timeoutMs = wishes.timeoutMs;
    this.idempotent = wishes.idempotent;
    this.priority = wishes.priority;
    this.#metadata = wishes instanceof FilteredCall ? wishes.#copiedMetadata() : wishes.metadata;
  }

  /** Never throws. */
  run(): Promise<unknown> {
    const filter = this.#facts.filters[this.#at];
    try {
      if (filter !== undefined) return returnedPromise(filter(this, (changed) => this.#next(changed)));
      // An answer without pairs tells of none.
      this.replied(undefined);
      return returnedPromise(this.#facts.sender.send(this));
    } catch (reason) {
      return thrownPromise(reason);
    }
  }

  get service(): string {
    return this.#facts.method.service;
  }

  get method(): string {
    return this.#facts.method.method;
  }

  get fullName(): string {
    return this.#facts.method.fullName;
  }

  get oneWay(): boolean {
    return this.#facts.oneWay;
  }

  get fiber(): FiberContext | undefined {
    return this.#facts.fiber;
  }

  get signal(): AbortSignal | undefined {
    return this.#facts.signal;
  }

  get metadata(): Record<string, string> {
    if (!this.#ownsMetadata) {
      this.#metadata = { ...this.#metadata };
      this.#ownsMetadata = true;
    }
    return this.#metadata as Record<string, string>;
  }

  /** For the sender: what goes along; undefined: nothing. */
  get metadataIfAny(): Readonly<Record<string, string>> | undefined {
    return this.#metadata;
  }

  /** For the sender: an answer came, and these pairs with it. All filters around it may look at them. */
  replied(pairs: ReadonlyMap<string, string> | undefined): void {
    for (let call: FilteredCall | undefined = this; call !== undefined; call = call.#outer) call.replyMetadata = pairs;
  }

  #next(changed: unknown): Promise<unknown> {
    const request = changed === undefined ? this.request : changed;
    return new FilteredCall(this.#facts, this.#at + 1, this, request, this).run();
  }

  /** For the filter inside: a filter may go on to change its own while what lies inside runs. */
  #copiedMetadata(): Readonly<Record<string, string>> | undefined {
    return this.#ownsMetadata ? { ...this.#metadata } : this.#metadata;
  }
}
