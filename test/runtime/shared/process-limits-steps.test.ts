// Process-wide limits under every schedule of two threads, with a death before any atomic operation: never more than the
// limit, and a death costs at most the one count that it took along. And the harness finds what a careless change breaks.

import test, { type ExecutionContext } from 'ava';
import { type Exploration, type ExploreOptions, explore } from '../../../testing/steps/explorer.ts';
import { Driver, run, runNow, type StepGenerator } from '../../../testing/steps/step-runtime.ts';
import { type Edit, loadStepping } from '../../../testing/steps/steps.ts';
import { type SimThread, simThread, stopThread, Violation, type World } from '../../../testing/steps/world.ts';

type Limits = typeof import('../../../runtime/shared/process-limits.ts');

const file = 'runtime/shared/process-limits.ts';
let copies = 0;

/** The stepping form of process-limits.ts, changed by `edits`. */
async function stepping(edits: readonly Edit[] = []): Promise<Limits> {
  const copy = ++copies;
  await loadStepping(edits);
  return import(`${new URL(`../../../${file}`, import.meta.url).href}?steps=${copy}`) as Promise<Limits>;
}

interface Plan {
  limit: { count: number; gapMs: number } | { perSecond: number; burst: number };
  /** Times at which each thread takes, after `before` by a thread that is gone. */
  before?: number[];
  threads: number[][];
  deaths?: number;
  /** Every schedule with at most so many switches away from a thread that could go on; all when left out. */
  maxPreemptions?: number;
  /** What all takes together get when nobody dies; and at most, when somebody does. */
  granted: number | readonly [least: number, most: number];
}

function worlds({ CountLimit, RateLimit }: Limits, plan: Plan): () => World {
  const shared = new SharedArrayBuffer(CountLimit.bytes);
  const limitOf = () =>
    'count' in plan.limit ? new CountLimit(shared, 0, plan.limit) : new RateLimit(shared, 0, plan.limit);
  return () => {
    const words = new Int32Array(shared).fill(0);
    const first = limitOf();
    for (const nowMs of plan.before ?? []) runNow(first.take(nowMs));
    const granted = plan.threads.map(() => 0);
    function* takes(thread: number): StepGenerator<void> {
      const limit = limitOf();
      let done = 0;
      for (const nowMs of plan.threads[thread]!) {
        if (yield* run(limit.take(nowMs))) granted[thread]!++;
        // A thread remembers nothing of a take that is over.
        threads[thread]!.digest = ++done;
      }
    }
    const threads: SimThread[] = plan.threads.map((_, index) => {
      const thread = simThread(`thread ${index}`, true);
      thread.driver = new Driver(takes(index));
      return thread;
    });
    let died = 0;
    return {
      threads,
      memory: [words],
      deaths: plan.deaths ?? 0,
      state: () => [...granted, died],
      enter: () => {},
      onKill: (thread) => {
        died++;
        stopThread(thread);
      },
      atRest: () => {
        const sum = granted.reduce((all, one) => all + one);
        const [least, most] = typeof plan.granted === 'number' ? [plan.granted, plan.granted] : plan.granted;
        if (sum > most) throw new Violation(`${sum} were let through, ${most} may be`);
        if (died === 0 && sum < least) throw new Violation(`${sum} were let through, ${least} should be`);
        if (died > 0) checkAfterDeath(limitOf(), plan, sum, least);
      },
    };
  };
}

/** What was not taken is still there, but for one that the dead may have taken along. Only where all take at one time. */
function checkAfterDeath(limit: { take(nowMs: number): boolean }, plan: Plan, sum: number, least: number): void {
  const times = new Set(plan.threads.flat());
  if (times.size > 1) return;
  let rest = 0;
  for (const nowMs of times) while (runNow(limit.take(nowMs))) rest++;
  if (sum + rest < least - 1) throw new Violation(`${least - sum - rest} were lost with a thread`);
}

const shipped = await stepping();

function holds(t: ExecutionContext, { states, runs, complete, finding }: Exploration): void {
  if (finding !== undefined) t.log(finding.trace.join('\n'));
  t.is(finding?.message, undefined);
  t.true(complete, `broken off after ${states} states`);
  t.log(`${states} states, ${runs} runs`);
}

function boundsOf({ maxPreemptions }: Plan): ExploreOptions {
  return maxPreemptions === undefined ? {} : { maxPreemptions };
}

const everySchedule = test.macro((t: ExecutionContext, plan: Plan) =>
  holds(t, explore(worlds(shipped, plan), boundsOf(plan))),
);

const idleGaps = 4096;
const eraMs = 2 ** 15;
const farMs = eraMs - 1 + 256 * eraMs;

const plans = {
  'two threads in one gap, a death anywhere': {
    limit: { count: 2, gapMs: 1 },
    before: [0, 0],
    threads: [
      [7, 7],
      [7, 7],
    ],
    deaths: 1,
    granted: 2,
  },
  'two threads at a boundary, one of them late': {
    limit: { count: 2, gapMs: 1 },
    before: [7],
    threads: [
      [7, 8, 8],
      [8, 7],
    ],
    deaths: 1,
    // One is left of the first gap: who comes late finds it, or counts in the second.
    granted: [2, 3],
  },
  'two gaps of one, a death anywhere': {
    limit: { count: 1, gapMs: 1 },
    before: [1],
    threads: [
      [2, 3],
      [2, 3],
    ],
    deaths: 1,
    granted: [1, 2],
  },
  'after an idle time that brings back the tag': {
    limit: { count: 2, gapMs: 1 },
    before: [1, 1],
    threads: [[1 + idleGaps, 1 + idleGaps], [1 + idleGaps]],
    maxPreemptions: 4,
    granted: 2,
  },
  'after an idle time that brings back the tag, a death anywhere': {
    limit: { count: 1, gapMs: 1 },
    before: [1],
    threads: [[1 + idleGaps], [1 + idleGaps]],
    deaths: 1,
    maxPreemptions: 3,
    granted: 1,
  },
  'two threads at one bucket, a death anywhere': {
    limit: { perSecond: 1000, burst: 2 },
    before: [0],
    threads: [
      [1, 1],
      [1, 1],
    ],
    deaths: 1,
    granted: 2,
  },
  'two threads over the end of an era, a death anywhere': {
    limit: { perSecond: 1000, burst: 2 },
    before: [eraMs - 1, eraMs - 1],
    threads: [
      [eraMs, eraMs + 1],
      [eraMs, eraMs + 1],
    ],
    deaths: 1,
    // A late one counts as it would at the beginning of the era.
    granted: 2,
  },
  'two threads at one bucket, many eras on': {
    limit: { perSecond: 1000, burst: 2 },
    before: [eraMs - 1, eraMs - 1],
    threads: [[farMs, farMs], [farMs]],
    maxPreemptions: 4,
    granted: 2,
  },
} satisfies Record<string, Plan>;

for (const [name, plan] of Object.entries(plans)) {
  test(`${name}: never more, never fewer`, everySchedule, plan);
}

const found = test.macro({
  exec: async (t, edit: Omit<Edit, 'file'>, plan: Plan) => {
    const mutant = await stepping([{ file, ...edit }]);
    const { finding } = explore(worlds(mutant, plan), boundsOf(plan));
    t.regex(finding?.message ?? 'nothing', /were let through/);
    t.log(finding?.message);
  },
  title: (name) => `finds ${name}`,
});

test.serial(
  'a look that takes the two cells from two instants',
  found,
  { find: 'if (load(this.#words, stampCell) !== stamp) continue;', replace: '' },
  plans['two gaps of one, a death anywhere'],
);
test.serial(
  'a take that does not see that another was faster',
  found,
  { find: 'if (!cells.put(taken + 1)) continue;', replace: 'cells.put(taken + 1);' },
  plans['two threads in one gap, a death anywhere'],
);
test.serial(
  'a stamp that moves on from a word that is not of it',
  found,
  { find: 'if (cells.age === 0) cells.moveOn(gap);\n        else cells.put(0);', replace: 'cells.moveOn(gap);' },
  { limit: { count: 1, gapMs: 1 }, before: [1], threads: [[2 + idleGaps - 1], [2]], granted: [1, 2] },
);
test.serial(
  'a stamp that moves on to a tag that it had before',
  found,
  { find: 'passed > this.#tagMask && tagsApart <= 1', replace: 'false' },
  plans['after an idle time that brings back the tag'],
);
test.serial(
  'a way around that leaves the word as it was',
  found,
  { find: 'if (this.payload !== this.#payloadMax) {', replace: 'if (this.payload < 0) {' },
  plans['after an idle time that brings back the tag'],
);
test.serial(
  'a late thread that moves the stamp back',
  found,
  { find: '((this.number - number) & numberMax) >= lateNumbersMax', replace: 'true' },
  plans['two gaps of one, a death anywhere'],
);
