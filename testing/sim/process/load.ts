// Load: what asks the simulated process: requests straight into the dispatchers of its IO threads, as a protocol gives them,
// and calls of stand-alone clients over sockets. Drawn from the seed, request by request.

import { type CallReply, codecIds, emptyCallHead, type ReplySink } from '../../../runtime/call.ts';
import { codeOfNumber, retryHints } from '../../../runtime/errors.ts';
import { Draws } from '../draws.ts';
import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';
import { drawActs } from './acts.ts';
import type { SimClient } from './client-main.ts';
import { answerTo, PoolA, paddingOf } from './contract.ts';
import { type Asked, type Ledger, meantFailure } from './ledger.ts';
import type { Scenario } from './scenario.ts';
import type { ProcessThread } from './spawner.ts';

/** Characters of a request's acts that a trace shows. */
const actsShownMax = 300;

/** The codec of all requests, as their caller has it: no other thread's. */
const codec = PoolA.run.codec;

export interface LoadWorld {
  readonly simulation: Simulation;
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  /** IO threads that serve. */
  ioThreads(): ProcessThread[];
}

export class Load {
  readonly #world: LoadWorld;
  readonly #draws: Draws;
  #left: number;
  #clientsLeft = 0;
  #hasEnded = false;
  /** Tasks that threads have not come to yet. */
  readonly #posted = new Set<{ thread: SimThread }>();

  constructor(world: LoadWorld) {
    this.#world = world;
    this.#draws = new Draws(world.simulation.seed, 'load');
    this.#left = world.scenario.requests;
  }

  /** Everything has been asked. */
  get isOver(): boolean {
    for (const { thread } of this.#posted) if (thread.isAlive) return false;
    return this.#left === 0 && this.#clientsLeft === 0;
  }

  /** Nothing more is asked. */
  end(): void {
    this.#left = 0;
    this.#hasEnded = true;
  }

  begin(clients: readonly { thread: SimThread; client: SimClient }[]): void {
    this.#nextBatch();
    for (const one of clients) {
      this.#clientsLeft++;
      this.#nextCall(one.thread, one.client, this.#world.scenario.callsPerClient);
    }
  }

  #nextBatch(): void {
    if (this.#left === 0) return;
    const { simulation, scenario } = this.#world;
    simulation.after(this.#draws.wait(scenario.gapMs), () => {
      if (this.#hasEnded) return;
      const threads = this.#world.ioThreads();
      const count = Math.min(this.#left, this.#draws.between(1, scenario.batchMax));
      if (threads.length > 0) {
        this.#left -= count;
        const target = this.#draws.pick(threads);
        this.#post(target.thread, `gets ${count} requests`, () => {
          for (let at = 0; at < count; at++) this.#put(target);
        });
      }
      this.#nextBatch();
    });
  }

  #post(thread: SimThread, label: string, run: () => void): void {
    const posted = { thread };
    this.#posted.add(posted);
    thread.post('load', label, () => {
      this.#posted.delete(posted);
      run();
    });
  }

  #put({ thread, io }: ProcessThread): void {
    const { simulation, scenario, ledger } = this.#world;
    const draws = this.#draws;
    const deadlineMs = draws.chance(scenario.deadlines)
      ? simulation.nowMs + draws.within(0.05, draws.chance(0.5) ? 5 : 200)
      : Number.POSITIVE_INFINITY;
    const asked = ledger.ask(thread.name, thread, deadlineMs, 1);
    const { id } = asked;
    const padding = paddingOf(id, draws.below(scenario.bodyBytesMax));
    const head = emptyCallHead();
    const acts = JSON.stringify(drawActs(draws, scenario.acts));
    codec.writeRequest({ id, acts, padding }, head, 'avro');
    // A copy: the codec's memory is not this thread's alone.
    head.source = Buffer.from(head.source);
    head.codec = codecIds.avro;
    head.priority = draws.below(3);
    head.deadlineMs = deadlineMs;
    head.callIdHigh = id;
    const service = draws.pick(scenario.pools.length > 1 ? ['sim.A', 'sim.A', 'sim.B', 'sim.Io'] : ['sim.A', 'sim.Io']);
    const sink = new LoadSink(ledger, asked, answerTo(id, padding));
    simulation.trace(thread.name, `  request ${id} to ${service}: ${acts.slice(0, actsShownMax)}`);
    const handle = io!.dispatcher.call(service, 'run', head, sink, id);
    if (handle < 0 || !draws.chance(scenario.cancels)) return;
    simulation.after(draws.wait(3), () => {
      thread.post('load', `cancels request ${id}`, () => {
        if (asked.ended !== undefined) return;
        io!.dispatcher.cancel(handle);
        ledger.end(asked, 'cancelled');
      });
    });
  }

  #nextCall(thread: SimThread, client: SimClient, left: number): void {
    if (left === 0 || this.#hasEnded) {
      this.#clientsLeft--;
      return;
    }
    const { simulation, scenario } = this.#world;
    const draws = this.#draws;
    simulation.after(draws.wait(scenario.gapMs * 4), () => {
      if (this.#hasEnded) return;
      const call = {
        acts: JSON.stringify(drawActs(draws, scenario.acts)),
        timeoutMs: draws.chance(scenario.deadlines) ? Math.ceil(draws.within(1, 100)) : 0,
        abortAfterMs: draws.chance(scenario.cancels) ? draws.wait(5) : undefined,
        paddingBytes: draws.below(scenario.bodyBytesMax),
      };
      this.#post(thread, 'calls', () => client.call(call));
      this.#nextCall(thread, client, left - 1);
    });
  }
}

class LoadSink implements ReplySink {
  readonly #ledger: Ledger;
  readonly #asked: Asked;
  readonly #expected: Buffer;

  constructor(ledger: Ledger, asked: Asked, expected: Buffer) {
    this.#ledger = ledger;
    this.#asked = asked;
    this.#expected = expected;
  }

  onReply(_tag: number, reply: CallReply): void {
    const asked = this.#asked;
    if (reply.code !== 0) {
      const code = codeOfNumber(reply.code);
      this.#ledger.end(asked, code, {
        saidUnrun: retryHints[reply.retry] === 'yes',
        isFromRun: code === meantFailure,
      });
      return;
    }
    const { id, padding } = codec.readResponse(reply) as { id: number; padding: Uint8Array };
    this.#ledger.checkAnswer(asked, id, Buffer.from(padding), this.#expected);
    this.#ledger.end(asked, 'ok', { isFromRun: true });
  }
}
