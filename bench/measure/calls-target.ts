// CallsTarget: a BenchClient as what the load generator sends to. Its connections outlive a run: `close` ends none.

import type { LoadTarget, OutcomeSink } from '../../load/target.ts';
import type { BenchClient } from './client.ts';

/** What hears of one request; made once for each tag, so that a call costs the generator one promise and no more. */
interface Hearer {
  onAnswer: () => void;
  onFailure: (reason: unknown) => void;
}

export class CallsTarget implements LoadTarget {
  readonly connectionsWanted = 1;
  readonly connectionsUp = 1;
  readonly #client: BenchClient;
  readonly #kind: string;
  /** By tag; that of the request that goes ahead, -1, included. */
  readonly #hearers = new Map<number, Hearer>();
  #sink: OutcomeSink | undefined;

  constructor(client: BenchClient, kind: string) {
    this.#client = client;
    this.#kind = kind;
  }

  open(sink: OutcomeSink): void {
    this.#sink = sink;
  }

  send(tag: number): void {
    let hearer = this.#hearers.get(tag);
    if (hearer === undefined) {
      hearer = this.#hearerOf(tag);
      this.#hearers.set(tag, hearer);
    }
    try {
      this.#client.call(this.#kind).then(hearer.onAnswer, hearer.onFailure);
    } catch (reason) {
      hearer.onFailure(reason);
    }
  }

  #hearerOf(tag: number): Hearer {
    return {
      onAnswer: () => this.#sink!.onAnswer(tag),
      // In a turn of its own: a client that refuses at once would be asked again without end, and no timer would come.
      onFailure: (reason) => {
        const message = reason instanceof Error ? reason.message : `${reason}`;
        setImmediate(() => this.#sink!.onFailure(tag, 'UNKNOWN', message));
      },
    };
  }

  /** A run closes when all is answered. */
  async close(): Promise<void> {}
}
