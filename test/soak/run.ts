// `npm run soak -- --minutes N`: every fault, mixed, against a whole service, for as long as wanted.
//
// 1. The service starts under its guardian, and the backend.
// 2. First part (two fifths of the time): all faults. Those that end the service process stop at its middle, so that the last
//    process has lived through all others before it is measured.
// 3. Rest: no load, no faults, no connection. What the process holds now is the measure.
// 4. Second part: all faults but those.
// 5. Rest again: what is held now and was not before is leaked. The service is stopped, which must end well.
// 6. The table; exit code 0 when every call was answered right, failed as a fault explains, and nothing leaked.

import { readdirSync } from 'node:fs';
import { seededRandom } from '../../runtime/clock.ts';
import { SoakClients } from './clients.ts';
import { readCommandLine, type SoakOptions } from './command-line.ts';
import { outgoingConnections } from './config.ts';
import type { Holdings, Role } from './control.ts';
import type { Scene } from './faults/fault.ts';
import { holdingsText, leaksOf } from './leaks.ts';
import { Ledger } from './ledger.ts';
import { startLoads } from './loads.ts';
import { injectAll } from './plan.ts';
import { freePorts, Processes } from './processes.ts';
import { isGood, progressText, reportText } from './report.ts';

const firstShare = 0.4;
const progressEveryMs = 5_000;
/** How long a process may take to come to rest, ms. */
const restWithinMs = 30_000;
/** Calls that never settle are given up this long after the loads were told to stop, ms. */
const settleWithinMs = 40_000;
/** Listeners (5, the admin's with them), control channel, and the pipe to the guardian; and one to spare. */
const serviceSocketsMax = 8 + outgoingConnections;
/** Listener, control channel, what the service's fibers have open; and one to spare. */
const backendSocketsMax = 3 + outgoingConnections;

class SoakRun {
  readonly ledger = new Ledger();
  readonly leaks: string[] = [];
  readonly #options: SoakOptions;
  readonly #signal: AbortSignal;
  readonly #startMs = performance.now();
  #part = 'starting';

  constructor(options: SoakOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { seed, minutes, faults } = this.#options;
    await using processes = new Processes(await freePorts(), seed, (role) => this.#onDeath(role));
    const killAll = (): void => processes.killNow();
    process.once('exit', killAll);
    const sweeping = setInterval(() => this.ledger.sweep(), 1_000);
    const telling = setInterval(() => this.#tell(), progressEveryMs);
    try {
      await processes.start();
      const files = openFiles();
      const totalMs = minutes * 60_000;
      const ends = faults.filter(({ endsProcess }) => endsProcess);
      const others = faults.filter(({ endsProcess }) => !endsProcess);
      const before = await this.#runPart('first part', processes, seed, async (scene) => {
        const partMs = totalMs * firstShare;
        await Promise.all([
          injectAll(ends, scene, seed, partMs / 2, this.#signal),
          injectAll(others, scene, seed, partMs, this.#signal),
        ]);
      });
      const after = await this.#runPart('second part', processes, seed + 1, (scene) =>
        injectAll(others, scene, seed + 1, totalMs * (1 - firstShare), this.#signal),
      );
      this.#part = 'stopping';
      this.#judge('service', before[0], after[0], serviceSocketsMax);
      this.#judge('backend', before[1], after[1], backendSocketsMax);
      if (openFiles() > files) this.leaks.push(`runner: ${openFiles()} files are open, ${files} were before`);
      const end = await processes.stopService();
      if (end !== 0) this.ledger.fail(`the service stopped with ${end}:\n${processes.lines.join('\n')}`);
    } finally {
      clearInterval(sweeping);
      clearInterval(telling);
      if (!isGood(this)) {
        processes.keepsLog = true;
        print(`the log of the service's last minutes is kept: ${processes.logFile}`);
      }
      process.off('exit', killAll);
    }
  }

  /** Load and faults, then rest; resolves with what service and backend hold then. */
  async #runPart(
    name: string,
    processes: Processes,
    seed: number,
    inject: (scene: Scene) => Promise<void>,
  ): Promise<(Holdings | undefined)[]> {
    this.#part = name;
    const { ledger } = this;
    {
      await using clients = new SoakClients(processes.ports);
      const stopLoads = startLoads(clients, ledger, seededRandom(seed));
      await inject({ clients, ledger, processes, logFile: processes.logFile });
      this.#part = `${name}, settling`;
      await Promise.race([stopLoads(), later(settleWithinMs)]);
    }
    this.#part = `${name}, at rest`;
    return Promise.all(
      (['service', 'backend'] as const).map(async (role) => {
        // The service's fibers keep their connections to the backend.
        const connectionsMax = role === 'service' ? 0 : outgoingConnections;
        const rest = { do: 'rest', withinMs: restWithinMs, connectionsMax } as const;
        const holdings = (await processes.remote(role)?.ask(rest)) as Holdings | undefined;
        if (holdings !== undefined) print(holdingsText(`${name}, ${role}`, holdings));
        return holdings;
      }),
    );
  }

  #judge(name: Role, before: Holdings | undefined, after: Holdings | undefined, socketsMax: number): void {
    if (before === undefined || after === undefined) {
      this.ledger.fail(`${name}: it was not there to say what it holds`);
      return;
    }
    for (const what of before.restless) this.leaks.push(`${name}, at the first rest: ${what}`);
    this.leaks.push(...leaksOf(name, before, after, socketsMax));
  }

  #onDeath(role: Role): void {
    const isMeant = this.#part === 'stopping' || this.ledger.isOpen(role === 'service' ? 'process' : 'backend');
    if (!isMeant) this.ledger.fail(`the ${role} process ended, and nobody had ended it`);
  }

  #tell(): void {
    print(progressText(this.ledger, performance.now() - this.#startMs, this.#part));
  }

  get ranMs(): number {
    return performance.now() - this.#startMs;
  }
}

async function main(): Promise<number> {
  const options = readCommandLine(process.argv.slice(2), Date.now() % 1_000_000);
  if ('text' in options) {
    print(options.text);
    return options.isMistake ? 2 : 0;
  }
  const { seed, again, minutes, faults } = options;
  const early = new AbortController();
  let interrupts = 0;
  process.on('SIGINT', () => {
    if (++interrupts > 1) process.exit(130);
    print('ending early; once more ends at once');
    early.abort();
  });
  print(`soak: ${minutes} min, ${faults.length} kinds of faults, seed ${seed}`);
  const run = new SoakRun(options, early.signal);
  try {
    await run.run();
  } catch (reason) {
    run.ledger.fail(`the run broke off: ${reason instanceof Error ? reason.stack : reason}`);
  }
  const outcome = { ledger: run.ledger, leaks: run.leaks, seed, again, ranMs: run.ranMs };
  print(reportText(outcome));
  return isGood(outcome) ? 0 : 1;
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exit(await main());
