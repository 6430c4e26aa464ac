// Words for worlds that are written and worked out by hand: attempts, a run, what came of it as short texts.

import type { ErrorCode } from '../../../../runtime/errors.ts';
import { evaluateReference } from './reference.ts';
import { buildWorld, type WorldSketch } from './sketch.ts';
import type { Behaviour, ReferenceOutcome } from './world.ts';

export function ok(delayMs: number, value: Behaviour['value'] = { v: delayMs }): Behaviour {
  return { delayMs, value };
}

export function bad(delayMs: number, code: ErrorCode = 'UNAVAILABLE'): Behaviour {
  return { delayMs, code };
}

export function run(sketch: WorldSketch): ReferenceOutcome {
  return evaluateReference(buildWorld(sketch));
}

/** `done failed cancelled -` in the order of the file; `-`: never demanded. */
export function ends({ nodes }: ReferenceOutcome): string {
  return Object.values(nodes)
    .map(({ end }) => end ?? '-')
    .join(' ');
}

/** `0-10 12-x`: from when to when the attempts of a node went; `x`: cancelled; `h`: a hedge. */
export function attempts(outcome: ReferenceOutcome, name: string): string {
  const { attempts: all = [] } = outcome.nodes[name] ?? {};
  return all.map(({ startMs, endMs, hedge }) => `${hedge ? 'h' : ''}${startMs}-${endMs ?? 'x'}`).join(' ');
}
