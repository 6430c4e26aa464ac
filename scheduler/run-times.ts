// RunTimes: how long the requests of each method run on this thread, for all who want to know: adaptive limits (ServiceLoads),
// LateStarts, and the canary that is under way (CanaryRuns). The RequestRunner tells it of rows and of ends.

import type { FiberExit } from '../runtime/fiber/context.ts';
import { type ServiceLoad, ServiceLoads } from '../runtime/shared/service-loads.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import { CanaryRuns } from './canary-runs.ts';
import { LateStarts } from './late-starts.ts';
import type { RunningRequest } from './running-request.ts';

export class RunTimes {
  readonly lateStarts = new LateStarts();
  readonly #canaryRuns: CanaryRuns;
  readonly #thread: number;
  /** By method index; of services whose load somebody looks at. */
  readonly #loads: (ServiceLoad | undefined)[] = [];

  /** `queue`: that the thread takes from. */
  constructor(queue: string, thread: number) {
    this.#canaryRuns = new CanaryRuns(queue, thread);
    this.#thread = thread;
  }

  setRow(row: MethodRow): void {
    const { index, bounds, column } = row;
    const isCounted = bounds?.isCounted === true;
    this.#loads[index] = isCounted ? new ServiceLoads(bounds.loads).of(this.#thread, column) : undefined;
    this.lateStarts.setRow(row);
    this.#canaryRuns.setRow(row);
  }

  /** Where the wait and the run of a request of this method are counted; undefined: nowhere. */
  load(method: number): ServiceLoad | undefined {
    return this.#loads[method];
  }

  ended(request: RunningRequest, exit: FiberExit<unknown>): void {
    if (request.load !== undefined) request.load.end(exit.atMs - request.startedMs);
    this.lateStarts.ended(request, exit);
    this.#canaryRuns.ended(request, exit);
  }
}
