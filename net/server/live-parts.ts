// changeParts (main thread): main's own parts take over settings that have changed. Threads hear of theirs by LiveSettings
// and by the method table.

import type { Settings } from '../../runtime/settings.ts';
import type { Guards } from '../../scheduler/guards.ts';
import type { Acceptor } from '../accept/acceptor.ts';
import { listenersOf } from '../accept/listener.ts';
import type { ServerJobs } from '../jobs/server-jobs.ts';

/** Parts of a server that have settings of their own. */
export interface LiveParts {
  readonly acceptor: Pick<Acceptor, 'setLimits'>;
  readonly guards: Pick<Guards, 'change'>;
  readonly jobs: Pick<ServerJobs, 'change'>;
}

export function changeParts({ acceptor, guards, jobs }: LiveParts, settings: Settings): void {
  const { limits, io, pools, quarantine } = settings;
  const bindings = listenersOf(settings).map(({ binding }) => binding);
  acceptor.setLimits(limits, bindings);
  // What IO threads may hold is no limit of their heaps.
  guards.change({ pools: [{ ...io, name: 'io', memoryBytes: undefined }, ...pools], quarantine });
  jobs.change(settings.jobs);
}
