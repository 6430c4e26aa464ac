// The process of `heddle, the queue` in the scenario `handoff`: two threads, this one and a Worker, with all that lies between
// the threads of a service: supervisor, endpoints, run queue, request table, arena, completion ring, bells. And nothing else:
// what a service adds (routes, bounds, deadlines, fibers, codecs, counts) is measured by `heddle, a service`.

import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type CallHead, type CallReply, emptyCallHead, type ReplySink } from '../../../runtime/call.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { noLiveSettings } from '../../../runtime/live-settings.ts';
import type { Route } from '../../../runtime/shared/asker.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';
import type { ThreadInit, ToMain } from '../../../runtime/thread-control.ts';
import { ThreadEndpoint } from '../../../runtime/thread-endpoint.ts';
import { Supervisor } from '../../../scheduler/supervisor.ts';
import type { ClosedLoop } from './closed-loop.ts';
import { echoMethod, threadCpuMethod } from './methods.ts';
import { OutBuffer } from './out-buffer.ts';
import { HandlerWork } from './queue-work.ts';
import { obey, type Subject, takeOrders, threadCpuUs } from './subject.ts';

const capacity = 2048;
const tableEntries = 16_384;
const arenaBytes = 64 * 1_048_576;
/** As that of a service whose threads do not outnumber the cores. */
const spinMs = 0.05;

class QueueCaller implements Subject, ReplySink {
  readonly #endpoint: ThreadEndpoint;
  readonly #head: CallHead = emptyCallHead();
  readonly #echo: Route;
  readonly #threadCpu: Route;
  readonly #out = new OutBuffer();
  #loop: ClosedLoop | undefined;

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
    const route = { pool: endpoint.pools.get('p')!, column: 0, maxConcurrency: 0, service: 'bench' };
    this.#echo = { ...route, method: echoMethod };
    this.#threadCpu = { ...route, method: threadCpuMethod };
  }

  begin(loop: ClosedLoop): void {
    this.#loop = loop;
  }

  ask(slot: number, body: Buffer): void {
    this.#put(this.#echo, body, this, slot);
  }

  onReply(slot: number, reply: CallReply): void {
    if (reply.code === 0) this.#out.take(this.#loop!, slot, reply);
    else this.#loop!.failed(new Error(`a request got code ${reply.code}`));
  }

  async threadsCpuUs(): Promise<readonly number[]> {
    const handlersUs = await new Promise<number>((resolve) => {
      const onReply = (_tag: number, { source, bodyStart }: CallReply): void => resolve(source.readDoubleLE(bodyStart));
      this.#put(this.#threadCpu, Buffer.alloc(0), { onReply }, 0);
    });
    return [threadCpuUs(), handlersUs];
  }

  #put(route: Route, body: Buffer, sink: ReplySink, tag: number): void {
    const head = this.#head;
    head.source = body;
    head.bodyEnd = body.length;
    this.#endpoint.put(route, head, undefined, sink, tag);
  }
}

const pools = [{ name: 'p', memory: RunQueue.allocate(capacity), capacity, calls: false }];
const supervisor = new Supervisor({ pools, services: 1, tableEntries, arenaBytes });

function initOf(name: string, takes: string[]): ThreadInit {
  const number = supervisor.takeNumber();
  return {
    number,
    name,
    board: supervisor.board.memory,
    inflight: supervisor.inflight.memory,
    latency: supervisor.latency.memory,
    counters: supervisor.counters.memory,
    pools,
    takes,
    ...supervisor.memory(number),
    maxRequests: tableEntries,
    spinMs,
  };
}

/** Main's end of a thread's control port. */
function controlOf(number: number) {
  const { port1: control, port2 } = new MessageChannel();
  control.on('message', (message: ToMain) => {
    if (message.type === 'linked') supervisor.onLinked(number, message.peer);
    else if (message.type === 'settled') supervisor.onSettled(number, message.number);
  });
  return { control, port2 };
}

async function start(): Promise<{ subject: Subject; stop(): Promise<unknown> }> {
  const answering = initOf('answers', ['p']);
  const theirs = controlOf(answering.number);
  const worker = new Worker(new URL('./queue-thread.ts', import.meta.url), {
    workerData: { init: answering, control: theirs.port2 },
    transferList: [theirs.port2],
  });
  worker.on('error', (error) => {
    throw error;
  });
  await once(theirs.control, 'message');
  const asking = initOf('asks', []);
  const mine = controlOf(asking.number);
  const goes = Promise.withResolvers<void>();
  const work = new HandlerWork(() => Promise.reject(new Error('nobody asks this thread')), goes.resolve);
  const endpoint = new ThreadEndpoint(asking, mine.port2, systemClock, work);
  work.endpoint = endpoint;
  await supervisor.join({ number: answering.number, name: 'answers', takes: ['p'], control: theirs.control });
  await supervisor.join({ number: asking.number, name: 'asks', takes: [], control: mine.control });
  for (const { control } of [theirs, mine]) {
    control.postMessage({
      type: 'go',
      table: { turn: 0, methods: [], queues: [] },
      counts: new SharedArrayBuffer(1024),
      clientCounts: new SharedArrayBuffer(0),
      quarantined: [],
      live: noLiveSettings,
    });
  }
  await goes.promise;
  return { subject: new QueueCaller(endpoint), stop: () => worker.terminate() };
}

const { subject, stop } = await start();
takeOrders((order) => obey(subject, order), stop);
