// RollRig: a real server whose service is written anew while it runs, and callers who hold every answer against its request.

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { readConfig } from '../../../../config/read-config.ts';
import { formatProblems } from '../../../../document/format-problems.ts';
import { type Client, type ConnectOptions, connect } from '../../../../net/client/connect.ts';
import type { PoolRoll, RollRequest } from '../../../../net/server/roller.ts';
import { Server } from '../../../../net/server/server.ts';
import type { ServerOptions } from '../../../../net/server/server-options.ts';
import type { Contract } from '../../../../net/service/contract.ts';
import type { Settings } from '../../../../runtime/settings.ts';
import type { ThreadPool } from '../../../../scheduler/thread-pool.ts';

/** A pool to roll, and another one. */
export function yaml({ threads = 2, more = '' } = {}): string {
  return `
io: { threads: 1 }
pools: { work: { threads: ${threads}, stallLimit: none }, side: { threads: 1, stallLimit: none } }
services:
  roll.Work: { module: ./work.mjs, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  roll.Side: { module: ./side.mjs, pool: side, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
${more}`;
}

/** What is lost is seen: no attempt hides another's failure. */
export const oneAttempt = { maxAttempts: 1, ejectAfter: 0, timeoutMs: 0 };

const url = (path: string): string => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);

export interface Written {
  /** Names; all alike. Default: `answer`. */
  methods?: string[];
  /** Runs when the module is loaded. */
  top?: string;
}

export class RollRig implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'heddle-roll-'));
  readonly server: Server;
  readonly #letGo = join(this.folder, 'let-go');
  readonly #notes = join(this.folder, 'notes');
  readonly #clients: AsyncDisposable[] = [];

  /** `yaml`: with services in ./work.mjs and ./side.mjs, which are at version 1. */
  constructor(t: ExecutionContext, yaml: string, options: ServerOptions = {}) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
    this.write(1);
    this.write(1, {}, 'Side');
    writeFileSync(this.#notes, '');
    writeFileSync(join(this.folder, 'noting.mjs'), notingPlugin(this.#notes));
    this.server = new Server(this.settings(yaml), options);
  }

  static async start(t: ExecutionContext, yaml: string, options: ServerOptions = {}): Promise<RollRig> {
    const rig = new RollRig(t, yaml, options);
    await rig.server.start();
    return rig;
  }

  settings(yaml: string): Settings {
    const overrides = /^log:/m.test(yaml) ? [] : ['log.level=silent'];
    if (!/^admin:/m.test(yaml)) overrides.push('admin.address=none');
    const config = readConfig({ file: join(this.folder, 'heddle.yaml'), text: yaml, overrides, environment: {} });
    if (config.settings === undefined) throw new Error(formatProblems(config.problems));
    return config.settings;
  }

  /** A service's module and the one that it imports, at this version. */
  write(version: number, { methods = ['answer'], top = '' }: Written = {}, name: 'Work' | 'Side' = 'Work'): void {
    const file = name.toLowerCase();
    const part = `${file}-part-${version}.mjs`;
    writeFileSync(join(this.folder, part), `export const part = ${version};\n`);
    const next = join(this.folder, `${file}.next`);
    writeFileSync(
      next,
      `import { existsSync } from 'node:fs';
import { service } from ${url('net/service/contract.ts')};
import { implement } from ${url('net/service/implement.ts')};
import { task } from ${url('runtime/fiber/task.ts')};
import { Side, Work } from ${url('test/net/server/roll/contracts.ts')};
import { part } from './${part}';
${top}
const letGo = ${JSON.stringify(this.#letGo)};
export const innerTask = task(import.meta.url, 'innerTask', () => ${version});
async function answer({ id, sleepMs, until, act }, fiber) {
  if (sleepMs > 0) await fiber.sleep(sleepMs);
  if (until === 'held') while (!existsSync(letGo)) await fiber.sleep(2);
  if (until === 'blocked') while (!existsSync(letGo));
  let inner = 0;
  if (act === 'call' || act === 'call-work') inner = (await fiber.call(Work.answer, { id })).version;
  if (act === 'call-side') inner = (await fiber.call(Side.answer, { id })).version;
  if (act === 'offload') inner = await fiber.offload(innerTask, undefined, { pool: 'work' });
  if (act === 'exit') process.exit(1);
  return { id, version: ${version}, part, inner };
}
const names = ${JSON.stringify(methods)};
const contract = service('roll.${name}', Object.fromEntries(names.map((name) => [name, Work.answer])));
export default implement(contract, Object.fromEntries(names.map((name) => [name, answer])));
`,
    );
    // At once and whole: a thread may be born at any time.
    renameSync(next, join(this.folder, `${file}.mjs`));
  }

  /** What the plugin ./noting.mjs has noted: when it was installed, drained and disposed, and on which CPU threads. */
  notes(): string[] {
    return readFileSync(this.#notes, 'utf8').split('\n').slice(0, -1);
  }

  /** Handlers that are held or blocked go on, those to come too. */
  letGo(): void {
    writeFileSync(this.#letGo, '');
  }

  holdAgain(): void {
    rmSync(this.#letGo, { force: true });
  }

  /** Names of the threads of pool `work`. */
  threads(): string[] {
    return [...this.pool.threads].map(({ name }) => name);
  }

  get pool(): ThreadPool {
    return this.server.cpuPools[0]!;
  }

  /** Rolls `work`, with other settings if they are given. */
  async roll(request: Partial<RollRequest> = {}): Promise<PoolRoll> {
    const [roll] = await this.server.roller.roll({
      settings: this.server.settingsInForce,
      pools: ['work'],
      ...request,
    });
    return roll!;
  }

  port(protocol: 'heddle' | 'http'): number {
    return this.server.addresses.find((one) => one.protocol === protocol)!.port;
  }

  client<Service extends Contract>(contract: Service, options: Partial<ConnectOptions> = {}): Client<Service> {
    const target = `heddle://127.0.0.1:${this.port('heddle')}`;
    const client = connect(contract, { target, ...oneAttempt, ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    await this.server.stop();
  }
}

function notingPlugin(notes: string): string {
  return `import { appendFileSync } from 'node:fs';
import { definePlugin } from ${url('runtime/plugin.ts')};
const note = (text) => appendFileSync(${JSON.stringify(notes)}, text + '\\n');
export default definePlugin({
  name: 'noting',
  threads: ['cpu'],
  install(host) {
    note('install ' + host.threadName);
    host.onDrain(() => note('drain ' + host.threadName));
    return () => note('dispose ' + host.threadName);
  },
});
`;
}
