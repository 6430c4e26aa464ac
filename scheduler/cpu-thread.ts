// The CPU thread's main: piscina calls this once per thread; it ends when main says stop. It makes the thread's place in
// the process, loads the host module (services and codecs, from above) and lets requests run as fibers.

import { threadId } from 'node:worker_threads';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { lastWords } from '../runtime/last-words.ts';
import { LoadedFiles } from '../runtime/loaded-files.ts';
import { processorWait } from '../runtime/processor-wait.ts';
import type { CpuThreadTask } from './cpu-spawner.ts';
import type { HostModule } from './host-module.ts';
import { RequestRunner } from './request-runner.ts';
import { tellStart } from './tell-start.ts';

/** A task that is none: see cpu-spawner.ts. */
export function nothing(): void {}

/**
 * A named export, and none that is the default: piscina requires this module, and for a default export Node's
 * `require` makes a facade module, which aborts the whole process when the thread is terminated right then.
 */
export function cpuThread(task: CpuThreadTask): Promise<void> {
  const { init, control, bounds, hostUrl, hostData } = task;
  return new Promise((stopped) => {
    const runner = new RequestRunner(init, bounds, control, systemClock, () => stopped(), processorWait());
    lastWords(runner.endpoint.board, init.number, systemClock);
    // Before anything that may not end: from here on main can end this thread and sees its death.
    runner.endpoint.tell({ type: 'born', threadId });
    const { kept } = init;
    const loads = new LoadedFiles({ tell: (message) => runner.endpoint.tell(message), clock: systemClock, kept });
    const loading = import(hostUrl)
      .then((module: HostModule) => {
        // From before the first module of a user's: all before it are Heddle's own.
        loads.watch();
        return module.hostThread(runner, hostData, systemRandom);
      })
      .finally(() => loads.flush());
    void tellStart(runner.endpoint, init, loading);
  });
}
