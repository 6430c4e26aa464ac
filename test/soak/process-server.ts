// The server of one of the soak's processes, and what it does for the control channel: it ends threads, throws switches,
// and tells what it holds.

import { readdirSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { exitCodes } from '../../cli/exit-codes.ts';
import type { Guarded } from '../../cli/guarded.ts';
import { onStopSignals } from '../../cli/stop-signals.ts';
import { Server } from '../../net/server/server.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { type DeathRecord, shareRecord } from '../faults/deaths/services/record.ts';
import { Reaper } from '../faults/deaths/storm.ts';
import { allPools, eager, goingThreads, held, settingsOf } from '../faults/rig.ts';
import { probeMemory, switchMemoryProbeOn } from '../faults/services/memory-probe.ts';
import { type PoolName, threadsOf } from './config.ts';
import { type Ask, type Holdings, onMessages, type Role, type ToProcess, tell } from './control.ts';
import { setSwitch, shareSwitches } from './services/switches.ts';

/** How long threads may take to tell their memory, ms. */
const probeWithinMs = 30_000;

export interface ServeOptions {
  role: Role;
  control: Socket;
  yaml: string;
  seed: number;
  guarded: Guarded | undefined;
}

export async function serve({ role, control, yaml, seed, guarded }: ServeOptions): Promise<void> {
  const settings = settingsOf(yaml);
  await guarded?.settings(settings.guardian);
  switchMemoryProbeOn();
  shareSwitches();
  const record = shareRecord(seed);
  // Ends those threads from outside that stand still at an instant of theirs.
  new Reaper(record, seededRandom(seed));
  const server = new Server(settings, { restart: eager });
  const subject = new Subject(server, record);
  onStopSignals(
    systemClock,
    async () => {
      guarded?.stopping();
      process.exit((await server.stop()) ? exitCodes.ok : exitCodes.cutOff);
    },
    guarded,
  );
  await server.start();
  guarded?.ready();
  onMessages<ToProcess>(control, async ({ ask, ...what }) => {
    tell(control, { answer: ask, value: await subject.do(what) });
  });
  tell(control, { hello: role, pid: process.pid, seed });
}

class Subject {
  readonly #server: Server;
  readonly #record: DeathRecord;
  #probes = 0;
  /** The numbers of threads up to this have memory, whether they are in use or not. */
  #numberMax = 0;

  /** Before the server starts. */
  constructor(server: Server, record: DeathRecord) {
    this.#server = server;
    this.#record = record;
    const { supervisor } = server;
    const take = supervisor.takeNumber.bind(supervisor);
    supervisor.takeNumber = () => {
      const number = take();
      this.#numberMax = Math.max(this.#numberMax, number);
      return number;
    };
  }

  do(ask: Ask): unknown {
    switch (ask.do) {
      case 'whole':
        return this.#pool(ask.pool).size === threadsOf[ask.pool];
      case 'terminate':
        return this.#terminate(ask.pool, ask.pick, ask.afterMs);
      case 'switch':
        setSwitch(ask.name, ask.value);
        return true;
      case 'arm':
        this.#record.armed = ask.on;
        return true;
      case 'rest':
        return this.#rest(ask.withinMs, ask.connectionsMax);
    }
  }

  /** False: no thread of the pool serves now. */
  async #terminate(name: PoolName, pick: number, afterMs: number): Promise<boolean> {
    const living = goingThreads(this.#pool(name));
    const victim = living[Math.floor(pick * living.length)]?.worker;
    await later(afterMs);
    void victim?.terminate();
    return victim !== undefined;
  }

  #pool(name: PoolName): ThreadPool {
    return allPools(this.#server).find((one) => one.name === name)!;
  }

  async #rest(withinMs: number, connectionsMax: number): Promise<Holdings> {
    const endMs = performance.now() + withinMs;
    while (this.#restless(connectionsMax).length > 0 && performance.now() < endMs) await later(20);
    const { usedBytes, silent } = await this.#usedBytes();
    const files = openFileNames();
    const sockets = files.filter((name) => name.startsWith('socket:')).length;
    const { supervisor } = this.#server;
    const pools = allPools(this.#server);
    return {
      pid: process.pid,
      restless: [...this.#restless(connectionsMax), ...silent.map((name) => `thread ${name} does not answer`)],
      threadNumbers: supervisor.numbersInUse,
      threads: pools.reduce((sum, pool) => sum + pool.size, 0),
      sockets,
      otherFiles: files.length - sockets,
      usedBytes,
      residentBytes: process.memoryUsage.rss(),
      restarts: Object.fromEntries(pools.map(({ name, restarts }) => [name, restarts])),
    };
  }

  #restless(connectionsMax: number): string[] {
    const { settings, supervisor, acceptor } = this.#server;
    const threads = settings.io.threads + settings.pools.reduce((sum, pool) => sum + pool.threads, 0);
    const going = allPools(this.#server).reduce((sum, pool) => sum + pool.size, 0);
    const connections = acceptor.ledger.size;
    return [
      ...(going === threads ? [] : [`${going} of ${threads} threads serve`]),
      ...(supervisor.numbersInUse === threads ? [] : [`${supervisor.numbersInUse} thread numbers are in use`]),
      ...(supervisor.isQuiet ? [] : ['something runs or waits in a queue']),
      ...(connections <= connectionsMax ? [] : [`${connections} connections, at most ${connectionsMax} are wanted`]),
      ...Object.entries({ ...held(this.#server), waiting: acceptor.waiting }).flatMap(([what, count]) =>
        count === 0 ? [] : [`${count} ${what} held`],
      ),
    ];
  }

  /** After a collection, without those of pool `guarded`; and the names of threads that did not tell. */
  async #usedBytes(): Promise<{ usedBytes: number; silent: string[] }> {
    // A collection on many threads at once takes as long as a stall where cores are few.
    const told = allPools(this.#server).filter(({ name }) => name !== ('guarded' satisfies PoolName));
    const threads = told.flatMap((pool) => goingThreads(pool));
    const used = await probeMemory(++this.#probes, threads.length, probeWithinMs);
    const silent = threads.filter(({ worker }) => worker !== undefined && !used.has(worker.threadId));
    const bytes = [...used.values()].reduce((sum, one) => sum + one, 0);
    return { usedBytes: bytes - this.#sharedBytes(), silent: silent.map(({ name }) => name) };
  }

  /** Queues, tables and arenas: most of what the process holds, and only more when more threads died at once than before. */
  #sharedBytes(): number {
    const { supervisor } = this.#server;
    let bytes = supervisor.pools.reduce((sum, { memory }) => sum + memory.byteLength, 0);
    for (let number = 1; number <= this.#numberMax; number++) {
      const { arena, table } = supervisor.memory(number);
      bytes += arena.byteLength + table.byteLength;
    }
    return bytes;
  }
}

function openFileNames(): string[] {
  return readdirSync('/proc/self/fd').flatMap((file) => {
    try {
      return [readlinkSync(`/proc/self/fd/${file}`)];
    } catch {
      // The one that read the folder.
      return [];
    }
  });
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
