// Listener: an address that the acceptor listens on, and the services that answer there. A service that does not name it
// in its `listen` does not exist for those who call it there.

import type { BindingSettings, Settings } from '../../runtime/settings.ts';

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
