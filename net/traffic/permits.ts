// Permits: forwarded calls count against `limits.requests` as all requests from sockets do. On an IO thread.

import type { Route } from '../../runtime/shared/asker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { Permits } from './forward.ts';

export function forwardPermits({ asker, clock, pools }: ThreadEndpoint): Permits {
  // They leave the process, as outgoing calls do; no method of this process counts them, and no service bounds them.
  const pool = [...pools.values()].find(({ calls }) => calls)!;
  const route: Route = { pool, method: 0, column: 0, maxConcurrency: 0, service: 'forward' };
  return { enter: (head) => asker.enter(route, head, clock.nowMs()), leave: () => asker.leave(route) };
}
