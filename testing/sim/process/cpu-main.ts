// The main of a simulated CPU thread: what scheduler/cpu-thread.ts and net/thread/cpu-host.ts do, without piscina, log thread
// and plugins.

import type { MessagePort } from 'node:worker_threads';
import { addBuiltInCodecs } from '../../../net/codec/built-in-codecs.ts';
import { ThreadAround } from '../../../net/filters/thread-around.ts';
import { ThreadCarrier } from '../../../net/thread/thread-carrier.ts';
import { type BornStrategies, hostServices } from '../../../net/thread/thread-host.ts';
import { ThreadIo } from '../../../net/thread/thread-io.ts';
import { lastWords } from '../../../runtime/last-words.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import { installPlugins } from '../../../runtime/plugins/install.ts';
import type { PluginModule } from '../../../runtime/plugins/plan.ts';
import type { Settings } from '../../../runtime/settings.ts';
import type { MethodRow, ThreadInit } from '../../../runtime/thread-control.ts';
import { RequestRunner } from '../../../scheduler/request-runner.ts';
import { tellStart } from '../../../scheduler/tell-start.ts';
import { type ThreadDoor, thisThread } from './thread-door.ts';

export interface CpuBirth {
  init: ThreadInit;
  control: MessagePort;
  settings: Settings;
  pool: string;
  strategies: BornStrategies | undefined;
  plugins: readonly PluginModule[];
}

export function main(door: ThreadDoor, birth: CpuBirth): void {
  const { init, control, settings, pool } = birth;
  thisThread.door = door;
  addBuiltInCodecs();
  const { maxFibers, maxNested, cancelGraceMs } = settings.pools.find(({ name }) => name === pool)!;
  const bounds = { pool, maxFibers, maxNested, cancelGraceMs };
  const runner = new RequestRunner(
    init,
    bounds,
    control,
    door.clock,
    () => door.stopped(),
    () => 0,
  );
  lastWords(runner.endpoint.board, init.number, door.clock);
  door.onRunner(runner);
  runner.endpoint.tell({ type: 'born', threadId: door.thread.index + 1 });
  // A simulated thread compiles nothing.
  void tellStart(runner.endpoint, {}, host(door, runner, birth));
}

async function host({ clock, random, log, openSocket }: ThreadDoor, runner: RequestRunner, birth: CpuBirth) {
  const { settings, pool, strategies, plugins: modules } = birth;
  const { endpoint } = runner;
  const { clients, filters, io } = settings;
  const services = settings.services.filter((service) => service.pool === pool);
  const threadIo = new (class extends ThreadIo {
    override openSocket = openSocket;
  })(endpoint, clock, random, log);
  const carrier = new ThreadCarrier(endpoint, clients, threadIo, undefined, io.threads);
  const extensions = new ThreadExtensions();
  const logger = () => log;
  const place = { kind: 'cpu', name: endpoint.name, logger, clock } as const;
  const plugins = await installPlugins(modules, place, (plugin) => extensions.cpuPoints(plugin));
  carrier.watchNames(extensions.namings);
  const around = new ThreadAround({
    ...place,
    extensions,
    filters,
    services,
    jobs: [],
    clients,
    random,
  });
  const extension = {
    turn: () => threadIo.flush(),
    onCancels: () => {},
    onTable: (methods: MethodRow[]) => carrier.setMethods(methods),
    onDrain: () => plugins.drain(),
    onStop: () => {
      void carrier.close();
      return around.close().then(() => plugins.dispose());
    },
  };
  const hosting = {
    services,
    jobs: [],
    carrier,
    around,
    compression: undefined,
    strategies,
    extension,
    log,
  };
  return hostServices(runner, hosting);
}
