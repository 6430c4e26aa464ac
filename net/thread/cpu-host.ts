// The module that a CPU thread is given by URL: it brings services, codecs, clients and the log to the scheduler's loop.

import type { Random } from '../../runtime/clock.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { JobSettings } from '../../runtime/jobs.ts';
import type { LiveSettings } from '../../runtime/live-settings.ts';
import { connectLogger, type LogWorkerSide } from '../../runtime/log/thread-logger.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ThreadExtensions } from '../../runtime/plugins/extensions.ts';
import { installPlugins } from '../../runtime/plugins/install.ts';
import type { PluginModule } from '../../runtime/plugins/plan.ts';
import type { ClientSettings, ServiceSettings } from '../../runtime/settings.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { HostedThread } from '../../scheduler/host-module.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';
import { CompressorTable } from '../compression/compressor-table.ts';
import { ServiceCompression } from '../compression/service-compression.ts';
import { ThreadAround } from '../filters/thread-around.ts';
import { ThreadCarrier } from './thread-carrier.ts';
import { type BornStrategies, hostServices } from './thread-host.ts';
import { ThreadIo } from './thread-io.ts';

/** What main gives every CPU thread; plain data and shared memory. */
export interface CpuHostData {
  services: ServiceSettings[];
  /** Of its pool. */
  jobs: JobSettings[];
  clients: ClientSettings[];
  /** Names, around all requests and calls. */
  filters: readonly string[];
  ioThreads: number;
  log: LogWorkerSide;
  /** In the order of installation. */
  plugins: readonly PluginModule[];
  /** Undefined: the process has none, or this pool serves nothing. */
  strategies: BornStrategies | undefined;
}

/** HostModule.hostThread. */
export async function hostThread(thread: HostedThread, data: unknown, random: Random): Promise<ServedRow[]> {
  const { services, jobs, clients, filters, ioThreads, plugins: modules, strategies } = data as CpuHostData;
  const rootLog = connectLogger((data as CpuHostData).log);
  const log = rootLog.component('services');
  const io = new ThreadIo(thread.endpoint, systemClock, random, log);
  const carrier = new ThreadCarrier(thread.endpoint, clients, io, undefined, ioThreads);
  const logger = (component: string): Logger => rootLog.component(component);
  const place = { kind: 'cpu', name: rootLog.source, logger, clock: systemClock } as const;
  const extensions = new ThreadExtensions();
  const plugins = await installPlugins(modules, place, (plugin) => extensions.cpuPoints(plugin));
  try {
    const { compressors } = extensions;
    carrier.compressWith(compressors);
    carrier.watchNames(extensions.namings);
    const compression = new ServiceCompression(new CompressorTable(compressors.all), services, log);
    const around = new ThreadAround({ ...place, kind: 'cpu', random, extensions, filters, services, jobs, clients });
    const extension = {
      turn: () => io.flush(),
      onCancels: () => {},
      onTable: (methods: MethodRow[]) => {
        carrier.setMethods(methods);
        compression.setMethods(methods);
      },
      onLive: ({ bounds }: LiveSettings) => {
        if (bounds !== undefined) carrier.setClients(bounds.clients);
      },
      onDrain: () => plugins.drain(),
      onStop: () => {
        io.logCounts();
        void carrier.close();
        return around.close().then(() => plugins.dispose());
      },
    };
    const hosting = { services, jobs, carrier, around, compression, strategies, extension, log };
    return await hostServices(thread, hosting);
  } catch (reason) {
    void carrier.close();
    await plugins.dispose();
    throw reason;
  }
}
