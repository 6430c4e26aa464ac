// Child: a process that is asked one thing at a time over its IPC channel: a server or a client of a scenario. The process
// ends by itself when this one is gone, since its channel then closes.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How long a process may take to start or to answer, unless more is allowed, ms. */
export const answerMaxMs = 60_000;
/** How long it may take to stop before it is killed, ms. */
const stopMaxMs = 10_000;
/** Of what it wrote to stderr, for the sentence that says why it has ended, UTF-16 units. */
const stderrMax = 2_000;

export class Child implements AsyncDisposable {
  /** For error sentences: `server of moleculer`. */
  readonly #what: string;
  readonly #process: ChildProcess;
  #stderr = '';

  /**
   * `script`: a file: URL. Its environment says NODE_ENV=production, as every peer's documentation wants it. `flags`: of Node,
   * over those of this process.
   */
  constructor(what: string, script: string, args: readonly string[], flags: readonly string[] = []) {
    this.#what = what;
    this.#process = fork(fileURLToPath(script), args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
      execArgv: [...process.execArgv, ...flags],
    });
    // Heard by `ask` too; between two questions it must not end this process.
    this.#process.on('error', () => {});
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrMax);
    });
  }

  /** The next message, after `question` was sent, if there is one. Rejects when the process ends or says nothing in time. */
  async ask(question: object | undefined, maxMs = answerMaxMs): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const child = this.#process;
    const onExit = (code: number | null, signal: string | null): void =>
      reject(
        new Error(`the ${this.#what} has ended, with ${code ?? signal}${this.#stderr && `: ${this.#stderr.trim()}`}`),
      );
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
    const timer = setTimeout(
      () =>
        reject(
          new Error(`the ${this.#what} said nothing within ${maxMs} ms${this.#stderr && `: ${this.#stderr.trim()}`}`),
        ),
      maxMs,
    );
    child.once('message', resolve);
    child.once('error', reject);
    // Once its stderr has been read to the end.
    child.once('close', onExit);
    if (question !== undefined && child.connected) child.send(question);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      child.off('message', resolve);
      child.off('error', reject);
      child.off('close', onExit);
    }
  }

  /** Lets it stop, and kills it when that takes long. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, 'exit');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
    await exited;
    clearTimeout(timer);
  }

  /** At once: after a failure it may not be able to stop. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this[Symbol.asyncDispose]();
  }
}
