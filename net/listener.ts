// Listener: an address that the acceptor listens on, and the services that answer there. A service that does not name it
// in its `listen` does not exist for those who call it there.

import type { CallHead, ReplySink } from '../runtime/call.ts';
import type { BindingSettings } from '../runtime/settings.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import type { IoDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './protocol/protocol.ts';

/** Plain data: goes to every IO thread. */
export interface Listener {
  binding: BindingSettings;
  services: string[];
}

/** An IO thread's dispatcher, as one listener's connections see it. */
export class ListenerDispatcher implements Dispatcher {
  readonly #inner: IoDispatcher;
  readonly #services: ReadonlySet<string>;

  constructor(inner: IoDispatcher, services: readonly string[]) {
    this.#inner = inner;
    this.#services = new Set(services);
  }

  get serving(): boolean {
    return this.#inner.serving;
  }

  method(service: string, method: string): MethodRow | undefined {
    return this.#services.has(service) ? this.#inner.method(service, method) : undefined;
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    if (this.#services.has(service)) return this.#inner.call(service, method, head, sink, tag);
    return this.#inner.refuseUnknown(service, method, sink, tag, false);
  }

  cancel(handle: number): void {
    this.#inner.cancel(handle);
  }
}
