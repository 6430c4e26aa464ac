// ClientProcess: the client of a scenario in a process of its own, with the load generator: Heddle's and each peer's alike.

import type { LoadShape } from '../../load/options.ts';
import { answerMaxMs, Child } from './child.ts';
import type { ConnectOptions } from './client.ts';

/** Calls of one kind; several go on at once. */
export interface Load {
  /** What the client's `call` is told. */
  readonly kind: string;
  /** Closed, or open: Poisson arrivals, latency from when a call was meant to begin. */
  readonly shape: LoadShape;
  /** See LoadOptions. */
  readonly spinMs?: number;
}

/** What a load came to. */
export interface LoadFigures {
  readonly kind: string;
  /** Right ones. */
  readonly answers: number;
  /** Rejected, wrong, or never sent since as many as are allowed were under way. */
  readonly failed: number;
  /** What the most frequent failure said. */
  readonly failure: string | undefined;
  /** Of an open loop: calls that had to wait, since as many as are allowed were under way. */
  readonly late: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Processors that this process was busy with; near 1 it may be what was measured. */
  readonly clientShare: number;
}

export type ClientQuestion =
  | { readonly do: 'open'; readonly options: ConnectOptions }
  | { readonly do: 'run'; readonly loads: readonly Load[]; readonly durationMs: number; readonly seed: number }
  | { readonly do: 'close' };

export type ClientAnswer =
  | { readonly done: 'load' | 'open' | 'close' }
  | { readonly done: 'run'; readonly figures: readonly LoadFigures[] };

export class ClientProcess implements AsyncDisposable {
  readonly #child: Child;
  readonly #what: string;

  private constructor(child: Child, what: string) {
    this.#child = child;
    this.#what = what;
  }

  /** `module`: the file: URL of a ClientModule; `what`: for error sentences. */
  static async start(what: string, module: string): Promise<ClientProcess> {
    const child = new Child(what, import.meta.resolve('./client-run.ts'), [module]);
    try {
      const client = new ClientProcess(child, what);
      await client.#answer(undefined, answerMaxMs);
      return client;
    } catch (reason) {
      await child.kill();
      throw reason;
    }
  }

  /** Connects; what was open before is closed first. Rejects when the client does. */
  async open(options: ConnectOptions): Promise<void> {
    await this.close();
    await this.#answer({ do: 'open', options }, answerMaxMs);
  }

  /** Puts the loads on, all at once, and waits until every call has its answer. */
  async run(loads: readonly Load[], durationMs: number, seed: number): Promise<readonly LoadFigures[]> {
    const answer = await this.#answer({ do: 'run', loads, durationMs, seed }, durationMs + answerMaxMs);
    if (answer.done !== 'run') throw new Error(`the ${this.#what} answered out of turn`);
    return answer.figures;
  }

  async close(): Promise<void> {
    await this.#answer({ do: 'close' }, answerMaxMs);
  }

  async #answer(question: ClientQuestion | undefined, maxMs: number): Promise<ClientAnswer> {
    const answer = (await this.#child.ask(question, maxMs)) as ClientAnswer | { error: string };
    if ('error' in answer) throw new Error(`the ${this.#what}: ${answer.error}`);
    return answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }

  /** See Child. */
  kill(): Promise<void> {
    return this.#child.kill();
  }
}
