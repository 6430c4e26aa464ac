// OneWayPut: puts requests whose answer nobody waits for. The caller is told once, when the request stands in its queue:
// an empty reply, or the refusal. What comes later (the handler's own end, also a failure) is only counted, and tells that
// its connection has one less under way.

import {
  type CallHead,
  type CallReply,
  type CallSender,
  callFlags,
  emptyCallReply,
  type ReplySink,
} from '../../runtime/call.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';

/** What a one-way caller gets once its request was handed on. Nobody may change it. */
export const handedOn: CallReply = emptyCallReply();

export class OneWayPut implements ReplySink {
  readonly #endpoint: ThreadEndpoint;
  /** Set while a request is being put: a refusal comes before that returns. */
  #caller: ReplySink | undefined;
  #callerTag = 0;
  /** Of requests that stand in a queue or run, by the tag that the endpoint knows them by. As many as its table holds. */
  readonly #senders: (CallSender | undefined)[] = [];
  readonly #freeTags: number[] = [];

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
  }

  /** As ThreadEndpoint.put. There is nothing to cancel: always -1. */
  put(route: Route, head: CallHead, sink: ReplySink, tag: number): -1 {
    this.#caller = sink;
    head.flags |= callFlags.oneWay;
    const own = this.#freeTags.pop() ?? this.#senders.length;
    const { sender } = head;
    this.#senders[own] = sender;
    this.#callerTag = tag;
    const handle = this.#endpoint.put(route, head, undefined, this, own);
    this.#caller = undefined;
    if (handle < 0) {
      this.#free(own);
      return -1;
    }
    if (sender !== undefined) sender.oneWay++;
    sink.onReply(tag, handedOn);
    return -1;
  }

  onReply(own: number, reply: CallReply): void {
    if (this.#caller !== undefined) {
      this.#caller.onReply(this.#callerTag, reply);
      return;
    }
    const sender = this.#senders[own];
    if (sender !== undefined) sender.oneWay--;
    this.#free(own);
  }

  #free(own: number): void {
    this.#senders[own] = undefined;
    this.#freeTags.push(own);
  }
}
