// ServerProcess: the server of a scenario in a process of its own, so that what it costs is its own, and is asked of itself:
// user and system time of all its threads, to the microsecond.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServedMessage } from './served.ts';

/** How long a server may take to listen or to answer, ms. */
const answerMaxMs = 60_000;
/** How long it may take to stop before it is killed, ms. */
const stopMaxMs = 10_000;

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts `script`, which calls serveBench. Rejects when it ends before it listens. */
  static async start(script: string, ...args: string[]): Promise<ServerProcess> {
    const child = fork(fileURLToPath(script), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    try {
      const { port } = await nextOf(child, script);
      return new ServerProcess(child, port!);
    } catch (reason) {
      child.kill('SIGKILL');
      throw reason;
    }
  }

  /** That it has used so far, µs. */
  async cpuUs(): Promise<number> {
    const answer = nextOf(this.#child, 'the server');
    this.#child.send('cpu');
    return (await answer).cpuUs!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
    await exited;
    clearTimeout(timer);
  }
}

function nextOf(child: ChildProcess, what: string): Promise<ServedMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<ServedMessage>();
  const onExit = (code: number | null): void => reject(new Error(`${what} has ended, with ${code}`));
  const timer = setTimeout(() => reject(new Error(`${what} said nothing within ${answerMaxMs} ms`)), answerMaxMs);
  child.once('message', resolve);
  child.once('exit', onExit);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', resolve);
    child.off('exit', onExit);
  });
}
