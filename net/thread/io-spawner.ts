// IO threads: plain worker_threads, each a main loop of its own (io-thread.ts).

import { Worker } from 'node:worker_threads';
import { systemRandom } from '../../runtime/clock.ts';
import type { LogWorkerSide } from '../../runtime/log/thread-logger.ts';
import type { Logger } from '../../runtime/logger.ts';
import { moduleUrl } from '../../runtime/module-url.ts';
import type { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';
import type { Spawner } from '../../scheduler/pool-thread.ts';
import { youngMebibytes } from '../../scheduler/young-generation.ts';
import type { Listener } from '../accept/listener.ts';
import { newCopier } from '../traffic/marks.ts';
import type { IoThreadData } from './io-thread.ts';
import type { BornStrategies } from './thread-host.ts';

export function ioSpawner(
  settings: Settings,
  listeners: Listener[],
  logSide: (init: ThreadInit) => { side: LogWorkerSide; detach: () => void },
  log: Logger,
  plugins: ProcessPlugins,
  strategies: (number: number) => BornStrategies | undefined,
): Spawner {
  const copier = newCopier(systemRandom);
  return (init, control) => {
    const { side, detach } = logSide(init);
    const workerData: IoThreadData = {
      init,
      control,
      settings,
      listeners,
      copier,
      log: side,
      plugins: plugins.of('io'),
      strategies: strategies(init.number),
    };
    const worker = new Worker(moduleUrl('./io-thread', import.meta.url), {
      name: `heddle ${init.name}`,
      workerData,
      transferList: [control],
      resourceLimits: { maxYoungGenerationSizeMb: youngMebibytes },
    });
    let failure: unknown;
    let exitCode: number | undefined;
    worker.on('error', (error: unknown) => {
      failure = error;
      log.error({ thread: init.name, err: error }, 'the thread failed');
    });
    return {
      worker: () => worker,
      exited: new Promise((resolve) => {
        worker.once('exit', (code) => {
          exitCode = code;
          detach();
          resolve();
        });
      }),
      failure: () => failure,
      exitCode: () => exitCode,
      // Its Worker ends with its work anyway.
      endAlone: () => {},
    };
  };
}
