// Processes: the soak runner's two processes under test: the service under its guardian, and the backend. Each has a
// process group of its own, so that a Ctrl-C at the runner's terminal reaches the runner alone.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../helpers/free-port.ts';
import { backendConfig, type Ports, serviceConfig } from './config.ts';
import { Control, type Remote, type Role } from './control.ts';

/** Lines of each process's standard error that are kept. */
const linesKept = 40;
/** The service's files may have so many blocks of 512 bytes: its log alone comes near it. */
const fileBlocksMax = 8_192;
const startWithinMs = 60_000;
/** `stop.timeout` and something more. */
const stopWithinMs = 20_000;

export class Processes implements AsyncDisposable {
  readonly ports: Ports;
  readonly logFile: string;
  /** Standard error of both, the last lines. */
  readonly lines: string[] = [];
  /** The log outlives the run. */
  keepsLog = false;
  readonly #control: Control;
  readonly #folder: string;
  readonly #seed: number;
  readonly #children = new Map<Role, ChildProcess>();
  /** Told of the next process to come up, or that none will. */
  readonly #awaited = new Map<Role, Set<(remote: Remote | undefined) => void>>();
  readonly #onDeath: (role: Role) => void;
  #controlPort = 0;

  /** `onDeath`: a process has gone, as planned or not. */
  constructor(ports: Ports, seed: number, onDeath: (role: Role) => void) {
    this.ports = ports;
    this.#seed = seed;
    this.#onDeath = onDeath;
    this.#folder = mkdtempSync(join(tmpdir(), 'heddle-soak-'));
    this.logFile = join(this.#folder, 'log');
    this.#control = new Control(
      (role, remote) => this.#tell(role, remote),
      (role) => this.#onDeath(role),
    );
  }

  async start(): Promise<void> {
    this.#controlPort = await this.#control.listen();
    writeFileSync(this.#configFile('service'), serviceConfig(this.ports, this.logFile));
    writeFileSync(this.#configFile('backend'), backendConfig(this.ports));
    const both = [this.next('service', startWithinMs), this.next('backend', startWithinMs)];
    this.#spawn('service', `ulimit -f ${fileBlocksMax};`);
    this.startBackend();
    await Promise.all(both);
  }

  remote(role: Role): Remote | undefined {
    return this.#control.remote(role);
  }

  /** Resolves with the next process of that role to come up. */
  next(role: Role, withinMs: number): Promise<Remote> {
    return new Promise((resolve, reject) => {
      const fail = (how: string): void => reject(new Error(`the ${role} ${how}:\n${this.lines.join('\n')}`));
      const timer = setTimeout(() => fail(`was not up within ${withinMs} ms`), withinMs);
      const hear = (remote: Remote | undefined): void => {
        clearTimeout(timer);
        if (remote === undefined) fail('ended');
        else resolve(remote);
      };
      const all = this.#awaited.get(role);
      if (all === undefined) this.#awaited.set(role, new Set([hear]));
      else all.add(hear);
    });
  }

  startBackend(): void {
    this.#spawn('backend', '');
  }

  signalBackend(signal: NodeJS.Signals): void {
    this.#children.get('backend')?.kill(signal);
  }

  async killBackend(): Promise<void> {
    const child = this.#children.get('backend');
    if (child === undefined || !child.kill('SIGKILL')) return;
    await once(child, 'exit');
  }

  /** Asks the guardian to stop; resolves with the exit code, or what came instead of one. */
  async stopService(): Promise<number | string> {
    const child = this.#children.get('service')!;
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    child.kill('SIGTERM');
    const timeout = new Promise<string>((resolve) => {
      setTimeout(() => resolve(`nothing within ${stopWithinMs} ms`), stopWithinMs).unref();
    });
    return Promise.race([ended, timeout]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killNow();
    this.#control[Symbol.dispose]();
    if (!this.keepsLog) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Both process groups, at once. */
  killNow(): void {
    for (const { pid } of this.#children.values()) {
      try {
        if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      } catch {
        // All of it has ended.
      }
    }
  }

  #tell(role: Role, remote: Remote | undefined): void {
    const all = this.#awaited.get(role) ?? [];
    this.#awaited.delete(role);
    for (const hear of all) hear(remote);
  }

  #configFile(role: Role): string {
    return join(this.#folder, `${role}.yaml`);
  }

  #spawn(role: Role, prefix: string): void {
    const main = fileURLToPath(new URL('./process-main.ts', import.meta.url));
    const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc'];
    const words = [...flags, main, role, String(this.#controlPort), this.#configFile(role), String(this.#seed)];
    const child = spawn('/bin/sh', ['-c', `${prefix} exec "$0" "$@"`, process.execPath, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'heddle-test-compile-cache') },
    });
    this.#children.set(role, child);
    child.once('exit', () => this.#tell(role, undefined));
    createInterface(child.stderr!).on('line', (line) => {
      this.lines.push(`${role}: ${line}`);
      if (this.lines.length > linesKept) this.lines.shift();
    });
  }
}

/** Ports that nobody listens on: known before the first start, since every process after a death takes them again. */
export async function freePorts(): Promise<Ports> {
  const names = ['heddle', 'http', 'roughHeddle', 'roughHttp', 'admin', 'far'] as const;
  const ports = {} as Ports;
  for (const name of names) ports[name] = await freePort();
  return ports;
}
