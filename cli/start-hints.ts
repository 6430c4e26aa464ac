// What `heddle start` adds to the reason of a failed start: what only the config knows, or what to type next.

import { formatAddress } from '../config/listeners.ts';
import type { Server } from '../index.ts';
import { loadingText } from '../net/server/loading-text.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { ServiceSettings, Settings } from '../runtime/settings.ts';

/** Names printed at most. */
const namedMax = 24;

/** The plugins and service modules of the pools that lost a thread before it was ready. */
export function modulesHint({ ioPool, cpuPools, plugins }: Server, settings: Settings): string | undefined {
  const { services, builtIn } = settings;
  const lost = [...cpuPools, ioPool].filter(({ lostAtStart }) => lostAtStart !== undefined).map(({ name }) => name);
  const kinds = new Set(lost.map((name) => (name === 'io' ? 'io' : 'cpu')));
  const known = new Set(builtIn.map(({ moduleUrl }) => moduleUrl));
  const all = [...kinds].flatMap((kind) => plugins.of(kind));
  const installed = new Set(all.filter(({ moduleUrl }) => !known.has(moduleUrl)));
  const own = [...installed, ...services.filter(({ pool }) => lost.includes(pool))];
  return loadingText(own);
}

/** The `--set` that listens on free ports, when one of the config's is taken. */
export function addressHint(reason: unknown, { services }: Settings): string | undefined {
  if (!(reason instanceof HeddleError) || (reason.cause as NodeJS.ErrnoException)?.code !== 'EADDRINUSE')
    return undefined;
  const listening = services.filter(({ listen }) => listen.length > 0);
  const same = listening.length === services.length && new Set(services.map(freeListen)).size === 1;
  const shown = same ? [`services.*.listen=${freeListen(services[0]!)}`] : listening.slice(0, namedMax).map(ownListen);
  // npm keeps what stands before two dashes to itself.
  const dashes = process.env.npm_lifecycle_event === 'start' ? '-- ' : '';
  return `Free ports instead: add ${dashes}${shown.map((set) => `--set '${set}'`).join(' ')}`;
}

function ownListen(service: ServiceSettings): string {
  return `services["${service.name}"].listen=${freeListen(service)}`;
}

/** `["heddle://127.0.0.1:0"]`: the same listeners, on ports that the system picks. */
function freeListen({ listen }: ServiceSettings): string {
  return JSON.stringify(listen.map((binding) => formatAddress({ ...binding, port: 0 })));
}
