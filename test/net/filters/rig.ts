// A real server with the filter tests' services; paths are relative to fixtures/.

import { fileURLToPath } from 'node:url';
import { readConfig } from '../../../config/read-config.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { type Client, type ConnectOptions, type Contract, connect, Server } from '../../../index.ts';
import type { Settings } from '../../../runtime/settings.ts';

export function settingsOf(yaml: string): Settings {
  const file = fileURLToPath(new URL('./fixtures/heddle.yaml', import.meta.url));
  const overrides = ['log.level=silent', 'admin.address=none'];
  const config = readConfig({ file, text: yaml, overrides, environment: {} });
  if (config.settings === undefined) throw new Error(formatProblems(config.problems));
  return config.settings;
}

export class Running implements AsyncDisposable {
  readonly server: Server;
  readonly #clients: AsyncDisposable[] = [];

  constructor(yaml: string) {
    this.server = new Server(settingsOf(yaml));
  }

  port(protocol: string): number {
    return this.server.addresses.find((one) => one.protocol === protocol)!.port;
  }

  client<Service extends Contract>(contract: Service, options: Partial<ConnectOptions> = {}): Client<Service> {
    const client = connect(contract, { target: `heddle://127.0.0.1:${this.port('heddle')}`, ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    await this.server.stop();
  }
}

export async function start(yaml: string): Promise<Running> {
  const running = new Running(yaml);
  await running.server.start();
  return running;
}
