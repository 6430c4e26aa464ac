// Which reloads may be one, and what it is asked for then. Called by the Reloader (main thread) when somebody asks for a reload
// while another waits; pure.

import type { Settings } from '../../runtime/settings.ts';
import type { ReloadRequest } from './reload-report.ts';

export interface AskedReload {
  request: ReloadRequest;
  /** Given by a program; undefined: they are read. */
  settings: Settings | undefined;
}

/** Those with settings of a program are no others' who want what the file says, and who is strict fails alone. */
export function mayShare(waiting: AskedReload, { request, settings }: AskedReload): boolean {
  const isSameKind = (waiting.settings === undefined) === (settings === undefined);
  return isSameKind && (waiting.request.strict === true) === (request.strict === true);
}

/** One reload for two who asked: for whatever either of them wants. */
export function both(one: ReloadRequest, other: ReloadRequest): ReloadRequest {
  const { pools: first = [] } = one;
  const { pools: second = [] } = other;
  return {
    ...one,
    code: one.code !== false || other.code !== false,
    pools: first === 'all' || second === 'all' ? 'all' : [...new Set([...first, ...second])],
    canaryPercent: mostCautious(one.canaryPercent, other.canaryPercent),
    by: asker(one.by, other.by),
  };
}

/** Who wants no canary takes none from somebody who does. */
function mostCautious(one: number | undefined, other: number | undefined): number | undefined {
  const shares = [one, other].filter((percent) => percent !== undefined && percent > 0) as number[];
  if (shares.length > 0) return Math.min(...shares);
  return one === undefined || other === undefined ? undefined : 0;
}

const andOthers = ' and others';

function asker(one: string | undefined, other: string | undefined): string | undefined {
  return one === other || one?.endsWith(andOthers) === true ? one : `${one ?? 'program'}${andOthers}`;
}
