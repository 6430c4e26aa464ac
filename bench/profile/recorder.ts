// The recorder: loaded into a server's process before its own code (`--import`), on its main thread. It does nothing until
// the process that measures asks. Node lets a thread be looked at from outside, by its Worker, so that each thread of the
// server runs as it would without: a profile begins when the server is warm, and no thread need end for it. The main thread
// itself touches no request: its processor time is told, and no profile.

import { isMainThread, type Worker } from 'node:worker_threads';
import type { CallFrame, CpuProfile } from './fold.ts';

/** What RecordedServer sends. */
export type RecorderOrder =
  | { readonly record: 'counts' | 'stop' }
  | { readonly record: 'cpu'; readonly sampleEveryMs: number }
  | { readonly record: 'heap'; readonly sampleEveryBytes: number };

/** What it gets for each, in order. */
export interface RecorderAnswer {
  readonly recorded: {
    readonly error?: string;
    /** Of the process, user and system time of all threads, V8's own too, µs. */
    readonly cpuUs?: number;
    readonly threads: readonly RecordedThread[];
  };
}

export interface RecordedThread {
  readonly name: string;
  /** Since its start, user and system, µs. */
  readonly cpuUs?: number;
  /** In its JavaScript heap, since its start; undefined: this Node does not count it. */
  readonly allocatedBytes?: number | undefined;
  readonly cpu?: CpuProfile;
  readonly heap?: HeapProfile;
}

/** As in the file that Chrome's developer tools read (.heapprofile). */
export interface HeapProfile {
  readonly head: HeapNode;
}

export interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** One whose profile is being made. */
interface Running {
  readonly name: string;
  readonly kind: 'cpu' | 'heap';
  /** JSON text. */
  readonly stop: () => Promise<string>;
}

/** What Node calls a Worker that nobody has named: piscina's, which are those of Heddle's pools. */
const unnamed = 'WorkerThread';

/** By name, in the order of their births: the same in each process of a server. */
const workers = new Map<string, Worker>();
let births = 0;
let running: Running[] = [];

async function obey(order: RecorderOrder): Promise<RecorderAnswer['recorded']> {
  switch (order.record) {
    case 'counts':
      return counts();
    case 'cpu': {
      running = await onEach('cpu', (worker) => startCpuProfile(worker, order.sampleEveryMs));
      return { threads: [] };
    }
    case 'heap': {
      // What was collected counts too: most of what a request allocates does not live long.
      const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
      const options = { sampleInterval: order.sampleEveryBytes, ...collected };
      running = await onEach('heap', (worker) => worker.startHeapProfile(options));
      return { threads: [] };
    }
    case 'stop': {
      const [stopped, threads] = [running, [] as RecordedThread[]];
      running = [];
      for (const { name, kind, stop } of stopped) threads.push({ name, [kind]: JSON.parse(await stop()) });
      return { threads };
    }
  }
}

async function counts(): Promise<RecorderAnswer['recorded']> {
  const threads = await Promise.all(
    [...workers].map(async ([name, worker]): Promise<RecordedThread> => {
      const [{ user, system }, { total_allocated_bytes }] = [await worker.cpuUsage(), await worker.getHeapStatistics()];
      return { name, cpuUs: user + system, allocatedBytes: total_allocated_bytes };
    }),
  );
  const [own, all] = [process.threadCpuUsage(), process.cpuUsage()];
  return { cpuUs: all.user + all.system, threads: [{ name: 'main', cpuUs: own.user + own.system }, ...threads] };
}

interface Handle {
  stop(): Promise<string>;
}

/** Node 24 takes a name instead, and samples each ms. */
function startCpuProfile(worker: Worker, sampleEveryMs: number): Promise<Handle> {
  const isLater = Number.parseInt(process.versions.node, 10) >= 26;
  const start = worker.startCpuProfile as (this: Worker, options: object | string) => Promise<Handle>;
  return start.call(worker, isLater ? { sampleInterval: sampleEveryMs } : 'heddle');
}

function onEach(kind: Running['kind'], start: (worker: Worker) => Promise<Handle>): Promise<Running[]> {
  return Promise.all(
    [...workers].map(async ([name, worker]): Promise<Running> => {
      const handle = await start(worker);
      return { name, kind, stop: () => handle.stop() };
    }),
  );
}

function nameOf({ threadName }: Worker): string {
  if (threadName === null || threadName === unnamed) return `CPU thread ${++births}`;
  return threadName.replace(/^heddle /, '');
}

// Workers that inherit the flag load this too: they are looked at by main.
if (isMainThread) {
  process.on('worker', (worker) => {
    const name = nameOf(worker);
    workers.set(name, worker);
    worker.once('exit', () => {
      if (workers.get(name) === worker) workers.delete(name);
    });
  });
  process.on('message', (message: RecorderOrder | string) => {
    if (typeof message !== 'object' || !('record' in message)) return;
    obey(message)
      .catch((reason: unknown) => ({ error: String(reason), threads: [] }))
      .then((recorded) => process.send?.({ recorded } satisfies RecorderAnswer));
  });
}
