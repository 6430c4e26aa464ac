// How a thread that has loaded becomes one of the process (main thread): it is linked with all others, then let go.

import type { Clock } from '../runtime/clock.ts';
import type { QuarantinedBody, ToThread } from '../runtime/thread-control.ts';
import type { PoolOptions } from './pool-options.ts';
import type { PoolThread } from './pool-thread.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * How long a new thread waits until all others say that they know it, ms. One that is busy for longer neither puts nor
 * reads meanwhile, and looks again when it has read of the new one: it must not keep the others' requests waiting.
 */
const linkWaitMs = 100;

/** `takes`: names of run queues. */
export async function joinThread(
  { number, name, control }: PoolThread,
  takes: string[],
  supervisor: Supervisor,
  clock: Clock,
): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const timer = clock.setTimer(linkWaitMs, () => waited.resolve());
  await Promise.race([supervisor.join({ number, name, takes, control }), waited.promise]);
  clock.clearTimer(timer);
}

/** With all that is in force by now: what changes later reaches it as it does all others. */
export function letGo(
  { number, control }: PoolThread,
  quarantined: QuarantinedBody[],
  { supervisor, methodRows, table, live }: PoolOptions,
): void {
  const go: ToThread = {
    type: 'go',
    table: table()!,
    counts: supervisor.methodCounters(number, methodRows()),
    clientCounts: supervisor.clientCounters(number),
    quarantined,
    live: live(),
  };
  control.postMessage(go);
}
