// Crowd: many connections that do nothing, in processes of their own. Each asks once and is answered before it is idle, so
// that its server holds what it holds for a connection that was used.

import { openFilesMax } from '../../../net/accept/open-files.ts';
import { Child } from '../../measure/child.ts';
import type { Speech } from './message.ts';

export interface CrowdOptions {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly speech: Speech;
  readonly count: number;
  /** Connections that are being made at once, over all processes. */
  readonly atOnce: number;
  /** False: each is closed as soon as it has its answer. */
  readonly stay: boolean;
}

export type CrowdQuestion =
  | { readonly do: 'watch' }
  | (CrowdOptions & { readonly do: 'open'; readonly localAddress: string | undefined });

export interface CrowdAnswer {
  readonly tookMs?: number;
  readonly lost?: string;
}

/** Connections that one process of a crowd makes, unless it may open fewer files. */
const processMax = 5_000;
/** Files that a process opens beside its connections, at most. */
export const otherFiles = 300;
/** Longest time until all are up, ms. */
const openMaxMs = 120_000;
/** Longest time that a crowd stands, ms. */
const watchMaxMs = 3_600_000;

export class Crowd implements AsyncDisposable {
  readonly #children: readonly Child[];
  /** From the first connection asked for until the last was answered, ms. */
  readonly tookMs: number;

  private constructor(children: readonly Child[], tookMs: number) {
    this.#children = children;
    this.tookMs = tookMs;
  }

  /** Resolves when all are up and answered; rejects, with nothing open, when one is not. */
  static async open({ count, atOnce, ...rest }: CrowdOptions): Promise<Crowd> {
    const size = Math.ceil(count / Math.ceil(count / Math.min(processMax, openFilesMax() - otherFiles)));
    const children: Child[] = [];
    try {
      for (let begun = 0; begun < count; begun += size) {
        children.push(new Child('crowd of idle connections', import.meta.resolve('./crowd-run.ts'), []));
      }
      await Promise.all(children.map((child) => child.ask(undefined)));
      const answers = await Promise.all(
        children.map((child, at) => {
          const part = { count: Math.min(size, count - at * size), atOnce: Math.ceil(atOnce / children.length) };
          // Its own address, so that its own ports: one has some 28,000 for all that goes to the same port.
          const localAddress = process.platform === 'linux' ? `127.0.0.${2 + at}` : undefined;
          return told(child, { do: 'open', localAddress, ...rest, ...part }, openMaxMs);
        }),
      );
      return new Crowd(children, Math.max(...answers.map(({ tookMs }) => tookMs!)));
    } catch (reason) {
      await Promise.all(children.map((child) => child.kill()));
      throw reason;
    }
  }

  /** Resolves, with the reason, when a connection has ended that should not; rejects when a process of the crowd ends. */
  async lost(): Promise<Error> {
    const answer = await Promise.race(this.#children.map((child) => told(child, { do: 'watch' }, watchMaxMs)));
    return new Error(`an idle connection was lost: ${answer.lost}`);
  }

  /** All are closed by it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()));
  }
}

async function told(child: Child, question: CrowdQuestion, maxMs: number): Promise<CrowdAnswer> {
  const answer = (await child.ask(question, maxMs)) as CrowdAnswer | { error: string };
  if ('error' in answer) throw new Error(`the crowd of idle connections: ${answer.error}`);
  return answer;
}
