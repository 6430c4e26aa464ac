// What an asker answers by itself, when a request can't be put or its taker is gone. Each is made once.

import { type Refusal, refusal } from './refusal.ts';

export const late = refusal('DEADLINE_EXCEEDED', 'the deadline passed before the answer came');
export const threadDied = refusal(
  'UNAVAILABLE',
  'the thread that ran this request died; it may have run in part: retry it if it is idempotent',
);
export const tableFull = refusal(
  'RESOURCE_EXHAUSTED',
  'too many requests in flight on this thread (its request table is full); slow down and retry',
);
export const arenaFull = refusal(
  'RESOURCE_EXHAUSTED',
  'no shared memory left for a body of this size on this thread; slow down and retry',
);
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
);
export const processFull = refusal(
  'RESOURCE_EXHAUSTED',
  'too many requests at once in this process (limits.requests); slow down and retry',
);
export const queueFull = eachOnce((pool: string) =>
  refusal('RESOURCE_EXHAUSTED', `the queue of pool ${pool} has no free slot; slow down and retry`),
);
export const poolDown = eachOnce((pool: string) =>
  refusal('UNAVAILABLE', `pool ${pool} is down: its threads keep dying; the request has not run, retry shortly`, 'yes'),
);
export const serviceFull = eachOnce((service: string, max?: number) =>
  refusal(
    'RESOURCE_EXHAUSTED',
    `service ${service} runs ${max} requests already (maxConcurrency); slow down and retry`,
  ),
);

/** Makes each refusal once per name; names come from the config, so there are few. */
function eachOnce(make: (name: string, value?: number) => Refusal): (name: string, value?: number) => Refusal {
  const made = new Map<string, Refusal>();
  return (name, value) => {
    let answer = made.get(name);
    if (answer === undefined) {
      answer = make(name, value);
      made.set(name, answer);
    }
    return answer;
  };
}
