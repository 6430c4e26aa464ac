// ListenerDispatcher: an IO thread's dispatcher as the connections of one listener see it: the services behind it, its
// limiters, what is copied from it and where it forwards.

import type { CallHead, ReplySink } from '../../runtime/call.ts';
import type { Dispatcher, ProtocolMethod } from '../../runtime/plugins/protocol.ts';
import { type LimitedCalls, limitedHandles } from '../limiters/limited-calls.ts';
import type { ListenerDoor } from '../traffic/listener-door.ts';
import { forwardHandles, type ThreadTraffic } from '../traffic/thread-traffic.ts';
import type { IoDispatcher } from './dispatcher.ts';

export class ListenerDispatcher implements Dispatcher {
  readonly #inner: IoDispatcher;
  readonly #services: ReadonlySet<string>;
  readonly #traffic: ThreadTraffic;
  readonly #door: ListenerDoor;
  readonly #limited: LimitedCalls | undefined;

  /** `index`: of the listener. `limited`: set where a service behind it has limiters. */
  constructor(
    inner: IoDispatcher,
    services: readonly string[],
    traffic: ThreadTraffic,
    index: number,
    limited?: LimitedCalls,
  ) {
    this.#inner = inner;
    this.#services = new Set(services);
    this.#traffic = traffic;
    this.#door = traffic.doors[index]!;
    this.#limited = limited;
  }

  get health(): string {
    const { forward } = this.#door;
    if (forward === undefined || !this.#inner.serving) return this.#inner.healthOf(this.#services);
    return forward.isUp ? 'ok' : 'down: forward target';
  }

  /** What is forwarded is known only by its target; a contract here says no more of it than that it reads. */
  method(service: string, method: string): ProtocolMethod | undefined {
    if (this.#door.forward !== undefined)
      return this.#inner.method(service, method)?.reads === true ? forwardedRead : forwardedCall;
    return this.#services.has(service) ? this.#inner.method(service, method) : undefined;
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    if (this.#door.isOpen) return this.#callAndCopy(service, method, head, sink, tag);
    return this.#callHere(service, method, head, sink, tag);
  }

  cancel(handle: number): void {
    if (handle >= forwardHandles) this.#traffic.cancel(handle);
    else if (handle >= limitedHandles) this.#limited?.cancel(handle);
    else this.#inner.cancel(handle);
  }

  #callHere(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    if (this.#services.has(service)) {
      if (this.#limited !== undefined) return this.#limited.call(service, method, head, sink, tag);
      return this.#inner.call(service, method, head, sink, tag);
    }
    return this.#inner.refuseUnknown(service, method, sink, tag, false);
  }

  /** The call itself first: its copies take no time from it. */
  #callAndCopy(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const { forward } = this.#door;
    // A copy has what came, not what this process's method makes of it.
    const { deadlineMs, flags } = head;
    const handle =
      forward === undefined
        ? this.#callHere(service, method, head, sink, tag)
        : forward.call(service, method, head, sink, tag);
    head.deadlineMs = deadlineMs;
    head.flags = flags;
    // Whoever can't reach a service here does not reach it behind a mirror either.
    if (forward !== undefined || this.#services.has(service)) this.#door.copyCall(service, method, head);
    return handle;
  }
}

// Of any size: the target says which of its replies are compressed, and is told what the caller takes.
const forwardedCall: ProtocolMethod = { reads: false, oneWay: false, compressAboveBytes: 1 };
const forwardedRead: ProtocolMethod = { ...forwardedCall, reads: true };
