// A server from an example's own config, as users start it, but on free ports, silent and without an admin.

import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { Server, type Settings } from '../../index.ts';

/**
 * `config`: `echo/heddle.yaml`, below examples/. `overrides`: as `--set`, on top of those. `change`: what no override can say.
 * The test's end stops it. Throws the problems of a config that has some.
 */
export async function serveExample(
  t: ExecutionContext,
  config: string,
  overrides: readonly string[] = [],
  change: (settings: Settings) => Settings = (settings) => settings,
): Promise<Server> {
  const { settings, problems } = readConfig({
    file: fileURLToPath(new URL(`../../examples/${config}`, import.meta.url)),
    overrides: ['admin.address=none', 'log.level=silent', ...overrides],
    environment: {},
  });
  if (settings === undefined) throw new Error(formatProblems(problems));
  for (const { listen } of settings.services) for (const binding of listen) binding.port = 0;
  const server = new Server(change(settings));
  t.teardown(() => server.stop());
  await server.start();
  return server;
}

export function portOf(server: Server, protocol: string): number {
  return server.addresses.find((address) => address.protocol === protocol)!.port;
}
