// A heddle process of its own (stop-main.ts) for tests that end it or starve it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it has printed, line by line; standard error too. */
  readonly lines: string[];
  port(protocol: 'heddle' | 'http'): number;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** `prefix`: shell words before the program, such as `ulimit -n 128;`. */
export async function startChild(yaml: string, prefix = ''): Promise<Child> {
  const main = fileURLToPath(new URL('./stop-main.ts', import.meta.url));
  const child = spawn('/bin/sh', ['-c', `${prefix} exec "$0" "$@"`, process.execPath, main, yaml], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  createInterface(child.stderr!).on('line', (line) => lines.push(line));
  const output = createInterface(child.stdout!);
  const addresses = await new Promise<{ protocol: string; port: number }[]>((resolve, reject) => {
    output.on('line', (line) => {
      lines.push(line);
      if (line.startsWith('[')) resolve(JSON.parse(line));
    });
    void ended.then((how) => reject(new Error(`it ended before it listened (${how}): ${lines.join('\n')}`)));
  });
  return {
    process: child,
    lines,
    ended,
    port: (protocol) => addresses.find((one) => one.protocol === protocol)!.port,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
