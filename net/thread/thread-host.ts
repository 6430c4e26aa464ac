// hostServices: loads services into a thread that runs requests, on CPU threads and, for pool `io`, on IO threads.

import { systemRandom } from '../../runtime/clock.ts';
import { ThreadGates } from '../../runtime/gates/thread-gates.ts';
import type { JobSettings } from '../../runtime/jobs.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ServiceSettings } from '../../runtime/settings.ts';
import type { StrategyThread, StrategyThreadModule } from '../../runtime/strategies.ts';
import type { BodyCompression, HostedThread, ThreadExtension } from '../../scheduler/host-module.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';
import type { ThreadAround } from '../filters/thread-around.ts';
import { jobProcessor } from '../jobs/job-processor.ts';
import { loadServices } from '../service/load-services.ts';
import type { MethodProcessor } from '../service/processor.ts';
import type { ThreadCarrier } from './thread-carrier.ts';

/** What main gives a thread of its strategies. */
export interface BornStrategies {
  threadUrl: string;
  birth: unknown;
}

/** What a thread serves, and with what. */
export interface Hosting {
  services: readonly ServiceSettings[];
  /** That run on this thread's pool. */
  jobs: readonly JobSettings[];
  carrier: ThreadCarrier;
  /** What lies around requests and calls. */
  around: ThreadAround;
  /** Undefined: bodies are neither compressed nor decompressed here. */
  compression: BodyCompression | undefined;
  strategies: BornStrategies | undefined;
  extension: ThreadExtension;
  log: Logger;
}

/** Resolves with what the modules serve. Throws HeddleError naming each module that is wrong and why. */
export async function hostServices(thread: HostedThread, hosting: Hosting): Promise<ServedRow[]> {
  const { services, jobs, carrier, around, compression, strategies, extension, log } = hosting;
  const hosted = await loadStrategies(thread, strategies, log);
  const processors = new Map<string, MethodProcessor>();
  for (const processor of await loadServices(services, around.chainOf)) {
    processors.set(`${processor.service}/${processor.method}`, processor);
  }
  const { asker } = thread.endpoint;
  const tasks = await jobProcessor(jobs, (news) => thread.endpoint.tell({ type: 'job', news }));
  thread.host(
    {
      processors,
      tasks,
      calls: around.calls(carrier),
      log,
      strategies: hosted,
      compression,
      observer: around.tracing,
      gates: new ThreadGates(thread.endpoint.clock, systemRandom),
      onLocalReply: (method, latencyMs, code) => asker.countAnswered(method, latencyMs, code),
    },
    extension,
  );
  return [...processors.values()].map(({ service, method, reads, oneWay, example }) => {
    return { service, method, reads, oneWay, example };
  });
}

/** Undefined: the process has none. */
async function loadStrategies(
  { endpoint }: HostedThread,
  strategies: BornStrategies | undefined,
  log: Logger,
): Promise<StrategyThread | undefined> {
  if (strategies === undefined) return undefined;
  const module = (await import(strategies.threadUrl)) as StrategyThreadModule;
  return module.hostStrategies(strategies.birth, {
    name: endpoint.name,
    clock: endpoint.clock,
    random: systemRandom,
    log,
    eventLoopUtilization: () => performance.eventLoopUtilization(),
    tell: (message) => endpoint.tell({ type: 'strategies', message }),
  });
}
