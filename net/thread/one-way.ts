// OneWayPut: puts requests whose answer nobody waits for. The caller is told once, when the request stands in its queue:
// an empty reply, or the refusal. What comes later (the handler's own end, also a failure) is only counted.

import { type CallHead, type CallReply, callFlags, emptyCallReply, type ReplySink } from '../../runtime/call.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';

/** What a one-way caller gets once its request was handed on. Nobody may change it. */
export const handedOn: CallReply = emptyCallReply();

export class OneWayPut implements ReplySink {
  readonly #endpoint: ThreadEndpoint;
  /** Set while a request is being put: a refusal comes before that returns. */
  #caller: ReplySink | undefined;

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
  }

  /** As ThreadEndpoint.put. There is nothing to cancel: always -1. */
  put(route: Route, head: CallHead, sink: ReplySink, tag: number): -1 {
    this.#caller = sink;
    head.flags |= callFlags.oneWay;
    const handle = this.#endpoint.put(route, head, undefined, this, tag);
    this.#caller = undefined;
    if (handle >= 0) sink.onReply(tag, handedOn);
    return -1;
  }

  onReply(tag: number, reply: CallReply): void {
    this.#caller?.onReply(tag, reply);
  }
}
