// The `heddle` command as the tests see it: a real process of the Node that runs the tests, its output and its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const bin = join(root, 'bin/heddle.js');
export const echoConfig = fileURLToPath(new URL('./fixtures/echo/heddle.yaml', import.meta.url));

export interface RunOptions {
  cwd?: string;
  /** On top of this process's own, without what npm and Heddle would read. */
  env?: Record<string, string>;
  /** Written to standard input. Default: nothing. */
  input?: string | Buffer;
  /** The script. Default: bin/heddle.js. */
  script?: string;
  /** Flags of Node. */
  flags?: string[];
  /** A process group of its own, as a shell gives a job. */
  ownGroup?: boolean;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Heddle {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #waiting: (() => void)[] = [];
  #over = false;

  constructor(
    args: readonly string[],
    { cwd, env, input = '', script = bin, flags = [], ownGroup = false }: RunOptions = {},
  ) {
    this.child = spawn(process.execPath, [...flags, script, ...args], {
      cwd: cwd ?? root,
      env: { ...ownEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(() => (this.stdout += text)));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(() => (this.stderr += text)));
    this.child.stdin?.on('error', () => {}).end(input);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.#hear(() => (this.#over = true));
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves once what it has written matches. Throws all of it when it ends first. */
  async until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this[stream]);
      if (found !== null) return found;
      if (this.#over) throw new Error(`it ended without ${pattern}: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #hear(change: () => void): void {
    change();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Runs a command to its end. */
export function heddle(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return new Heddle(args, options).ended;
}

export interface Started {
  process: Heddle;
  /** `heddle://127.0.0.1:40123`. */
  address: string;
  /** `http://127.0.0.1:40124`. */
  url: string;
}

/** Starts the echo service (or another config); `teardown` is given what kills it, if it still runs. */
export async function startHeddle(
  { teardown }: { teardown(end: () => void): void },
  args: readonly string[] = [],
  options: RunOptions & { config?: string } = {},
): Promise<Started> {
  // Not the default port, for which all processes of this machine compete.
  const admin = args.some((one) => one.startsWith('admin.')) ? [] : ['--set', 'admin.address=http://127.0.0.1:0'];
  const running = new Heddle(['start', options.config ?? echoConfig, ...admin, ...args], options);
  teardown(() => running.kill('SIGKILL'));
  await running.until('stdout', /Ctrl-C/);
  const [address] = await running.until('stdout', /heddle:\/\/127\.0\.0\.1:\d+/);
  const [url] = await running.until('stdout', /http:\/\/127\.0\.0\.1:\d+/);
  return { process: running, address, url };
}

/** A folder of its own, gone when the test is over. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** This process's, without what npm and Heddle would read. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|HEDDLE_|NODE_OPTIONS$)/.test(name));
  // The same sources again and again, in some eighty processes: Node's own cache halves their start. It spoils coverage.
  const cache = process.env.NODE_V8_COVERAGE === undefined ? { NODE_COMPILE_CACHE: join(root, '.cache/compile') } : {};
  // Many run at once: none may get the default port of the admin.
  return { ...Object.fromEntries(own), ...cache, HEDDLE_ADMIN__ADDRESS: 'http://127.0.0.1:0' };
}
