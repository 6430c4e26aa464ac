// Every schedule, with a death at any step, of the shipped queue, request table, rings and arenas at capacities 1 and 2;
// where that is too much, every schedule with few preemptions. Random ones, of larger worlds, are in
// test/testing/hundred-seeds.test.ts. What holds: each request is answered once, run at most once, never lost; slots, table
// words, blocks and permits are all free at rest; nobody touches another's slot; no request waits behind a busy thread beside
// an idle one.

import test, { type ExecutionContext } from 'ava';
import type { EndpointWorldOptions } from '../../../testing/memory/endpoint-actor.ts';
import { endpointWorlds } from '../../../testing/memory/endpoint-world.ts';
import { type QueueWorldOptions, queueWorlds } from '../../../testing/memory/queue-world.ts';
import { type Exploration, type ExploreOptions, explore } from '../../../testing/steps/explorer.ts';
import { loadStepping } from '../../../testing/steps/steps.ts';

const modules = await loadStepping();

/** Each takes seconds; a machine that others use must not break one off. */
const maxMs = 170_000;

function holds(t: ExecutionContext, { states, runs, complete, finding }: Exploration): void {
  if (finding !== undefined) t.log(finding.trace.join('\n'));
  t.is(finding?.message, undefined);
  t.true(complete, `broken off after ${states} states`);
  t.log(`${states} states, ${runs} runs`);
}

const everyQueueSchedule = test.macro(
  (t: ExecutionContext, options: Omit<QueueWorldOptions, 'modules'>, bounds: ExploreOptions = {}) =>
    holds(t, explore(queueWorlds({ modules, queueOnly: true, ...options }), { maxMs, ...bounds })),
);

for (const capacity of [1, 2]) {
  test(
    `capacity ${capacity}: two requests and a taker that dies anywhere and is replaced, in every schedule`,
    everyQueueSchedule,
    { capacity, deaths: 1, reuse: true, askers: 1, takers: 1, puts: 2 },
  );
}
test('an asker that dies anywhere and comes back, in every schedule', everyQueueSchedule, {
  capacity: 1,
  deaths: 1,
  mayDie: 'askers',
  reuse: true,
  askers: 1,
  takers: 1,
  puts: 1,
});
test(
  'two takers and a death anywhere, one preemption',
  everyQueueSchedule,
  { capacity: 1, deaths: 1, askers: 1, takers: 2, puts: 2 },
  { maxPreemptions: 1 },
);
test(
  'a cancel at any time, with a death of the taker, one preemption',
  everyQueueSchedule,
  { capacity: 2, askers: 1, takers: 1, puts: 2, entries: 1, cancels: 1, deaths: 1, reuse: true },
  { maxPreemptions: 1 },
);

const everyEndpointSchedule = test.macro(
  (t: ExecutionContext, options: Omit<EndpointWorldOptions, 'modules'>, bounds: ExploreOptions) =>
    holds(t, explore(endpointWorlds({ modules, ...options }), { maxMs, ...bounds })),
);

test(
  'two requests in one batch never wait behind each other beside an idle thread, one preemption',
  everyEndpointSchedule,
  { capacity: 2, takers: 2, batches: [[2]], handlers: 'long' },
  { maxPreemptions: 1 },
);
test(
  'no wake-up is lost between one asker and one taker, two preemptions',
  everyEndpointSchedule,
  { capacity: 1, takers: 1, batches: [[1]] },
  { maxPreemptions: 2 },
);
test(
  'a thread that dies parked, awake or about to ring strands nobody, no preemption but anywhere',
  everyEndpointSchedule,
  { capacity: 1, takers: 1, batches: [[1]], handlers: 'long', deaths: 1, reuse: true },
  { maxPreemptions: 0 },
);
