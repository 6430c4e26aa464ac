// The module that a CPU thread is given by URL: it brings services, codecs, clients and the log to the scheduler's loop.

import type { Random } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import { connectLogger, type LogWorkerSide } from '../runtime/log/thread-logger.ts';
import type { ClientSettings, ServiceSettings } from '../runtime/settings.ts';
import type { HostedThread } from '../scheduler/host-module.ts';
import type { ServedRow } from '../scheduler/thread-pool.ts';
import { ThreadCarrier } from './thread-carrier.ts';
import { hostServices } from './thread-host.ts';
import { ThreadIo } from './thread-io.ts';

/** What main gives every CPU thread; plain data and shared memory. */
export interface CpuHostData {
  services: ServiceSettings[];
  clients: ClientSettings[];
  ioThreads: number;
  log: LogWorkerSide;
}

/** HostModule.hostThread. */
export async function hostThread(thread: HostedThread, data: unknown, random: Random): Promise<ServedRow[]> {
  const { services, clients, ioThreads, log: logSide } = data as CpuHostData;
  const log = connectLogger(logSide).component('services');
  const io = new ThreadIo(thread.endpoint, systemClock, random, log);
  const carrier = new ThreadCarrier(thread.endpoint, clients, io, undefined, ioThreads);
  return hostServices(thread, services, carrier, log, {
    turn: () => io.flush(),
    onCancels: () => {},
    onGo: (methods) => carrier.setMethods(methods),
    onDrain: () => {},
    onStop: () => {
      io.logCounts();
      void carrier.close();
    },
  });
}
