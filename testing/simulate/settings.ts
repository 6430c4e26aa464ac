// The settings of a simulated process: those of its heddle.yaml, with addresses of the simulated network.

import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { ClientSettings, Settings } from '../../runtime/settings.ts';
import type { Backend } from './backend.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where the process listens. */
export const ownAddress: Address = { host: '10.0.0.1', port: 7_000 };

const backendPort = 7_000;

/** Where the backend of that place in the list listens. */
export function backendAddress(place: number): Address {
  return { host: `10.1.${place >> 8}.${place & 255}`, port: backendPort };
}

export interface SettingsSource {
  config: string | URL;
  overrides: readonly string[];
  cores: number;
  backends: readonly Backend[];
}

/** Throws FAILED_PRECONDITION with all mistakes of the config, and for a backend that nobody calls. */
export function simulatedSettings({ config, overrides, cores, backends }: SettingsSource): Settings {
  const file = config instanceof URL || config.startsWith('file:') ? fileURLToPath(config) : config;
  const { host, port } = ownAddress;
  const own = [`services.*.listen=["heddle://${host}:${port}"]`, 'admin.address=none'];
  const { settings, problems } = readConfig({ file, overrides: [...overrides, ...own], cores });
  if (settings === undefined) throw new HeddleError('FAILED_PRECONDITION', formatProblems(problems), { retry: 'no' });
  if (settings.services.length === 0) {
    throw new HeddleError('FAILED_PRECONDITION', `${file} has no services: there is nothing to simulate`, {
      retry: 'no',
    });
  }
  const places = new Map(backends.map(({ service }, place) => [service, place]));
  for (const service of places.keys()) checkCalled(service, settings);
  const served = new Set(settings.services.map(({ name }) => name));
  return {
    ...settings,
    clients: settings.clients.map((client) => {
      const place = places.get(client.name);
      if (place !== undefined) return { ...plain(client), addresses: [backendAddress(place)] };
      // The process calls itself over sockets.
      return served.has(client.name) ? { ...plain(client), addresses: [ownAddress] } : client;
    }),
  };
}

/** Without what needs plugins. */
function plain({
  naming: _naming,
  compression: _name,
  compressAboveBytes: _bytes,
  ...rest
}: ClientSettings): ClientSettings {
  return rest;
}

function checkCalled(service: string, { clients, services }: Settings): void {
  if (clients.some(({ name }) => name === service)) return;
  const names = clients.map(({ name }) => name).join(', ') || 'none';
  const why = services.some(({ name }) => name === service)
    ? 'the process serves it itself; name it in `clients` if another process should'
    : `the clients of the config are: ${names}`;
  throw new HeddleError('FAILED_PRECONDITION', `nobody calls a backend of ${service}: ${why}`, { retry: 'no' });
}
