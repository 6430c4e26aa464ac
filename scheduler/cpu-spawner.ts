// CPU threads on piscina: one piscina is one generation of a pool (its code and size). It makes and replaces the
// threads; each runs one long-lived task, its scheduler loop (cpu-thread.ts). Requests never go through `pool.run`.

import type { MessagePort, StructuredSerializeOptions, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { PoolSettings } from '../runtime/settings.ts';
import type { ThreadInit } from '../runtime/thread-control.ts';
import type { Spawner } from './pool-thread.ts';
import type { RunnerBounds } from './runner-bounds.ts';
import { youngMebibytes } from './young-generation.ts';

/** What a CPU thread's task is given. */
export interface CpuThreadTask {
  init: ThreadInit;
  control: MessagePort;
  bounds: RunnerBounds;
  /** Module that exports `hostThread(host)`: the upward seam, as data. */
  hostUrl: string;
  /** Whatever that module needs; plain data and ports. */
  hostData: unknown;
}

/** V8's hard limit stands well above the pool's `memory`, which is what a thread is expected to need. */
const hardHeapFactor = 2;
const mebibyte = 1_048_576;
/** A Worker without a task ends after this, ms: another's death in its bootstrap had left it over. */
const spareMs = 5_000;
/** The wait before another Worker is asked for when one died before it could take its task; doubles up to the second, ms. */
const rebirthMs = { first: 20, max: 10_000 } as const;

export interface CpuGeneration {
  spawn: Spawner;
  /** After all threads have stopped. */
  close(): Promise<void>;
}

/** `hostData` makes each thread's data and the ports in it that move. */
export function cpuGeneration(
  settings: PoolSettings,
  hostUrl: string,
  hostData: (init: ThreadInit) => { data: unknown; transfer: MessagePort[] },
  log: Logger,
  clock: Clock,
): CpuGeneration {
  const { memoryBytes, stackBytes, threads, maxFibers, maxNested, cancelGraceMs } = settings;
  const bounds: RunnerBounds = { pool: settings.name, maxFibers, maxNested, cancelGraceMs };
  const piscina = new Piscina({
    filename: moduleUrl('./cpu-thread', import.meta.url).href,
    name: 'cpuThread',
    // A Worker for each task and no other: piscina's own replacement of a dead one would come beside ours.
    minThreads: 0,
    // As many again while threads are replaced that still finish what they run.
    maxThreads: 2 * threads,
    // A worker that waits in Atomics.wait would not turn its event loop.
    atomics: 'disabled',
    concurrentTasksPerWorker: 1,
    // A thread's one task is never idle: only a Worker that was made for none is.
    idleTimeout: spareMs,
    resourceLimits: {
      stackSizeMb: stackBytes / mebibyte,
      maxYoungGenerationSizeMb: youngMebibytes,
      ...(memoryBytes === undefined
        ? {}
        : { maxOldGenerationSizeMb: Math.ceil((memoryBytes * hardHeapFactor) / mebibyte) }),
    },
  });
  let closed = false;
  /** Threads that were spawned and have not exited. */
  let living = 0;
  let waitMs: number = rebirthMs.first;
  let rebirth: unknown;
  // piscina replaces no Worker any more once one has died in its bootstrap, and the task that was to be its own waits
  // for ever: another task makes it try again. Its death is none of a thread: nothing of ours had run in it.
  const isStranded = (): boolean => !closed && piscina.queueSize > 0 && piscina.threads.length < living;
  const lookForStranded = (): void => {
    if (rebirth !== undefined || !isStranded()) return;
    log.error({ pool: settings.name, waitMs }, 'a thread died before it was born; another is made');
    rebirth = clock.setTimer(waitMs, () => {
      rebirth = undefined;
      waitMs = Math.min(rebirthMs.max, waitMs * 2);
      if (isStranded()) piscina.run(undefined, { name: 'nothing' }).catch(() => {});
    });
  };
  // It is told of before piscina has taken the Worker off its list.
  piscina.on('workerDestroy', () => setImmediate(lookForStranded));
  // Without a listener an idle thread's death would end the process.
  piscina.on('error', (error: unknown) => log.error({ pool: settings.name, err: error }, 'a thread failed'));
  return {
    spawn: (init, control) => {
      const { data, transfer } = hostData(init);
      const task: CpuThreadTask = { init, control, bounds, hostUrl, hostData: data };
      let exited: () => void = () => {};
      const exit = new Promise<void>((resolve) => {
        exited = resolve;
      });
      living++;
      void exit.then(() => living--);
      let worker: Worker | undefined;
      let failure: unknown;
      let exitCode: number | undefined;
      let endsAlone = false;
      // piscina types its list as postMessage's last overload, which takes options instead.
      const transferList = [control, ...transfer] as unknown as StructuredSerializeOptions;
      piscina.run(task, { transferList }).then(
        // The task ends when the thread was told to stop; its worker is ended with the pool, or now.
        () => {
          if (endsAlone && worker !== undefined) void worker.terminate();
          else exited();
        },
        (error: unknown) => {
          failure = error;
          // Of one that exited or was ended piscina knows only the code; its pool tells the cause.
          const isKnown =
            error instanceof Error && /^(worker exited with code|Terminating worker thread)/.test(error.message);
          if (!isKnown) log.error({ thread: init.name, err: error }, 'the thread failed');
          // Once the Worker is known only its own 'exit' counts: this rejection comes before the thread has stopped.
          if (worker === undefined) exited();
        },
      );
      return {
        exited: exit,
        worker: (threadId) => {
          if (threadId === undefined) return undefined;
          worker = piscina.threads.find((one: Worker) => one.threadId === threadId);
          waitMs = rebirthMs.first;
          worker?.once('exit', (code: number) => {
            exitCode = code;
            exited();
          });
          return worker;
        },
        failure: () => failure,
        exitCode: () => exitCode,
        endAlone: () => {
          endsAlone = true;
        },
      };
    },
    close: async () => {
      closed = true;
      if (rebirth !== undefined) clock.clearTimer(rebirth);
      await piscina.destroy();
    },
  };
}
