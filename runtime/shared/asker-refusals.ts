// What an asker answers by itself, when a request can't be put or its taker is gone. Each is made once.

import { priorityNames } from '../call.ts';
import { classShare } from './class-shares.ts';
import type { PoolQueue } from './pool-queue.ts';
import { type Refusal, type RefusalReason, refusal } from './refusal.ts';

export const late = refusal('DEADLINE_EXCEEDED', 'the deadline passed before the answer came', 'no', 'late');
export const threadDied = refusal(
  'UNAVAILABLE',
  'the thread that ran this request died; it may have run in part: retry it if it is idempotent',
);
export const tableFull = full('memory', 'too many requests in flight on this thread (its request table is full)');
export const arenaFull = full('memory', 'no shared memory left for a body of this size on this thread');
export const processEnds = refusal(
  'UNAVAILABLE',
  'the process stopped before this request was finished (stop.timeout); it may have run in part',
);
export const poolEnded = refusal(
  'UNAVAILABLE',
  'the pool went down while this request was being taken; it may have run in part: retry it if it is idempotent',
);
export const neverFits = refusal(
  'RESOURCE_EXHAUSTED',
  'the body is larger than all shared memory of this thread: it can never be put; send it in parts',
  'no',
  'memory',
);
export const processFull = byClass(
  'requests',
  (_, filled, part) => `too many requests at once in this process: ${filled} (limits.requests${part})`,
);
/** A connection has so many. */
export const connectionFull = eachOnce((_, max: number) =>
  full(
    'connection',
    `this connection has ${max} requests under way or more, and so many of the process are its share (limits.requestsPerConnection)`,
  ),
);
export const queueFull = eachOnce((pool: string) => full('queue', `the queue of pool ${pool} has no free slot`));
const poolDied = eachOnce((pool: string) =>
  refusal(
    'UNAVAILABLE',
    `pool ${pool} is down: its threads keep dying; the request has not run, retry shortly`,
    'yes',
    'down',
  ),
);
const poolLeft = eachOnce((pool: string) =>
  refusal(
    'UNAVAILABLE',
    `the threads of pool ${pool} that this request waited for end with what they run, since other code has taken their place; it has not run, retry it`,
    'yes',
    'down',
  ),
);
/** Of one that is. */
export function poolDown({ pool, down }: Pick<PoolQueue, 'pool' | 'down'>): Refusal {
  return down === 'left' ? poolLeft(pool) : poolDied(pool);
}
export const serviceFull = byClass(
  'maxConcurrency',
  (service, filled, part) => `service ${service} runs ${filled} requests already (maxConcurrency${part})`,
);
/** The limit that its controller has found. */
export const serviceOverloaded = byClass(
  'adaptive',
  (service, filled, part) =>
    `service ${service} is overloaded: it takes ${filled} requests at once now (adaptive${part})`,
);
/** The same for the class high, which may go over it; `bound`: so far. */
export const serviceOverloadedHigh = eachOnce((service: string, bound: number) =>
  full(
    'adaptive',
    `service ${service} is overloaded: it takes ${bound} requests at once now, the last third of them of class high alone (adaptive)`,
  ),
);
export const shareFull = eachOnce((service: string, reserve: number) =>
  full(
    'share',
    `service ${service} has ${reserve} requests or more in the queue of its pool (its share by weight), which is half full`,
  ),
);
export const rateOver = eachOnce((service: string, perSecond: number) =>
  full('rate', `service ${service} takes ${perSecond} requests a second (rate)`),
);

/** Over a bound: it has not run, and whoever may wait tries again. */
function full(reason: RefusalReason, message: string): Refusal {
  return refusal('RESOURCE_EXHAUSTED', `${message}; slow down and retry`, 'yes', reason);
}

/** Makes each refusal once per name, and anew when its value has changed; names come from the config, so there are few. */
function eachOnce(make: (name: string, value: number) => Refusal): (name: string, value?: number) => Refusal {
  const made = new Map<string, { value: number; answer: Refusal }>();
  return (name, value = 0) => {
    const known = made.get(name);
    if (known !== undefined && known.value === value) return known.answer;
    const answer = make(name, value);
    made.set(name, { value, answer });
    return answer;
  };
}

/**
 * The same for bounds whose last part is kept for higher classes. The function returned takes the bound, and the class
 * that had filled its part of it; 0: the bound is full.
 */
function byClass(
  reason: RefusalReason,
  sentence: (name: string, filled: number, part: string) => string,
): (name: string, bound: number, priority: number) => Refusal {
  const made = priorityNames.map((className, priority) =>
    eachOnce((name, bound) => {
      const filled = classShare(bound, priority);
      const part = priority === 0 ? '' : ` ${bound}, of which ${className} ones fill ${filled} while higher ones come`;
      return full(reason, sentence(name, filled, part));
    }),
  );
  return (name, bound, priority) => made[priority]!(name, bound);
}
