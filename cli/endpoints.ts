// endpointsOf: which service is reached where, once the real ports are known.

import type { ListeningAddress } from '../net/server/server-options.ts';
import type { BindingSettings, Settings } from '../runtime/settings.ts';

/** One service at one address. */
export interface Endpoint {
  service: string;
  /** One of the server's own list. */
  address: ListeningAddress;
}

/** In the order of the config. */
export function endpointsOf(settings: Settings, addresses: readonly ListeningAddress[]): Endpoint[] {
  const written = new Set(settings.services.flatMap(({ listen }) => listen).map(keyOf));
  return settings.services.flatMap(({ name, listen }) => {
    const found = listen.map((binding) => addresses.find((address) => serves(address, binding, written)));
    return found.filter((address) => address !== undefined).map((address) => ({ service: name, address }));
  });
}

/** Port 0 became a port that nobody wrote down. */
function serves(address: ListeningAddress, binding: BindingSettings, written: ReadonlySet<string>): boolean {
  if (binding.port !== 0) return keyOf(address) === keyOf(binding);
  return address.protocol === binding.protocol && address.host === binding.host && !written.has(keyOf(address));
}

function keyOf({ protocol, host, port }: ListeningAddress): string {
  return `${protocol}://${host}:${port}`;
}

/** The address as a client on this machine writes it: one that stands for all interfaces becomes loopback. */
export function clientHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
