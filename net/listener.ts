// Listener: an address that the acceptor listens on, and the services that answer there. A service that does not name it
// in its `listen` does not exist for those who call it there.

import type { CallHead, ReplySink } from '../runtime/call.ts';
import type { BindingSettings, Settings } from '../runtime/settings.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import type { IoDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './protocol/protocol.ts';

/** Plain data: goes to every IO thread. */
export interface Listener {
  binding: BindingSettings;
  services: string[];
}

/** Services that name one address share its listener, and only they answer there. */
export function listenersOf(settings: Settings): Listener[] {
  const byAddress = new Map<string, Listener>();
  for (const { name, listen } of settings.services) {
    for (const binding of listen) {
      // Port 0 is a free port: services that ask for one on the same host and protocol share it.
      const address = `${binding.protocol}://${binding.host}:${binding.port}`;
      const listener = byAddress.get(address);
      if (listener === undefined) byAddress.set(address, { binding, services: [name] });
      else listener.services.push(name);
    }
  }
  return [...byAddress.values()];
}

/** An IO thread's dispatcher, as one listener's connections see it. */
export class ListenerDispatcher implements Dispatcher {
  readonly #inner: IoDispatcher;
  readonly #services: ReadonlySet<string>;

  constructor(inner: IoDispatcher, services: readonly string[]) {
    this.#inner = inner;
    this.#services = new Set(services);
  }

  get health(): string {
    return this.#inner.healthOf(this.#services);
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
