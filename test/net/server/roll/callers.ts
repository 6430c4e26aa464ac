// RollCallers: 64 connections, heddle and HTTP, with a call under way on each, while the code behind them is rolled. Each
// answer must be its request's, from one whole generation, and from none that was gone when the call was made.

import type { Client } from '../../../../net/client/connect.ts';
import { HttpCaller } from '../../../soak/http-caller.ts';
import { Work } from './contracts.ts';
import type { RollRig } from './rig.ts';

const connections = { heddle: 32, http: 32 } as const;
const acts = ['nothing', 'nothing', 'nothing', 'call', 'offload', 'call-side'] as const;

export class RollCallers {
  good = 0;
  /** What was wrong, in words; the first ones. */
  readonly wrong: string[] = [];
  /** Answers from this version on are good: those before were gone when the call was made. */
  least = 1;
  readonly #client: Client<typeof Work>;
  readonly #http: HttpCaller[] = [];
  readonly #callers: Promise<void>[] = [];
  #stopped = false;
  #nextId = 1;

  /** `pauseMs`: between two calls of a connection. */
  constructor(rig: RollRig, pauseMs: number) {
    this.#client = rig.client(Work, { connections: connections.heddle });
    const work = this.#client;
    for (let at = 0; at < connections.heddle; at++) this.#callers.push(this.#go(pauseMs, (body) => work.answer(body)));
    for (let at = 0; at < connections.http; at++) {
      const caller = new HttpCaller(rig.port('http'));
      this.#http.push(caller);
      this.#callers.push(
        this.#go(pauseMs, async (body) => JSON.parse(await caller.post('/roll.Work/answer', JSON.stringify(body)))),
      );
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    for (const caller of this.#http) caller.close();
    await this.#client.close();
  }

  async #go(pauseMs: number, call: (body: Body) => Promise<Reply>): Promise<void> {
    while (!this.#stopped) {
      const id = this.#nextId++;
      const { least } = this;
      try {
        const reply = await call({ id, act: acts[id % acts.length]!, sleepMs: id % 7 === 0 ? 20 : 0 });
        const isGood = reply.id === id && reply.version === reply.part && reply.version >= least;
        if (isGood) this.good++;
        else this.#note(`${JSON.stringify(reply)} for ${id}, at least ${least}`);
      } catch (reason) {
        this.#note(String(reason));
        if (this.wrong.length > 10) return;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #note(what: string): void {
    if (this.wrong.length < 20) this.wrong.push(what);
  }
}

interface Body {
  id: number;
  act: (typeof acts)[number];
  sleepMs: number;
}

interface Reply {
  id: number;
  version: number;
  part: number;
}
