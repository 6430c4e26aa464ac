// The main of a simulated IO thread: what net/thread/io-thread.ts does, for listeners of the heddle protocol alone, without
// plugins, jobs and traffic.

import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { addBuiltInCodecs } from '../../../net/codec/built-in-codecs.ts';
import { ThreadAround } from '../../../net/filters/thread-around.ts';
import { heddleProtocol } from '../../../net/protocol/heddle/heddle-protocol.ts';
import { IoDispatcher } from '../../../net/thread/dispatcher.ts';
import { IoHost } from '../../../net/thread/io-host.ts';
import { OutgoingCalls } from '../../../net/thread/outgoing-calls.ts';
import { ThreadCarrier } from '../../../net/thread/thread-carrier.ts';
import { type BornStrategies, hostServices } from '../../../net/thread/thread-host.ts';
import { lastWords } from '../../../runtime/last-words.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import { type InstalledPlugins, installPlugins } from '../../../runtime/plugins/install.ts';
import type { PluginModule } from '../../../runtime/plugins/plan.ts';
import type { Dispatcher, Protocol, ProtocolConnection } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings, Settings } from '../../../runtime/settings.ts';
import { board as boardWord } from '../../../runtime/shared/layout.ts';
import type { MethodRow, ThreadInit } from '../../../runtime/thread-control.ts';
import type { ThreadExtension } from '../../../scheduler/host-module.ts';
import { RequestRunner } from '../../../scheduler/request-runner.ts';
import { tellStart } from '../../../scheduler/tell-start.ts';
import { type ThreadDoor, thisThread } from './thread-door.ts';

export interface IoBirth {
  init: ThreadInit;
  control: MessagePort;
  settings: Settings;
  binding: BindingSettings;
  strategies: BornStrategies | undefined;
  plugins: readonly PluginModule[];
}

/** What the world holds of an IO thread. */
export interface SimIoThread {
  readonly dispatcher: Dispatcher;
  accept(socket: Socket): void;
}

/** How often a draining thread looks whether everything has ended, ms. */
const drainLookMs = 10;

export function main(door: ThreadDoor, birth: IoBirth): SimIoThread {
  thisThread.door = door;
  addBuiltInCodecs();
  const thread = new IoMain(door, birth);
  thread.start();
  return thread;
}

class IoMain implements ThreadExtension, SimIoThread {
  readonly dispatcher: IoDispatcher;
  readonly #door: ThreadDoor;
  readonly #birth: IoBirth;
  readonly #runner: RequestRunner;
  readonly #host: IoHost;
  readonly #carrier: ThreadCarrier;
  readonly #outgoing: OutgoingCalls;
  readonly #protocol: Protocol;
  readonly #connections = new Set<ProtocolConnection>();
  #drainTimer: unknown;
  #plugins: InstalledPlugins | undefined;

  constructor(door: ThreadDoor, birth: IoBirth) {
    const { init, control, settings } = birth;
    const { clock, random, log } = door;
    this.#door = door;
    this.#birth = birth;
    const { maxFibers, maxNested, cancelGraceMs, memoryBytes } = settings.io;
    const bounds = { pool: 'io', maxFibers, maxNested, cancelGraceMs };
    this.#runner = new RequestRunner(
      init,
      bounds,
      control,
      clock,
      () => door.stopped(),
      () => 0,
    );
    const { endpoint } = this.#runner;
    lastWords(endpoint.board, init.number, clock);
    this.dispatcher = new IoDispatcher(this.#runner, clock, random);
    this.#host = new (class extends IoHost {
      override openSocket = door.openSocket;
    })(endpoint, this.dispatcher, memoryBytes, clock, random, log);
    this.#carrier = new ThreadCarrier(endpoint, settings.clients, this.#host, this.dispatcher);
    this.#outgoing = new OutgoingCalls(endpoint, this.#carrier.channels);
    this.#protocol = heddleProtocol(this.#host);
    door.onRunner(this.#runner);
  }

  start(): void {
    const { endpoint } = this.#runner;
    endpoint.tell({ type: 'born', threadId: this.#door.thread.index + 1 });
    void tellStart(endpoint, {}, this.#hosted());
  }

  async #hosted() {
    const { endpoint } = this.#runner;
    const { settings, strategies, plugins } = this.#birth;
    const { clock, random, log } = this.#door;
    const extensions = new ThreadExtensions();
    const place = { kind: 'io', name: endpoint.name, logger: () => log, clock } as const;
    this.#plugins = await installPlugins(plugins, place, (plugin) => extensions.ioPoints(plugin));
    this.#carrier.watchNames(extensions.namings);
    const services = settings.services.filter(({ pool }) => pool === 'io');
    const { filters, clients } = settings;
    const around = new ThreadAround({
      ...place,
      extensions,
      filters,
      services,
      jobs: [],
      clients,
      random,
    });
    return hostServices(this.#runner, {
      services,
      jobs: [],
      carrier: this.#carrier,
      around,
      compression: undefined,
      strategies,
      extension: this,
      log,
    });
  }

  accept(socket: Socket): void {
    let connection: ProtocolConnection | undefined;
    let open = true;
    this.#runner.endpoint.wake();
    connection = this.#protocol.accept(socket, this.#birth.binding, () => {
      open = false;
      if (connection !== undefined) this.#connections.delete(connection);
      this.#gauge();
    });
    if (!open) return;
    this.#connections.add(connection);
    this.#gauge();
    if (!this.dispatcher.serving) connection.drain();
  }

  turn(): boolean {
    const took = this.#outgoing.turn();
    return this.#host.flush() || took;
  }

  onCancels(): void {
    this.#outgoing.onCancels();
  }

  onTable(methods: MethodRow[]): void {
    this.dispatcher.setMethods(methods);
  }

  onDrain(): void {
    this.dispatcher.serving = false;
    this.#plugins?.drain();
    for (const connection of [...this.#connections]) connection.drain();
    const look = (): void => {
      if (this.#isEmpty()) this.#runner.endpoint.tell({ type: 'drained' });
      else this.#drainTimer = this.#door.clock.setTimer(drainLookMs, look);
    };
    look();
  }

  async onStop(): Promise<void> {
    this.#runner.endpoint.asker.endAll();
    this.#runner.endLocal();
    this.#host.flush();
    if (this.#drainTimer !== undefined) this.#door.clock.clearTimer(this.#drainTimer);
    for (const connection of [...this.#connections]) connection.destroy();
    this.#protocol.close();
    await Promise.allSettled([this.#carrier.close(), this.#plugins?.dispose()]);
  }

  #isEmpty(): boolean {
    const { asker } = this.#runner.endpoint;
    const isQuiet = asker.inFlight === 0 && this.#runner.fibers === 0 && this.#outgoing.size === 0;
    return this.#connections.size === 0 && isQuiet;
  }

  #gauge(): void {
    const { board } = this.#runner.endpoint;
    board.setGauge(this.#birth.init.number, boardWord.connections, this.#connections.size);
  }
}
