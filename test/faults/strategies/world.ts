// What the strategy fault tests share: a real server whose strategy files lie in a folder of the test's own.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { VersionReport } from '../../../dag/host/process-strategies.ts';
import type { StrategiesReport, StrategyReport } from '../../../dag/host/strategy-report.ts';
import type { Client, ConnectOptions } from '../../../net/client/connect.ts';
import type { StrategyQuestion } from '../../../runtime/strategies.ts';
import { eager, type Rig, startRig } from '../rig.ts';
import { Runs } from './services/contracts.ts';

/** Modules in strategy files stand by their whole paths: `${fixtures}/work.ts#echo`. */
export const fixtures = fileURLToPath(new URL('./services', import.meta.url));

export class StrategyFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-strategies-')));

  constructor(t: ExecutionContext, files: Readonly<Record<string, string>>) {
    t.teardown(() => rmSync(this.path, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** The key of heddle.yaml. */
  get yaml(): string {
    return `strategies: [ "${this.path}/*.yaml" ]`;
  }
}

export class StrategyRig implements AsyncDisposable {
  readonly rig: Rig;

  private constructor(rig: Rig) {
    this.rig = rig;
  }

  /** `pools`: those beside that of the service, `main`. */
  static async start(
    folder: StrategyFolder,
    { pools = '', threads = 1, more = '' }: { pools?: string; threads?: number; more?: string } = {},
  ): Promise<StrategyRig> {
    // Queues for 256 requests of five calls each.
    const yaml = `
io: { threads: 1, queue: 4096 }
pools: { main: { threads: ${threads} }${pools === '' ? '' : `, ${pools}`} }
services:
  strategies.Runs:
    module: ../strategies/services/runner.ts
    pool: main
    listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]
${folder.yaml}
${more}
`;
    return new StrategyRig(await startRig(yaml, { restart: eager }));
  }

  client(options: Partial<ConnectOptions> = {}): Client<typeof Runs> {
    return this.rig.client(Runs, { maxAttempts: 1, ...options });
  }

  ask<Answer>(question: StrategyQuestion): Promise<Answer> {
    return this.rig.server.strategies.ask(question) as Promise<Answer>;
  }

  async report(strategy: string): Promise<StrategyReport> {
    const { strategies } = await this.ask<StrategiesReport>({ ask: 'list' });
    return strategies.find(({ name }) => name === strategy)!;
  }

  async versionInUse(): Promise<number> {
    const { versions } = await this.ask<{ versions: VersionReport[] }>({ ask: 'history' });
    return versions.find(({ inUse }) => inUse)!.version;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.rig[Symbol.asyncDispose]() as Promise<void>;
  }
}
