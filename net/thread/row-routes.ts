// rowRoutes: a row of the method table as routes on one thread: where calls of the method go, and where those go that a canary
// gets of them. Made anew at each turn of the table; a call only looks whether there is a canary.

import type { Random } from '../../runtime/clock.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import type { AskerBounds } from '../../runtime/shared/asker-bounds.ts';
import { canarySides, trialOf } from '../../runtime/shared/canary-counts.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';

export interface RowRoutes {
  readonly route: Route;
  /** A share of the calls takes this one. */
  readonly canary: Route | undefined;
  /** 0 to 1. */
  readonly share: number;
}

export function rowRoutes(endpoint: ThreadEndpoint, row: MethodRow): RowRoutes {
  const route = endpoint.route(row);
  const { canary } = row;
  if (canary === undefined) return { route, canary: undefined, share: 0 };
  route.trial = trialOf(canary, canarySides.old, endpoint.number);
  const next = endpoint.route({ ...row, queue: canary.queue });
  next.trial = trialOf(canary, canarySides.new, endpoint.number);
  next.share = { column: canary.column, max: canary.maxConcurrency };
  // What the canary's own handlers call stays in it.
  if (endpoint.takesFrom(canary.queue)) return { route: next, canary: undefined, share: 0 };
  return { route, canary: next, share: canary.percent / 100 };
}

/** Where one call goes. What is beyond the canary's share of the permits the code in use takes: new code may hang. */
export function drawRoute({ route, canary, share }: RowRoutes, random: Random, bounds: AskerBounds): Route {
  return canary !== undefined && random() < share && !bounds.isShareFull(canary) ? canary : route;
}

/** By service and method, without those that are gone; a service stays known when its last method is. */
export function routeMap<Entry>(
  rows: readonly MethodRow[],
  entryOf: (row: MethodRow) => Entry,
): Map<string, Map<string, Entry>> {
  const services = new Map<string, Map<string, Entry>>();
  for (const row of rows) {
    let methods = services.get(row.service);
    if (methods === undefined) {
      methods = new Map();
      services.set(row.service, methods);
    }
    if (row.gone !== true) methods.set(row.method, entryOf(row));
  }
  return services;
}
