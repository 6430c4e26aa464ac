// RecordedServer: the server of a scenario in a process of its own that can be looked into: what each of its threads
// computes and allocates, and profiles of all threads at once. The recorder (recorder.ts) answers there.

import { Child } from '../measure/child.ts';
import type { RecordedThread, RecorderAnswer, RecorderOrder } from './recorder.ts';

/** What was used while something went on. */
export interface Used {
  /** By the process, all threads, µs. */
  readonly cpuUs: number;
  /** Those that were there all the time. */
  readonly threads: readonly UsedByThread[];
}

export interface UsedByThread {
  readonly name: string;
  readonly cpuUs: number;
  /** In its JavaScript heap; undefined: main's, or this Node does not count it. */
  readonly allocatedBytes: number | undefined;
}

export class RecordedServer implements AsyncDisposable {
  readonly #child: Child;
  /** Of its process, on loopback. */
  readonly port: number;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts `script`, a file: URL, which calls serveBench, with Node's `flags`. Rejects when it ends before it listens. */
  static async start(script: string, args: readonly string[], flags: readonly string[]): Promise<RecordedServer> {
    const child = new Child('server', script, args, ['--import', import.meta.resolve('./recorder.ts'), ...flags]);
    try {
      const { port } = (await child.ask(undefined)) as { port: number };
      return new RecordedServer(child, port);
    } catch (reason) {
      await child.kill();
      throw reason;
    }
  }

  async used(step: () => Promise<unknown>): Promise<Used> {
    const before = await this.#ask({ record: 'counts' });
    await step();
    const after = await this.#ask({ record: 'counts' });
    const threads = after.threads.flatMap(({ name, cpuUs, allocatedBytes: bytes }) => {
      const earlier = before.threads.find((thread) => thread.name === name);
      if (earlier === undefined) return [];
      const allocatedBytes = bytes === undefined ? undefined : bytes - earlier.allocatedBytes!;
      return [{ name, cpuUs: cpuUs! - earlier.cpuUs!, allocatedBytes }];
    });
    return { cpuUs: after.cpuUs! - before.cpuUs!, threads };
  }

  /** Profiles of all threads but main, made while `step` runs: one kind at a time. */
  async profile(
    order: Extract<RecorderOrder, { record: 'cpu' | 'heap' }>,
    step: () => Promise<unknown>,
  ): Promise<readonly RecordedThread[]> {
    await this.#ask(order);
    await step();
    return (await this.#ask({ record: 'stop' })).threads;
  }

  async #ask(order: RecorderOrder): Promise<RecorderAnswer['recorded']> {
    const { recorded } = (await this.#child.ask(order)) as RecorderAnswer;
    if (recorded.error !== undefined) throw new Error(`the server's threads can't be recorded: ${recorded.error}`);
    return recorded;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}
