// HttpThread: what all http connections of one IO thread share: the calls in flight, spare objects, the lines that all
// answers end their heads with.

import { type CallHead, type CallReply, emptyCallHead, noBytes, type ReplySink } from '../../../runtime/call.ts';
import type { ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import { SlotTable } from '../../../runtime/slot-table.ts';
import { OutboxPool } from '../outbox.ts';
import type { Exchange } from './exchange.ts';
import { HeadEnds } from './head-ends.ts';
import { KnownHeads } from './known-heads.ts';
import { callsMax, sparesMax } from './limits.ts';

export class HttpThread implements ReplySink {
  readonly host: ProtocolHost;
  readonly pool = new OutboxPool();
  readonly heads = new KnownHeads();
  readonly headEnds: HeadEnds;
  readonly #calls = new SlotTable<Exchange>(callsMax);
  readonly #spareHeads: CallHead[] = [];

  constructor(host: ProtocolHost) {
    this.host = host;
    this.headEnds = new HeadEnds(host.clock);
  }

  /** A head for one request, to be given back by `giveHead`. Holds what the last request left in it. */
  takeHead(): CallHead {
    return this.#spareHeads.pop() ?? emptyCallHead();
  }

  giveHead(head: CallHead): void {
    // It may be large, and its connection gone.
    head.source = noBytes;
    head.sender = undefined;
    if (this.#spareHeads.length < sparesMax) this.#spareHeads.push(head);
  }

  /**
   * Hands a call on; its reply reaches `exchange.owner`, perhaps before this returns. False, and nothing is done, when
   * no tag is free.
   */
  call(exchange: Exchange, service: string, method: string, head: CallHead): boolean {
    const tag = this.#calls.take(exchange);
    if (tag === -1) return false;
    exchange.tag = tag;
    exchange.handle = this.host.dispatcher.call(service, method, head, this, tag);
    return true;
  }

  /** Gives up a call that is in flight: its reply never comes. */
  cancel(exchange: Exchange): void {
    this.#calls.release(exchange.tag);
    if (exchange.handle !== -1) this.host.dispatcher.cancel(exchange.handle);
  }

  onReply(tag: number, reply: CallReply): void {
    const exchange = this.#calls.release(tag);
    exchange?.owner.answer(exchange, reply);
  }
}
