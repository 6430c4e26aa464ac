// QuarantinedBodies: the requests that a thread must not run, since their like have ended threads before. Asked before
// each request while there are any; the list comes from main (quarantine.ts).

import { hashText } from '../runtime/body-hash.ts';
import type { Clock } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { QuarantinedBody } from '../runtime/thread-control.ts';
import type { RunningRequest } from './running-request.ts';

export class QuarantinedBodies {
  readonly #bodies = new Map<number, QuarantinedBody>();

  constructor(bodies: readonly QuarantinedBody[]) {
    for (const one of bodies) this.#bodies.set(keyOf(one.method, one.body), one);
  }

  /** Why a request is not run; undefined: it may. */
  refusal(request: RunningRequest, nowMs: number, clock: Clock): HeddleError | undefined {
    const one = this.#bodies.get(keyOf(request.method, request.bodyHash));
    if (one === undefined || nowMs >= one.untilMs) return undefined;
    const until = new Date(clock.wallMs() + one.untilMs - nowMs).toISOString();
    return new HeddleError(
      'FAILED_PRECONDITION',
      `requests to ${request.name} with this body (fingerprint ${hashText(request.bodyHash)}) have ended ${one.kills} threads and are refused until ${until}; an operator can lift it: heddle admin quarantine`,
    );
  }
}

/** A method's index has 16 bits, a hash 32. */
function keyOf(method: number, body: number): number {
  return method * 2 ** 32 + (body >>> 0);
}
