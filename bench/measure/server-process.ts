// ServerProcess: the server of a scenario in a process of its own, so that what it costs is its own, and is asked of itself:
// user and system time of all its threads, to the microsecond.

import { Child } from './child.ts';
import type { ServedMessage, Usage } from './served.ts';

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts `script`, a file: URL, which calls serveBench. Rejects when it ends before it listens. */
  static start(script: string, ...args: string[]): Promise<ServerProcess> {
    return ServerProcess.named('server', script, ...args);
  }

  /** `what`: for error sentences. */
  static async named(what: string, script: string, ...args: string[]): Promise<ServerProcess> {
    const child = new Child(what, script, args);
    try {
      const { port } = (await child.ask(undefined)) as ServedMessage;
      return new ServerProcess(child, port!);
    } catch (reason) {
      await child.kill();
      throw reason;
    }
  }

  /** What it has used so far. */
  async usage(): Promise<Usage> {
    return (await this.#child.ask({ bench: 'usage' })) as Usage;
  }

  /** That it has used so far, µs. */
  async cpuUs(): Promise<number> {
    return (await this.usage()).cpuUs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }

  /** See Child. */
  kill(): Promise<void> {
    return this.#child.kill();
  }
}
