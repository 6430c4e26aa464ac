// readyText: what `heddle start` prints once it serves: that it does, where, and three commands to paste. A pure function
// of what the server knows.

import { formatHostPort } from '../config/addresses.ts';
import type { ListeningAddress } from '../net/server/server-options.ts';
import { packageVersion } from '../runtime/package-version.ts';
import type { Settings } from '../runtime/settings.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { exampleCommands } from './example-commands.ts';

/** Ends in an empty line, so that what follows stands apart. */
export function readyText(
  settings: Settings,
  addresses: readonly ListeningAddress[],
  methods: readonly MethodRow[],
  threads: number,
  tookMs: number,
  admin: string | undefined,
): string {
  const endpoints = endpointsOf(settings, addresses);
  const services = count(settings.services.length, 'service');
  const lines = [
    `heddle ${packageVersion()} is ready: ${services} on ${count(threads, 'thread')} after ${tookMs} ms (pid ${process.pid}, Node ${process.version})`,
  ];
  if (addresses.length === 0) lines.push('it listens nowhere: no service has a `listen`');
  else lines.push('', 'Listening:', ...listeningLines(addresses, endpoints));
  if (admin !== undefined) lines.push('', `Admin: ${admin} (${adminCommands(settings, admin)})`);
  const commands = exampleCommands(endpoints, methods);
  if (commands.length > 0) lines.push('', 'Try:', ...commands.map((line) => `  ${line}`));
  lines.push('', 'Ctrl-C finishes what runs, then stops.', '');
  return `${lines.join('\n')}\n`;
}

/** Where the port of the config was taken, the commands have to be told. */
function adminCommands({ admin }: Settings, address: string): string {
  const { port } = new URL(address);
  if (admin !== undefined && admin.port === Number(port)) return 'heddle top, heddle admin';
  return `heddle top ${port}, heddle admin --address ${port}`;
}

function listeningLines(addresses: readonly ListeningAddress[], endpoints: readonly Endpoint[]): string[] {
  const urls = addresses.map((address) => `${address.protocol}://${formatHostPort(address)}`);
  const width = Math.max(...urls.map((url) => url.length));
  return addresses.map((address, index) => {
    const names = endpoints.filter((endpoint) => endpoint.address === address).map(({ service }) => service);
    return `  ${urls[index]!.padEnd(width)}  ${names.join(', ')}`;
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
