// LiveProcess: a small process of real threads over the shipped Supervisor and ThreadEndpoint, without sockets, piscina or
// fibers: for the tests of the shared memory. The test's own thread may be an asker too.

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { noLiveSettings } from '../../runtime/live-settings.ts';
import { laneCount, lane as laneWord, laneWords, phaseShift, phases, slotWords } from '../../runtime/shared/layout.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { ThreadInit, ToMain } from '../../runtime/thread-control.ts';
import { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import { EchoWork } from '../../testing/memory/echo-work.ts';
import type { AskerPlan, AskerResult, LiveData, NapMessage } from './live-thread.ts';

export interface LiveOptions {
  capacity: number;
  tableEntries?: number;
  arenaBytes?: number;
}

export interface LiveThread {
  readonly number: number;
  readonly control: MessagePort;
  readonly worker: Worker | undefined;
  /** Of an asker: its plan is carried out. Never, when it was killed. */
  readonly result: Promise<AskerResult>;
  /** It has stopped and its death is settled everywhere. */
  readonly gone: Promise<void>;
}

export class LiveProcess implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly queue: RunQueue;
  readonly queueMemory: SharedArrayBuffer;
  readonly threads = new Set<LiveThread>();
  /** Errors that threads have died of by themselves. */
  readonly errors: unknown[] = [];
  #own: ThreadEndpoint | undefined;

  constructor({ capacity, tableEntries = 256, arenaBytes = 16 * 1_048_576 }: LiveOptions) {
    this.queueMemory = RunQueue.allocate(capacity);
    this.queue = new RunQueue(this.queueMemory, capacity, 0);
    const pools = [{ name: 'p', memory: this.queueMemory, capacity, calls: false }];
    this.supervisor = new Supervisor({ pools, services: 1, tableEntries, arenaBytes });
  }

  taker(): Promise<LiveThread> {
    return this.#spawn(undefined);
  }

  asker(plan: AskerPlan): Promise<LiveThread> {
    return this.#spawn(plan);
  }

  /** The test's own thread as an asker. */
  async own(): Promise<ThreadEndpoint> {
    const { port1: control, port2 } = new MessageChannel();
    const init = this.#init([]);
    const work = new EchoWork({ runHandler: () => undefined }, { maxFibers: 1, turnRequests: 1, turnMs: 1 });
    const endpoint = new ThreadEndpoint(init, port2, systemClock, work);
    work.endpoint = endpoint;
    this.#own = endpoint;
    this.#listen(init.number, control);
    await this.supervisor.join({ number: init.number, name: 'own', takes: [], control });
    control.postMessage({
      type: 'go',
      table: { turn: 0, methods: [], queues: [] },
      counts: new SharedArrayBuffer(1024),
      clientCounts: new SharedArrayBuffer(0),
      quarantined: [],
      live: noLiveSettings,
    });
    await new Promise((resolve) => setImmediate(resolve));
    return endpoint;
  }

  nap(thread: LiveThread, afterMs: number, forMs: number): void {
    thread.control.postMessage({ type: 'nap', afterMs, forMs } satisfies NapMessage);
  }

  /** Ends a thread at whatever instruction it is. Resolves when its death is settled. */
  async kill(thread: LiveThread, condemn: boolean): Promise<void> {
    if (condemn) this.supervisor.condemn(thread.number);
    await thread.worker?.terminate();
    await thread.gone;
  }

  /** Slots of all lanes that are not free. */
  get slotsHeld(): number {
    const words = new Int32Array(this.queueMemory);
    let held = 0;
    for (let lane = 0; lane < laneCount; lane++) {
      for (let index = 0; index < this.queue.capacity; index++) {
        const state = words[lane * laneWords(this.queue.capacity) + laneWord.slots + index * slotWords]!;
        if (((state >>> phaseShift) & 3) !== phases.free) held++;
      }
    }
    return held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#own?.close();
    await Promise.all([...this.threads].map(({ worker }) => worker?.terminate()));
    await Promise.all([...this.threads].map(({ gone }) => Promise.race([gone, Promise.resolve()])));
  }

  #init(takes: string[]): ThreadInit {
    const { supervisor } = this;
    const number = supervisor.takeNumber();
    return {
      number,
      name: `${number}`,
      board: supervisor.board.memory,
      inflight: supervisor.inflight.memory,
      latency: supervisor.latency.memory,
      counters: supervisor.counters.memory,
      pools: [...supervisor.pools],
      takes,
      ...supervisor.memory(number),
      maxRequests: 100_000,
      spinMs: 0,
    };
  }

  async #spawn(plan: AskerPlan | undefined): Promise<LiveThread> {
    const { port1: control, port2 } = new MessageChannel();
    const takes = plan === undefined ? ['p'] : [];
    const init = this.#init(takes);
    const worker = new Worker(new URL('./live-thread.ts', import.meta.url), {
      workerData: { init, control: port2, plan } satisfies LiveData,
      transferList: [port2],
    });
    worker.on('error', (error) => this.errors.push(error));
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const ready = Promise.withResolvers<void>();
    const result = Promise.withResolvers<AskerResult>();
    this.#listen(init.number, control, () => ready.resolve(), result.resolve);
    const gone = exited.then(() => this.supervisor.died(init.number));
    await ready.promise;
    const thread: LiveThread = { number: init.number, control, worker, result: result.promise, gone };
    this.threads.add(thread);
    void gone.then(() => this.threads.delete(thread));
    await this.supervisor.join({ number: init.number, name: init.name, takes, control });
    control.postMessage({
      type: 'go',
      table: { turn: 0, methods: [], queues: [] },
      counts: new SharedArrayBuffer(1024),
      clientCounts: new SharedArrayBuffer(0),
      quarantined: [],
      live: noLiveSettings,
    });
    return thread;
  }

  #listen(number: number, control: MessagePort, onReady?: () => void, onResult?: (result: AskerResult) => void): void {
    control.on('message', (message: ToMain | { type: 'result'; result: AskerResult }) => {
      if (message.type === 'ready') onReady?.();
      else if (message.type === 'linked') this.supervisor.onLinked(number, message.peer);
      else if (message.type === 'settled') this.supervisor.onSettled(number, message.number);
      else if (message.type === 'result') onResult?.(message.result);
    });
  }
}
