// hostServices: loads services into a thread that runs requests, on CPU threads and, for pool `io`, on IO threads.

import type { Logger } from '../runtime/logger.ts';
import type { ServiceSettings } from '../runtime/settings.ts';
import type { HostedThread, ThreadExtension } from '../scheduler/host-module.ts';
import type { ServedRow } from '../scheduler/pool-thread.ts';
import { fiberCalls } from './fiber-calls.ts';
import { loadServices } from './load-services.ts';
import type { MethodProcessor } from './processor.ts';
import { taskProcessor } from './task-processor.ts';
import type { ThreadCarrier } from './thread-carrier.ts';

/** Resolves with what the modules serve. Throws HeddleError naming each module that is wrong and why. */
export async function hostServices(
  thread: HostedThread,
  services: readonly ServiceSettings[],
  carrier: ThreadCarrier,
  log: Logger,
  extension: ThreadExtension,
): Promise<ServedRow[]> {
  const processors = new Map<string, MethodProcessor>();
  for (const processor of await loadServices(services)) {
    processors.set(`${processor.service}/${processor.method}`, processor);
  }
  const { asker } = thread.endpoint;
  thread.host(
    {
      processors,
      tasks: taskProcessor,
      calls: fiberCalls(carrier),
      log,
      onLocalReply: (method, latencyMs, code) => asker.countAnswered(method, latencyMs, code),
    },
    extension,
  );
  return [...processors.values()].map(({ service, method, reads, oneWay, example }) => {
    return { service, method, reads, oneWay, example };
  });
}
