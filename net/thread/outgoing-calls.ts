// OutgoingCalls: calls that fibers of other threads make through this IO thread's connections. A call comes from the
// thread's own queue, goes out by the client's channel, and its reply goes back over the completion ring.

import type { CallReply, ReplySink } from '../../runtime/call.ts';
import type { Link } from '../../runtime/shared/link.ts';
import { isMine } from '../../runtime/shared/request-table.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { ClientChannel } from '../client/channel.ts';

interface OutgoingCall {
  link: Link;
  request: number;
  generation: number;
  channel: ClientChannel;
  handle: number;
}

/** Calls handed on in one turn before the event loop goes round. */
const callsPerTurn = 64;

export class OutgoingCalls implements ReplySink {
  readonly #endpoint: ThreadEndpoint;
  /** By the client's index in the config, which is what the queue's method number means here. */
  readonly #clients: readonly { name: string; channel: ClientChannel }[];
  /** By tag. As many as the channels let be in flight. */
  readonly #calls: (OutgoingCall | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(endpoint: ThreadEndpoint, clients: readonly { name: string; channel: ClientChannel }[]) {
    this.#endpoint = endpoint;
    this.#clients = clients;
  }

  get size(): number {
    return this.#calls.length - this.#free.length;
  }

  /** Hands on what other threads have put, bounded. True when there was something. */
  turn(): boolean {
    const taker = this.#endpoint.callTaker;
    if (taker === undefined) return false;
    let count = 0;
    while (count < callsPerTurn && !this.#endpoint.answerer.isFull) {
      const taken = taker.take(true, true);
      if (taken === undefined) break;
      this.#take(taken);
      count++;
    }
    return count > 0;
  }

  #take(taken: TakenRequest): void {
    const link = this.#endpoint.links.get(taken.asker);
    const client = this.#clients[taken.method];
    if (link === undefined || client === undefined) return;
    const { head, request, generation } = taken;
    const tag = this.#free.pop() ?? this.#calls.length;
    const call: OutgoingCall = { link, request, generation, channel: client.channel, handle: -1 };
    this.#calls[tag] = call;
    const method = head.source.toString('latin1', taken.nameStart, taken.nameEnd);
    // An answer that comes before this returns has freed the tag already.
    call.handle = client.channel.call(client.name, method, head, this, tag);
  }

  onReply(tag: number, reply: CallReply): void {
    const call = this.#calls[tag];
    if (call === undefined) return;
    this.#end(tag);
    this.#endpoint.answerer.reply(call.link.peer, call.request, call.generation, reply);
  }

  /** Some caller no longer wants its answer, or has died. */
  onCancels(): void {
    for (let tag = 0; tag < this.#calls.length; tag++) {
      const call = this.#calls[tag];
      if (call === undefined || call.handle < 0) continue;
      if (isMine(call.link.table, call.request, call.generation, this.#endpoint.number)) continue;
      this.#end(tag);
      call.channel.cancel(call.handle);
    }
  }

  #end(tag: number): void {
    this.#calls[tag] = undefined;
    this.#free.push(tag);
  }
}
