// bear (main thread): makes one thread of a pool: its number, its control port, and what it is born with; then listens to
// it until it has loaded its modules, and for as long as it lives.

import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import type { KeptCode } from '../runtime/kept-code.ts';
import { board as boardWord, leavings } from '../runtime/shared/layout.ts';
import type { ThreadInit, ToMain, ToThread } from '../runtime/thread-control.ts';
import { formatDuration } from '../runtime/units.ts';
import type { PoolThread, ServedRow, SpawnedThread, Spawner } from './pool-thread.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * How long a thread may take from its making until its modules have loaded, ms. Large caches are read in that time; a
 * module that waits for ever at its top level must not hold a start, or the place of a dead thread, for ever.
 */
export const startTimeoutMs = 30_000;

export interface Birth {
  name: string;
  generation: number;
  place: number;
  /** Names of run queues. */
  takes: string[];
  /** The code that it loads; undefined: what lies on the disk. */
  kept: KeptCode | undefined;
  /** To take the place of one that serves. */
  isSuccessor: boolean;
  spawn: Spawner;
  supervisor: Supervisor;
  maxRequests: number;
  spinMs: number;
  startTimeoutMs: number;
  clock: Clock;
  /** It has exited. Comes before anything else that waits for that. */
  onExit(thread: PoolThread): void;
  /** It did not load in time; whoever awaits it ends it. */
  onOverdue(thread: PoolThread): void;
  /** What is not about its birth and its links. */
  onMessage(thread: PoolThread, message: ToMain): void;
}

export interface BornThread {
  thread: PoolThread;
  /** What its modules serve. Rejects with what is wrong with them. */
  loaded: Promise<ServedRow[]>;
}

/** Throws when it can't be made at all. */
export function bear(birth: Birth): BornThread {
  const { supervisor, name, spawn, maxRequests, spinMs } = birth;
  const number = supervisor.takeNumber();
  const channel = new MessageChannel();
  const init: ThreadInit = {
    number,
    name,
    board: supervisor.board.memory,
    inflight: supervisor.inflight.memory,
    latency: supervisor.latency.memory,
    counters: supervisor.counters.memory,
    metrics: supervisor.metrics.of(number),
    pools: [...supervisor.pools],
    takes: birth.takes,
    ...supervisor.memory(number),
    maxRequests,
    spinMs,
    kept: birth.kept,
    keepsCompiled: birth.place === 0,
  };
  const control = channel.port1;
  let spawned: SpawnedThread;
  try {
    spawned = spawn(init, channel.port2);
  } catch (reason) {
    control.close();
    supervisor.returnNumber(number);
    throw reason;
  }
  const thread: PoolThread = {
    number,
    generation: birth.generation,
    place: birth.place,
    name,
    control,
    spawned,
    bornMs: birth.clock.nowMs(),
    state: 'starting',
    worker: spawned.worker(undefined),
    replaced: false,
    givenUp: false,
    hasLeft: false,
    endMs: 0,
    endTimer: undefined,
    condemnedAs: undefined,
    isSuccessor: birth.isSuccessor,
  };
  const ended = spawned.exited.then(() => {
    // Before its row of the board is cleared.
    const how = endText(supervisor.board.gauge(number, boardWord.left), spawned.exitCode?.());
    birth.onExit(thread);
    return how;
  });
  return { thread, loaded: load(thread, birth, ended) };
}

/** `ended`: with how. */
function load(thread: PoolThread, birth: Birth, ended: Promise<string>): Promise<ServedRow[]> {
  const { supervisor, clock, startTimeoutMs: boundMs } = birth;
  const { number, name, spawned, control } = thread;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(boundMs, () => {
      birth.onOverdue(thread);
      const what = `the modules of thread ${name} did not load within ${formatDuration(boundMs)}`;
      reject(new HeddleError('UNAVAILABLE', `${what}; does one of them wait for ever at its top level?`));
    });
    void ended.then((how) => {
      clock.clearTimer(timer);
      reject(new HeddleError('UNAVAILABLE', `thread ${name} ended before its modules had loaded: ${how}`));
    });
    control.on('message', (message: ToMain) => {
      switch (message.type) {
        case 'born':
          thread.worker = spawned.worker(message.threadId);
          // It was condemned before anyone knew how to end it.
          if (thread.state === 'condemned' || thread.givenUp) void thread.worker?.terminate();
          break;
        case 'ready':
          if (thread.state !== 'starting' || thread.givenUp) break;
          thread.state = 'ready';
          clock.clearTimer(timer);
          resolve(message.methods);
          break;
        case 'failed':
          clock.clearTimer(timer);
          reject(new HeddleError(message.code as ErrorCode, message.message));
          break;
        case 'linked':
          supervisor.onLinked(number, message.peer);
          break;
        case 'turned':
          supervisor.onTurned(number, message.turn);
          break;
        case 'settled':
          supervisor.onSettled(number, message.number);
          break;
        case 'retired':
          if (thread.state !== 'retiring') break;
          thread.state = 'stopping';
          control.postMessage({ type: 'stop' } satisfies ToThread);
          break;
        default:
          birth.onMessage(thread, message);
      }
    });
  });
}

/** How a thread ended before it was ready: `left` is what it said last on the board. */
function endText(left: number, code: number | undefined): string {
  switch (left) {
    case leavings.exit:
      return `something called process.exit(${code ?? ''})`;
    case leavings.exception:
    case leavings.rejection:
      return 'nobody caught an exception, which is in the log';
    default:
      return `it was ended from outside or by V8${code === undefined ? '' : ` (exit code ${code})`}; see the log`;
  }
}
