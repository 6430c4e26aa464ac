// Every schedule, with a death at any step, of the shipped queue, request table, rings and arenas at capacities 1 and 2;
// where that is too much, every schedule with few preemptions; and random ones beyond. What holds: each request is
// answered once, run at most once, never lost; slots, table words, blocks and permits are all free at rest; nobody touches
// another's slot; no request waits behind a busy thread beside an idle one.

import test, { type ExecutionContext } from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { type EndpointWorldOptions, endpointWorlds } from '../../helpers/endpoint-world.ts';
import { type Exploration, type ExploreOptions, explore, exploreRandomly, type World } from '../../helpers/explorer.ts';
import { type QueueWorldOptions, queueWorlds } from '../../helpers/queue-world.ts';
import { loadStepping } from '../../helpers/steps.ts';

const modules = await loadStepping();

function holds(t: ExecutionContext, { states, runs, complete, finding }: Exploration): void {
  if (finding !== undefined) t.log(finding.trace.join('\n'));
  t.is(finding?.message, undefined);
  t.true(complete, `broken off after ${states} states`);
  t.log(`${states} states, ${runs} runs`);
}

const everyQueueSchedule = test.macro(
  (t: ExecutionContext, options: Omit<QueueWorldOptions, 'modules'>, bounds: ExploreOptions = {}) =>
    holds(t, explore(queueWorlds({ modules, queueOnly: true, ...options }), bounds)),
);

for (const capacity of [1, 2]) {
  const world = { capacity, deaths: 1, reuse: true };
  test(
    `capacity ${capacity}: two requests and a taker that dies anywhere and is replaced, in every schedule`,
    everyQueueSchedule,
    { ...world, askers: 1, takers: 1, puts: 2 },
  );
  test(`capacity ${capacity}: an asker that dies anywhere and comes back, in every schedule`, everyQueueSchedule, {
    ...world,
    askers: 1,
    takers: 1,
    puts: 1,
    mayDie: 'askers',
  });
  test(
    `capacity ${capacity}: two takers and a death anywhere, one preemption`,
    everyQueueSchedule,
    { ...world, askers: 1, takers: 2, puts: 2, reuse: false },
    { maxPreemptions: 1 },
  );
}
test(
  'two askers and a death of any thread, one preemption',
  everyQueueSchedule,
  { capacity: 1, askers: 2, takers: 1, puts: 1, deaths: 1, mayDie: 'all', reuse: true },
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
    holds(t, explore(endpointWorlds({ modules, ...options }), bounds)),
);

test(
  'two requests in one batch never wait behind each other beside an idle thread, one preemption',
  everyEndpointSchedule,
  { capacity: 2, takers: 2, batches: [[2]], long: true },
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
  { capacity: 1, takers: 1, batches: [[1]], long: true, deaths: 1, reuse: true },
  { maxPreemptions: 0 },
);

const randomSchedules = test.macro((t: ExecutionContext, create: () => World, steps: number) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const { finding, runs } = exploreRandomly(create, seededRandom(seed), { steps, deathChance: 0.01 });
  if (finding !== undefined) t.log(`run ${finding.run} of seed ${seed}:\n${finding.trace.join('\n')}`);
  t.is(finding?.message, undefined);
  t.log(`${runs} schedules`);
});

const queue = (options: Omit<QueueWorldOptions, 'modules'>) => queueWorlds({ modules, ...options });
const endpoints = (options: Omit<EndpointWorldOptions, 'modules'>) => endpointWorlds({ modules, ...options });

test(
  'random: cancels, deaths and reuse with a short table',
  randomSchedules,
  queue({ capacity: 2, askers: 2, takers: 2, puts: 4, entries: 2, cancels: 2, deaths: 2, mayDie: 'all', reuse: true }),
  400_000,
);
test(
  'random: bodies in the arena',
  randomSchedules,
  queue({
    capacity: 2,
    askers: 2,
    takers: 2,
    puts: 3,
    cancels: 2,
    bodyBytes: 900,
    deaths: 2,
    mayDie: 'all',
    reuse: true,
  }),
  200_000,
);
test(
  'random: positions that pass 2^32',
  randomSchedules,
  queue({ capacity: 4, askers: 2, takers: 3, puts: 5, start: 2 ** 32 - 4, deaths: 1, reuse: true }),
  200_000,
);
test(
  'random: whole threads, batches, long handlers and deaths',
  randomSchedules,
  endpoints({
    capacity: 4,
    takers: 2,
    batches: [
      [2, 2],
      [1, 2],
    ],
    long: true,
    deaths: 2,
    mayDie: 'all',
    reuse: true,
  }),
  200_000,
);
test(
  'random: whole threads that run events of their own for long',
  randomSchedules,
  endpoints({ capacity: 4, takers: 2, batches: [[1, 2]], long: true, ownEvents: 1, maxFibers: 1 }),
  200_000,
);
test(
  'random: condemned threads, cancels and a full queue',
  randomSchedules,
  endpoints({
    capacity: 1,
    takers: 2,
    batches: [[2], [2]],
    long: true,
    cancels: 1,
    deaths: 1,
    condemns: true,
    reuse: true,
  }),
  200_000,
);
