// The IO thread's main (a worker_thread): it owns sockets. Connections come from the acceptor, requests go through its
// dispatcher to the pools' queues, replies come back over completion rings and go out in one write per connection per
// turn. It runs no handler, but those of pool `io`.

import { type MessagePort, parentPort, threadId, workerData } from 'node:worker_threads';
import { systemClock, systemRandom } from '../../runtime/clock.ts';
import type { JobRun } from '../../runtime/jobs.ts';
import { lastWords } from '../../runtime/last-words.ts';
import type { LiveSettings } from '../../runtime/live-settings.ts';
import { LoadedFiles } from '../../runtime/loaded-files.ts';
import { connectLogger, type LogWorkerSide, type RootLogger } from '../../runtime/log/thread-logger.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ThreadExtensions } from '../../runtime/plugins/extensions.ts';
import { type InstalledPlugins, installPlugins } from '../../runtime/plugins/install.ts';
import type { PluginModule } from '../../runtime/plugins/plan.ts';
import type { Protocol, ProtocolConnection } from '../../runtime/plugins/protocol.ts';
import { processorWait } from '../../runtime/processor-wait.ts';
import type { BindingSettings, Settings } from '../../runtime/settings.ts';
import { processEnds } from '../../runtime/shared/asker-refusals.ts';
import { board as boardWord } from '../../runtime/shared/layout.ts';
import type { MethodRow, ThreadInit } from '../../runtime/thread-control.ts';
import type { ConnectionRow } from '../../runtime/thread-report.ts';
import type { ThreadExtension } from '../../scheduler/host-module.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';
import { RequestRunner } from '../../scheduler/request-runner.ts';
import { tellStart } from '../../scheduler/tell-start.ts';
import { arrivedSocket, type MovedSocket } from '../accept/accepted-connection.ts';
import type { Listener } from '../accept/listener.ts';
import { ThreadAround } from '../filters/thread-around.ts';
import { JobCarrier } from '../jobs/job-carrier.ts';
import { listenerLimits } from '../limiters/limited-calls.ts';
import { forwardPermits } from '../traffic/permits.ts';
import { ThreadTraffic } from '../traffic/thread-traffic.ts';
import { IoDispatcher } from './dispatcher.ts';
import { IoHost } from './io-host.ts';
import { ListenerDispatcher } from './listener-dispatcher.ts';
import { openProtocol } from './open-protocol.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import { ThreadCarrier } from './thread-carrier.ts';
import { type BornStrategies, hostServices } from './thread-host.ts';

/** What an IO thread is born with. */
export interface IoThreadData {
  init: ThreadInit;
  control: MessagePort;
  settings: Settings;
  /** Connections name theirs by index. */
  listeners: Listener[];
  /** Names the process in copies of calls. */
  copier: string;
  log: LogWorkerSide;
  /** In the order of installation. */
  plugins: readonly PluginModule[];
  strategies: BornStrategies | undefined;
}

/** A connection on its way from the acceptor. */
export interface HandedConnection {
  moved: MovedSocket;
  listener: number;
  connection: number;
}

/** How often a draining thread looks whether everything has ended, ms. */
const drainLookMs = 10;

/** A connection, with what the admin wants to know of it. */
interface OpenConnection {
  readonly accepted: ProtocolConnection;
  readonly listener: number;
  readonly peerIp: string;
  readonly peerPort: number;
  /** Of the listener; the config may have said 0. */
  readonly port: number;
  readonly sinceMs: number;
}

class IoThread implements ThreadExtension {
  readonly #data: IoThreadData;
  readonly #runner: RequestRunner;
  readonly #dispatcher: IoDispatcher;
  readonly #host: IoHost;
  readonly #rootLog: RootLogger;
  readonly #log: Logger;
  readonly #carrier: ThreadCarrier;
  readonly #outgoing: OutgoingCalls;
  readonly #jobs: JobCarrier;
  readonly #traffic: ThreadTraffic;
  readonly #extensions = new ThreadExtensions();
  /** Of each listener, for connections that come. */
  #bindings: readonly BindingSettings[];
  /** One for each listener; known once the plugins are installed. */
  #protocols: Protocol[] = [];
  readonly #connections = new Map<number, OpenConnection>();
  #opened: number[] = [];
  #closed: number[] = [];
  #drainTimer: unknown;
  #plugins: InstalledPlugins | undefined;
  #around: ThreadAround | undefined;

  constructor(data: IoThreadData) {
    this.#data = data;
    const { init, control, settings } = data;
    const { maxFibers, maxNested, cancelGraceMs } = settings.io;
    this.#rootLog = connectLogger(data.log);
    this.#log = this.#rootLog.component('io');
    const bounds = { pool: 'io', maxFibers, maxNested, cancelGraceMs };
    this.#runner = new RequestRunner(init, bounds, control, systemClock, () => process.exit(0), processorWait());
    const { endpoint } = this.#runner;
    lastWords(endpoint.board, init.number, systemClock);
    this.#dispatcher = new IoDispatcher(this.#runner, systemClock, systemRandom);
    this.#host = new IoHost(endpoint, this.#dispatcher, settings.io.memoryBytes, systemClock, systemRandom, this.#log);
    this.#carrier = new ThreadCarrier(endpoint, settings.clients, this.#host, this.#dispatcher);
    this.#outgoing = new OutgoingCalls(endpoint, this.#carrier.channels);
    this.#jobs = new JobCarrier(endpoint);
    const { listeners, copier } = data;
    this.#bindings = listeners.map(({ binding }) => binding);
    this.#traffic = new ThreadTraffic(this.#host, forwardPermits(endpoint), listeners.length, copier);
    parentPort!.on('message', (handed: HandedConnection) => this.#accept(handed));
  }

  /** Installs the plugins, loads the services of pool `io`, then says `ready`. */
  async start(): Promise<void> {
    const { endpoint } = this.#runner;
    endpoint.tell({ type: 'born', threadId });
    const { kept } = this.#data.init;
    const loads = new LoadedFiles({ tell: (message) => endpoint.tell(message), clock: systemClock, kept });
    loads.watch();
    const loading = this.#load().finally(() => loads.flush());
    await tellStart(endpoint, this.#data.init, loading);
  }

  async #load(): Promise<ServedRow[]> {
    const { init, settings, plugins, strategies } = this.#data;
    const services = settings.services.filter(({ pool }) => pool === 'io');
    const logger = (component: string): Logger => this.#rootLog.component(component);
    const thread = { kind: 'io', name: init.name, logger, clock: systemClock } as const;
    this.#plugins = await installPlugins(plugins, thread, (plugin) => this.#extensions.ioPoints(plugin));
    this.#host.compressors = this.#extensions.compressors.all;
    this.#carrier.watchNames(this.#extensions.namings);
    this.#protocols = await this.#openProtocols();
    const { filters, clients } = settings;
    const jobs = settings.jobs.filter(({ pool }) => pool === 'io');
    const own = { random: systemRandom, extensions: this.#extensions, filters, services, jobs, clients };
    this.#around = new ThreadAround({ ...thread, ...own });
    return hostServices(this.#runner, {
      services,
      jobs,
      carrier: this.#carrier,
      around: this.#around,
      // It would hold up the sockets of the thread.
      compression: undefined,
      strategies,
      extension: this,
      log: this.#log,
    });
  }

  turn(): boolean {
    const took = this.#outgoing.turn();
    const flushed = this.#host.flush();
    if (this.#opened.length > 0 || this.#closed.length > 0) {
      this.#runner.endpoint.tell({ type: 'connections', opened: this.#opened, closed: this.#closed });
      this.#opened = [];
      this.#closed = [];
    }
    return took || flushed;
  }

  onCancels(): void {
    this.#outgoing.onCancels();
  }

  onTable(methods: MethodRow[]): void {
    this.#dispatcher.setMethods(methods);
  }

  onLive({ traffic, bounds }: LiveSettings): void {
    this.#traffic.set(traffic);
    if (bounds === undefined) return;
    this.#bindings = bounds.listeners;
    this.#host.setMemory(bounds.ioMemoryBytes);
    this.#carrier.setClients(bounds.clients);
  }

  onJob(run: JobRun): void {
    this.#jobs.carry(run);
  }

  onDrain(): void {
    this.#dispatcher.serving = false;
    this.#plugins?.drain();
    for (const { accepted } of [...this.#connections.values()]) accepted.drain();
    const look = (): void => {
      if (this.#isEmpty()) this.#runner.endpoint.tell({ type: 'drained' });
      else this.#drainTimer = systemClock.setTimer(drainLookMs, look);
    };
    look();
  }

  onStop(): Promise<void> {
    // What was not finished within stop.timeout is answered all the same, as far as the sockets take it at once.
    this.#runner.endpoint.asker.endAll();
    this.#traffic.endAll(processEnds);
    this.#runner.endLocal();
    this.#host.flush();
    if (this.#drainTimer !== undefined) systemClock.clearTimer(this.#drainTimer);
    for (const { accepted } of [...this.#connections.values()]) accepted.destroy();
    for (const protocol of this.#protocols) protocol.close();
    this.#host.logCounts();
    return this.#close();
  }

  connections(): ConnectionRow[] {
    const nowMs = systemClock.nowMs();
    return Array.from(this.#connections, ([connection, open]) => {
      const { accepted, listener, peerIp, peerPort, port, sinceMs } = open;
      const { protocol, host } = this.#data.listeners[listener]!.binding;
      return {
        connection,
        peer: hostPort(peerIp, peerPort),
        listener: `${protocol}://${hostPort(host, port)}`,
        ageMs: Math.round(nowMs - sinceMs),
        idle: accepted.idle,
      };
    });
  }

  #openProtocols(): Promise<Protocol[]> {
    const limitsOf = listenerLimits(
      this.#data.settings.services,
      this.#extensions.limiters,
      this.#host,
      this.#dispatcher,
    );
    return Promise.all(
      this.#data.listeners.map(({ binding, services }, index) => {
        const { protocol, host, port } = binding;
        const address = `${protocol}://${hostPort(host, port)}`;
        const definition = this.#extensions.protocols.need(protocol, address);
        const limited = limitsOf(services, address);
        const dispatcher = new ListenerDispatcher(this.#dispatcher, services, this.#traffic, index, limited);
        return openProtocol(definition, this.#host.behind(dispatcher));
      }),
    );
  }

  #isEmpty(): boolean {
    return (
      this.#connections.size === 0 &&
      this.#runner.endpoint.asker.inFlight === 0 &&
      this.#runner.fibers === 0 &&
      this.#outgoing.size === 0 &&
      this.#traffic.inFlight === 0
    );
  }

  #accept({ moved, listener, connection }: HandedConnection): void {
    const binding = this.#bindings[listener]!;
    const socket = arrivedSocket(moved);
    // Read now: the protocol takes the socket's handle away.
    const { remoteAddress: peerIp = '', remotePort: peerPort = 0, localPort: port = binding.port } = socket;
    this.#opened.push(connection);
    this.#runner.endpoint.wake();
    let open = true;
    const accepted = this.#protocols[listener]!.accept(socket, binding, () => {
      open = false;
      this.#connections.delete(connection);
      this.#closed.push(connection);
      this.#gauge();
      this.#runner.endpoint.wake();
    });
    if (!open) return;
    const sinceMs = systemClock.nowMs();
    this.#connections.set(connection, { accepted, listener, peerIp, peerPort, port, sinceMs });
    this.#gauge();
    if (!this.#dispatcher.serving) accepted.drain();
  }

  #gauge(): void {
    const { board } = this.#runner.endpoint;
    board.setGauge(this.#data.init.number, boardWord.connections, this.#connections.size);
  }

  /** What tracers still have goes out before their plugins do. */
  async #disposePlugins(): Promise<void> {
    await this.#around?.close();
    await this.#plugins?.dispose();
  }

  /** Never rejects. */
  async #close(): Promise<void> {
    await Promise.allSettled([this.#carrier.close(), this.#traffic.close(), this.#disposePlugins()]);
  }
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

await new IoThread(workerData as IoThreadData).start();
