// startSpine: a real server in the test's process, from a few lines of YAML and the services of test/spine/services/. Its
// ports are free ones; a test gets typed clients and stops everything with `await using`.

import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { type Client, type ConnectOptions, connect } from '../../net/client/connect.ts';
import { Server } from '../../net/server/server.ts';
import type { Contract } from '../../net/service/contract.ts';

export interface Spine extends AsyncDisposable {
  readonly server: Server;
  /** `127.0.0.1:<port>` of the first listener of a protocol. */
  address(protocol: 'heddle' | 'http'): string;
  /** A typed client; closed with the spine. */
  client<Service extends Contract>(contract: Service, options?: Partial<ConnectOptions>): Client<Service>;
}

/** `yaml`: module paths relative to test/spine/services/. Logging is off unless the YAML turns it on. */
export async function startSpine(yaml: string): Promise<Spine> {
  const file = fileURLToPath(new URL('./services/heddle.yaml', import.meta.url));
  const overrides = /^log:/m.test(yaml) ? [] : ['log.level=silent'];
  if (!/^admin:/m.test(yaml)) overrides.push('admin.address=none');
  const config = readConfig({ file, text: yaml, overrides, environment: {} });
  if (config.settings === undefined) throw new Error(formatProblems(config.problems));
  const server = new Server(config.settings);
  await server.start();
  const clients: { close(): Promise<void> }[] = [];
  const address = (protocol: 'heddle' | 'http'): string => {
    const found = server.addresses.find((one) => one.protocol === protocol);
    if (found === undefined) throw new Error(`the spine has no ${protocol} listener`);
    return `${found.host}:${found.port}`;
  };
  return {
    server,
    address,
    client: (contract, options = {}) => {
      const client = connect(contract, { target: `heddle://${address('heddle')}`, ...options });
      clients.push({ close: async () => client[Symbol.asyncDispose]() });
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await server.stop();
    },
  };
}
