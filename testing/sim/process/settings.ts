// The settings of the simulated process: a heddle.yaml as a user might write it, so that everything the scenario does not
// speak of has its default.

import { readConfig } from '../../../config/read-config.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { sourceEnding } from '../modules.ts';
import { callMsMax, type Scenario } from './scenario.ts';

/** Where the process listens. */
export const listenAddress = { host: '10.0.0.1', port: 7_000 } as const;

export function settingsOf(scenario: Scenario): Settings {
  const { host, port } = listenAddress;
  const address = `heddle://${host}:${port}`;
  const { ioThreads, ioFibers, ioQueueLength, pools, maxConcurrency, maxRequests, stallLimitMs } = scenario;
  const last = pools.at(-1)!.name;
  const service = (name: string, pool: string) => ({
    module: `./service-${name}${sourceEnding}`,
    pool,
    listen: [address],
    ...(maxConcurrency > 0 && { maxConcurrency }),
  });
  const config = {
    io: { threads: ioThreads, maxFibers: ioFibers, maxNested: 4, queue: ioQueueLength },
    pools: Object.fromEntries(
      pools.map(({ name, threads, maxFibers, maxNested, queueLength }) => {
        const stalls = { stallWarning: `${stallLimitMs / 2}ms`, stallLimit: `${stallLimitMs}ms` };
        return [name, { threads, maxFibers, maxNested, queue: queueLength, timeout: '10s', ...stalls }];
      }),
    ),
    services: {
      'sim.A': service('a', 'a'),
      'sim.B': service('b', last),
      'sim.Io': service('io', 'io'),
      'sim.Far': service('far', 'a'),
    },
    clients: { 'sim.Far': { target: address, timeout: `${callMsMax}ms` } },
    limits: { requests: maxRequests },
  };
  const { settings, problems } = readConfig({
    file: new URL('heddle.yaml', import.meta.url).pathname,
    text: JSON.stringify(config),
    cores: 4,
  });
  if (settings === undefined) throw new Error(`the scenario has no settings: ${JSON.stringify(problems)}`);
  return settings;
}
