// httpClient: a BenchClient over HTTP/1.1 by the load generator's own connections (load/http/), the same for Heddle and all
// peers of a scenario: the request is written once and sent as the same bytes, one at a time over each connection.

import { HttpTarget } from '../../load/http/http-target.ts';
import type { CheckBody, OutcomeSink } from '../../load/target.ts';
import { standaloneHost } from '../../net/client/host.ts';
import type { ErrorCode } from '../../runtime/errors.ts';
import type { BenchClient } from './client.ts';

/** What calls of one kind ask for, as JSON. */
export interface HttpCall {
  readonly kind: string;
  readonly path: string;
  readonly body: Buffer;
  readonly checkBody: CheckBody;
  /** Calls that go ahead, so that connections are up. */
  readonly first: number;
}

export interface HttpClientOptions {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** For calls of each kind: as many can be under way, others wait. */
  readonly connections: number;
  readonly calls: readonly HttpCall[];
}

/** The longest that one call may take, ms. */
const timeoutMs = 10_000;

/** Resolves when the calls that go ahead have come back; rejects, with nothing open, when one has failed. */
export async function httpClient({ port, connections, calls }: HttpClientOptions): Promise<BenchClient> {
  const lines = new Map(calls.map((call) => [call.kind, new HttpLine(port, connections, call)]));
  const close = (): Promise<unknown> => Promise.all([...lines.values()].map((line) => line.close()));
  try {
    for (const { kind, first } of calls) {
      await Promise.all(Array.from({ length: first }, () => lines.get(kind)!.call()));
    }
  } catch (reason) {
    await close();
    throw reason;
  }
  return { call: (kind) => lines.get(kind)!.call(), close };
}

/** Calls of one kind. */
class HttpLine implements OutcomeSink {
  readonly #target: HttpTarget;
  /** By tag. As many as the load generator has calls under way. */
  readonly #callers: PromiseWithResolvers<void>[] = [];
  readonly #freeTags: number[] = [];

  constructor(port: number, connections: number, { path, body, checkBody }: HttpCall) {
    const url = new URL(path, `http://127.0.0.1:${port}`);
    const headers = { 'content-type': 'application/json' };
    this.#target = new HttpTarget({ url, headers, body, timeoutMs, connections, checkBody }, standaloneHost());
    this.#target.open(this);
  }

  call(): Promise<void> {
    const tag = this.#freeTags.pop() ?? this.#callers.length;
    const caller = Promise.withResolvers<void>();
    this.#callers[tag] = caller;
    this.#target.send(tag);
    return caller.promise;
  }

  close(): Promise<void> {
    return this.#target.close();
  }

  onAnswer(tag: number): void {
    this.#freeTags.push(tag);
    this.#callers[tag]!.resolve();
  }

  onFailure(tag: number, code: ErrorCode, message: string): void {
    this.#freeTags.push(tag);
    this.#callers[tag]!.reject(new Error(`${code}: ${message}`));
  }
}
