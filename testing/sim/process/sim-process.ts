// SimProcess: a Heddle process in a simulation: its main thread with supervisor, pools, guards and roller, its IO and CPU
// threads, its listener in a simulated network, and the laws that it must keep. What it is asked, and what goes wrong, is the
// business of whoever made it.

import type { OnReadOpts, Socket } from 'node:net';
import type { BornStrategies } from '../../../net/thread/thread-host.ts';
import type { LiveSettings } from '../../../runtime/live-settings.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { noPlugins, type PluginModule, type PluginPlan } from '../../../runtime/plugins/plan.ts';
import type { RestartLimits } from '../../../runtime/restart-policy.ts';
import type { Settings } from '../../../runtime/settings.ts';
import type { allocateRing } from '../../../runtime/shared/completion-ring.ts';
import type { RequestRunner } from '../../../scheduler/request-runner.ts';
import { Draws } from '../draws.ts';
import { sourceUrl } from '../modules.ts';
import type { SimNetwork } from '../network.ts';
import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';
import { boardNames, plainNames, queueNames, ringNames } from '../word-names.ts';
import { Laws } from './laws.ts';
import type * as mainMain from './main-main.ts';
import { type ProcessThread, type SpawnerWorld, spawnerOf } from './spawner.ts';
import type { ThreadDoor } from './thread-door.ts';
import { traceLogger } from './trace-logger.ts';

export interface SimProcessOptions {
  simulation: Simulation;
  network: SimNetwork;
  /** All its services listen at the one address that they name. */
  settings: Settings;
  /** Requests in flight per asking thread, and bytes of its arena; powers of two. */
  tableEntries: number;
  arenaBytes: number;
  /** What its services are given: see ThreadDoor. */
  extrasOf: (thread: SimThread) => unknown;
  /** A thread of the process has stopped, and nothing of it moves any more. */
  onExit?: (thread: ProcessThread) => void;
  /** A thread of it is about to be born: nothing of it is loaded yet. */
  onThread?: (thread: SimThread) => void;
  /** Nothing can run just now. */
  onIdle?: () => void;
  /** Default: of a process that has none of it. */
  live?: LiveSettings;
  /** Series of handlers' metrics. Default 1. */
  metricSeries?: number;
  /** How long its threads poll before they park, ms. Default 0. */
  spinMs?: number;
  /** When threads that die are replaced. Default: as SimMain has it. */
  restart?: RestartLimits;
  /** What its threads install. Default: nothing. */
  plugins?: PluginPlan;
  /** How long a sleeper may lie beside work, ms. Default 0: code goes on by Heddle's own ways alone. */
  wakeMs?: number;
}

export class SimProcess implements SpawnerWorld {
  readonly settings: Settings;
  readonly main: SimThread;
  readonly processThreads = new Map<number, ProcessThread>();
  /** Threads that ended before it was told to stop. */
  deaths = 0;
  readonly #options: SimProcessOptions;
  readonly #simulation: Simulation;
  readonly #draws: Draws;
  #server: mainMain.SimMain | undefined;
  #laws: Laws | undefined;
  #stopping = false;
  #stopped = false;

  constructor(options: SimProcessOptions) {
    this.#options = options;
    this.#simulation = options.simulation;
    this.settings = options.settings;
    this.#draws = new Draws(options.simulation.seed, 'process');
    this.main = options.simulation.thread('main');
  }

  /** What its main thread is made of; after `start`. */
  get server(): mainMain.SimMain {
    return this.#server!;
  }

  get laws(): Laws {
    return this.#laws!;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Every pool has the threads that it should. */
  get isWhole(): boolean {
    return this.server.pools.every((pool) => pool.size === pool.inUse.plan.threads);
  }

  /** It has obeyed a stop: no thread of it is left but main. */
  get hasStopped(): boolean {
    return this.#stopped && this.living().length === 0;
  }

  /** Resolves when all its threads go; rejects with what keeps it from starting. */
  async start(): Promise<void> {
    let started = false;
    let failure: { reason: unknown } | undefined;
    this.onMain('starts the process', () => {
      this.#server = this.#begin();
      this.#server.start().then(
        () => {
          started = true;
        },
        (reason: unknown) => {
          failure = { reason };
        },
      );
    });
    await this.#simulation.run(() => started || failure !== undefined);
    if (failure !== undefined) throw failure.reason;
  }

  /** As on SIGTERM. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.onMain('stops the process', () => {
      this.server.stop().then(() => {
        this.#stopped = true;
        // The pools' Workers end with them.
        for (const { thread } of this.living()) thread.kill('the process has ended');
      });
    });
  }

  /** Runs on its main thread. */
  onMain(label: string, run: () => void): void {
    this.main.post('orders', label, run);
  }

  living(): ProcessThread[] {
    return [...this.processThreads.values()].filter(({ thread }) => thread.isAlive);
  }

  /** IO threads that have been let go. */
  ioThreads(): ProcessThread[] {
    const going = new Set<number>();
    for (const { number, state } of this.server.ioPool.threads) if (state === 'going') going.add(number);
    return this.living().filter(({ number, runner }) => {
      return going.has(number) && runner?.endpoint.queueOf('io') !== undefined;
    });
  }

  // What the spawner asks.

  newThread(name: string): SimThread {
    const thread = this.#simulation.thread(name);
    this.#options.onThread?.(thread);
    return thread;
  }

  after(delayMs: number, fire: () => void): void {
    this.#simulation.after(delayMs, fire);
  }

  delayMs(max: number): number {
    return this.#draws.within(0, max);
  }

  strategiesOf(number: number, pool: string): BornStrategies | undefined {
    return this.server.strategies.born(number, pool);
  }

  pluginsOf(pool: string): readonly PluginModule[] {
    return (this.#options.plugins ?? noPlugins)[pool === 'io' ? 'io' : 'cpu'];
  }

  onNumber(thread: SimThread, number: number): void {
    this.#laws?.checkNumber(thread, number);
  }

  onBorn({ thread, number }: ProcessThread): void {
    this.laws.born(thread, number);
  }

  onExit(known: ProcessThread): void {
    if (!this.#stopping) this.deaths++;
    this.#options.onExit?.(known);
    if (this.processThreads.get(known.number) === known) this.processThreads.delete(known.number);
  }

  /** Also for threads of other processes, which have nothing to run and are not told to stop. */
  door(thread: SimThread, onRunner?: (runner: RequestRunner) => void, stopped?: () => void): ThreadDoor {
    const { network, extrasOf } = this.#options;
    return {
      thread,
      clock: thread.clock,
      random: new Draws(this.#simulation.seed, `thread ${thread.index} ${thread.name}`).random,
      log: this.#logOf(thread),
      extras: extrasOf(thread),
      openSocket: (ip: string, port: number, onread: OnReadOpts) =>
        network.open(thread, ip, port, onread) as unknown as Socket,
      onRunner: onRunner ?? (() => {}),
      stopped: stopped ?? (() => {}),
    };
  }

  #begin(): mainMain.SimMain {
    const { main, settings } = this;
    const { network, tableEntries, arenaBytes, live, metricSeries, spinMs, restart, wakeMs = 0 } = this.#options;
    const simulation = this.#simulation;
    this.#nameRings();
    const { main: begin } = main.load<typeof mainMain>(sourceUrl('testing/sim/process/main-main'));
    const server = begin({
      settings,
      tableEntries,
      arenaBytes,
      clock: main.clock,
      log: this.#logOf(main),
      spawner: (pool) => spawnerOf(this, pool),
      live,
      metricSeries,
      spinMs,
      restart,
    });
    this.#nameWords(server);
    const { processThreads } = this;
    const laws = new Laws({
      isStopping: () => this.#stopping,
      simulation,
      main: server,
      processThreads,
      settings,
      wakeMs,
      ownsConnections: settings.clients.some(({ via }) => via === 'caller'),
    });
    this.#laws = laws;
    simulation.onEachOperation = (thread) => laws.checkOperation(thread);
    simulation.onIdle = () => {
      laws.checkIdle();
      this.#options.onIdle?.();
    };
    const { host, port } = settings.services[0]!.listen[0]!;
    network.listen(`${host}:${port}`, () => this.#listening());
    return server;
  }

  /** A connection goes to some IO thread that serves. */
  #listening() {
    const threads = this.#stopping ? [] : this.ioThreads();
    if (threads.length === 0) return undefined;
    const { thread, io } = this.#draws.pick(threads);
    return { thread, accept: (socket: unknown) => io!.accept(socket as Socket) };
  }

  /** Before anything of main is loaded: rings are made one by one, where nobody else sees them. */
  #nameRings(): void {
    const rings = this.main.load<{ allocateRing: typeof allocateRing }>(sourceUrl('runtime/shared/completion-ring'));
    const allocate = rings.allocateRing;
    let count = 0;
    const named: typeof allocateRing = (...sizes) => {
      const memory = allocate(...sizes);
      this.#simulation.words.add(memory, ringNames(`ring ${++count}`));
      return memory;
    };
    // Exports are not to be assigned to, here as anywhere.
    Object.defineProperty(rings, 'allocateRing', { value: named });
  }

  #nameWords({ supervisor }: mainMain.SimMain): void {
    const { words } = this.#simulation;
    const nameOf = (number: number): string => this.processThreads.get(number)?.thread.name ?? `thread ${number}`;
    words.add(supervisor.board.memory, boardNames(nameOf));
    words.add(supervisor.inflight.memory, plainNames('inflight'));
    const memoryOf = supervisor.memory.bind(supervisor);
    supervisor.memory = (number) => {
      const memory = memoryOf(number);
      words.add(memory.table, plainNames(`table of ${number}: word`));
      words.add(memory.arena, plainNames(`arena of ${number}: block`));
      return memory;
    };
    for (const { name, memory, capacity } of supervisor.pools) words.add(memory, queueNames(name, capacity));
  }

  #logOf(thread: SimThread): Logger {
    return traceLogger((line) => this.#simulation.trace(thread.name, `  ${line}`));
  }
}
