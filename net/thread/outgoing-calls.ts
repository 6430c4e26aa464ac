// OutgoingCalls: calls that fibers of other threads make through this IO thread's connections. A call comes from the
// thread's own queue, goes out by the client's channel, and its reply goes back over the completion ring.

import type { CallReply, ReplySink } from '../../runtime/call.ts';
import type { Link } from '../../runtime/shared/link.ts';
import { isMine } from '../../runtime/shared/request-table.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { ClientChannel } from '../client/channel.ts';
import { RouteNames } from '../protocol/heddle/route-names.ts';

/** One call under way; the object is used again for the next one under its tag. */
class OutgoingCall {
  /** The caller's. */
  link: Link | undefined = undefined;
  request = 0;
  generation = 0;
  /** Undefined, as the link: the tag is free. */
  channel: ClientChannel | undefined = undefined;
  handle = -1;
}

/** Calls handed on in one turn before the event loop goes round. */
const callsPerTurn = 64;

export class OutgoingCalls implements ReplySink {
  readonly #endpoint: ThreadEndpoint;
  /** By the client's index in the config, which is what the queue's method number means here. */
  readonly #clients: readonly { name: string; channel: ClientChannel }[];
  /** By tag. As many as the channels let be in flight. */
  readonly #calls: OutgoingCall[] = [];
  readonly #free: number[] = [];
  /** So that a method's name is made a string once. */
  readonly #names = new RouteNames();

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
    const tag = this.#free.pop() ?? this.#calls.push(new OutgoingCall()) - 1;
    const call = this.#calls[tag]!;
    call.link = link;
    call.request = request;
    call.generation = generation;
    call.channel = client.channel;
    call.handle = -1;
    const { method } = this.#names.find(head.source, taken.nameStart, taken.nameStart, taken.nameEnd);
    // An answer that comes before this returns has freed the tag already; nothing else has taken it by then.
    call.handle = client.channel.call(client.name, method, head, this, tag);
  }

  onReply(tag: number, reply: CallReply): void {
    const call = this.#calls[tag];
    if (call?.channel === undefined) return;
    const { peer } = call.link!;
    this.#end(tag, call);
    this.#endpoint.answerer.reply(peer, call.request, call.generation, reply);
  }

  /** Some caller no longer wants its answer, or has died. */
  onCancels(): void {
    for (let tag = 0; tag < this.#calls.length; tag++) {
      const call = this.#calls[tag]!;
      const { channel } = call;
      if (channel === undefined || call.handle < 0) continue;
      if (isMine(call.link!.table, call.request, call.generation, this.#endpoint.number)) continue;
      this.#end(tag, call);
      channel.cancel(call.handle);
    }
  }

  #end(tag: number, call: OutgoingCall): void {
    call.channel = undefined;
    // Of a thread that may die before the record is used again: it must not hold its memory.
    call.link = undefined;
    this.#free.push(tag);
  }
}
