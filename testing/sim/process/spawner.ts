// The spawner of the simulated process: makes threads for the pools of its main, as piscina and Worker do in a real one, and
// keeps what the world knows of each.

import { EventEmitter } from 'node:events';
import type { MessagePort, Worker } from 'node:worker_threads';
import type { BornStrategies } from '../../../net/thread/thread-host.ts';
import type { PluginModule } from '../../../runtime/plugins/plan.ts';
import type { Settings } from '../../../runtime/settings.ts';
import type { ThreadInit } from '../../../runtime/thread-control.ts';
import type { SpawnedThread, Spawner } from '../../../scheduler/pool-thread.ts';
import type { RequestRunner } from '../../../scheduler/request-runner.ts';
import { cloneMessage } from '../clone.ts';
import { sourceUrl } from '../modules.ts';
import type { SimPort } from '../ports.ts';
import type { SimThread } from '../thread.ts';
import type * as cpuMain from './cpu-main.ts';
import type * as ioMain from './io-main.ts';
import type { ThreadDoor } from './thread-door.ts';

/** A thread of the process, as the world knows it. */
export interface ProcessThread {
  readonly thread: SimThread;
  readonly number: number;
  readonly pool: string;
  runner: RequestRunner | undefined;
  /** Set on IO threads. */
  io: ioMain.SimIoThread | undefined;
}

export interface SpawnerWorld {
  readonly settings: Settings;
  readonly main: SimThread;
  /** By number. */
  readonly processThreads: Map<number, ProcessThread>;
  newThread(name: string): SimThread;
  door(thread: SimThread, onRunner: (runner: RequestRunner) => void, stopped: () => void): ThreadDoor;
  after(delayMs: number, fire: () => void): void;
  /** A delay up to this, ms. */
  delayMs(max: number): number;
  /** What a thread of a pool is born with of the process's strategies. */
  strategiesOf(number: number, pool: string): BornStrategies | undefined;
  /** What a thread installs. */
  pluginsOf(pool: string): readonly PluginModule[];
  /** A thread is about to be made, with this number. */
  onNumber(thread: SimThread, number: number): void;
  onBorn(thread: ProcessThread): void;
  onExit(thread: ProcessThread): void;
}

/** How long a Worker takes to be made at most, and to end once nothing of it moves, ms. */
const birthMsMax = 20;
const exitMsMax = 5;

export function spawnerOf(world: SpawnerWorld, pool: string): Spawner {
  return (init, control) => spawn(world, pool, init, control);
}

function spawn(world: SpawnerWorld, pool: string, init: ThreadInit, control: MessagePort): SpawnedThread {
  const { main, settings } = world;
  const thread = world.newThread(init.name);
  world.onNumber(thread, init.number);
  const known: ProcessThread = { thread, number: init.number, pool, runner: undefined, io: undefined };
  world.processThreads.set(init.number, known);
  const exited = Promise.withResolvers<void>();
  let endsAlone = false;
  const stopped = (): void => {
    // A CPU thread's task has ended; its Worker ends with the pool, or now.
    if (pool === 'io' || endsAlone) thread.kill('its work has ended');
    else main.post('workers', `sees the task of ${init.name} ended`, () => exited.resolve());
  };
  const door = world.door(
    thread,
    (runner) => {
      known.runner = runner;
    },
    stopped,
  );
  const own = (control as unknown as SimPort).handTo(thread) as unknown as MessagePort;
  // A copy, as workerData is.
  const copied = { init, strategies: world.strategiesOf(init.number, pool), plugins: world.pluginsOf(pool) };
  const copy = cloneMessage(copied, [], new Map()).value as typeof copied;
  const birth = { ...copy, control: own, settings };
  world.after(world.delayMs(birthMsMax), () => {
    thread.post('birth', 'is born', () => {
      if (pool === 'io') {
        const { main: begin } = thread.load<typeof ioMain>(sourceUrl('testing/sim/process/io-main'));
        known.io = begin(door, { ...birth, binding: settings.services[0]!.listen[0]! });
      } else {
        const { main: begin } = thread.load<typeof cpuMain>(sourceUrl('testing/sim/process/cpu-main'));
        begin(door, { ...birth, pool });
      }
      world.onBorn(known);
    });
  });
  thread.onExit(() => {
    world.onExit(known);
    world.after(world.delayMs(exitMsMax), () => {
      main.post('workers', `sees ${init.name} exit`, () => {
        worker.emit('exit', 1);
        exited.resolve();
      });
    });
  });
  const worker = workerOf(thread);
  return {
    // piscina's are known once they have told their id.
    worker: (threadId) => (pool === 'io' || threadId !== undefined ? worker : undefined),
    exited: exited.promise,
    failure: () => thread.failure,
    endAlone: () => {
      endsAlone = true;
    },
  };
}

/** As much of a Worker as main asks for. */
function workerOf(thread: SimThread): Worker {
  const worker = Object.assign(new EventEmitter(), {
    threadId: thread.index + 1,
    terminate: async () => {
      thread.terminate();
      return 1;
    },
    performance: { eventLoopUtilization: () => thread.utilization },
    startCpuProfile: () => Promise.reject(new Error('a simulated thread has no profile')),
  });
  return worker as unknown as Worker;
}
