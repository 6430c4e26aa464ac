// What a graph learns must not hold it down: a node that was slow, or failed, and is well again is used again.

import test from 'ava';
import type { Graph } from '../../../dag/graph/compile-graph.ts';
import { believedMs, measuredRunsMin } from '../../../dag/policy/latency.ts';
import { EventQueue } from '../../../dag/simulate/event-queue.ts';
import { type Behaviour, VirtualRun } from '../../../dag/simulate/virtual-run.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { GraphRig } from '../host/world.ts';

/** Between the beginnings of runs, ms. */
const everyMs = 10;
/** What was measured is not believed any more, and tails are worked out again. */
const forgottenMs = believedMs + 1000;
/** A p95 of a node without an estimate. */
const runsToLearn = 4 * measuredRunsMin;

/** Runs of one graph one after another. */
class Traffic {
  readonly #graph: Graph;
  readonly #events = new EventQueue();
  readonly #behaviour: Behaviour;

  constructor(graph: Graph, behaviour: Behaviour) {
    this.#graph = graph;
    this.#behaviour = behaviour;
  }

  /** How many of `runs` were whole: done, and without a mark of degradation. */
  whole(runs: number, request: unknown = {}): number {
    let whole = 0;
    for (let run = 0; run < runs; run++) {
      const events = this.#events;
      const { outcome, marks } = new VirtualRun(this.#graph, request, { events, behaviour: this.#behaviour }).run();
      if (outcome.how === 'done' && marks === undefined) whole++;
      events.nowMs += everyMs;
    }
    return whole;
  }

  /** Goes on for `ms` at the least. */
  pass(ms: number): void {
    const endMs = this.#events.nowMs + ms;
    while (this.#events.nowMs < endMs) this.whole(1);
  }

  sleep(ms: number): void {
    this.#events.nowMs += ms;
  }
}

const chain = `
budget: { total: 80ms }
nodes:
  a: { run: ./any.ts#any }
  b: { run: ./any.ts#any, input: { a: a } }
output: b
`;

test('a node is waited for again after what follows it was slow and is fast again', async (t) => {
  const { graph } = await GraphRig.of(t, chain, {});
  let slow = false;
  const traffic = new Traffic(graph, ({ name }) => ({ delayMs: name === 'a' ? 15 : slow ? 64.5 : 2, value: 1 }));
  t.is(traffic.whole(runsToLearn), runsToLearn);
  slow = true;
  // a, which takes 15 ms, is given up for the sake of b, which does not run at all any more and so is not measured.
  t.true(traffic.whole(runsToLearn) < runsToLearn / 2);
  slow = false;
  traffic.pass(forgottenMs);
  t.is(traffic.whole(runsToLearn), runsToLearn);
});

test('what is measured after a pause says nothing of the time before it', async (t) => {
  const { graph } = await GraphRig.of(t, chain, {});
  let slow = true;
  const traffic = new Traffic(graph, ({ name }) => ({ delayMs: name === 'a' ? 15 : slow ? 64.5 : 2, value: 1 }));
  traffic.whole(runsToLearn);
  t.is(traffic.whole(measuredRunsMin), 0);
  slow = false;
  traffic.sleep(forgottenMs);
  // The first finds the tails as they were, and what it leaves makes them new.
  traffic.whole(1);
  t.is(traffic.whole(runsToLearn), runsToLearn);
});

test('a node with a light variant runs itself again after it was slow and is fast again', async (t) => {
  const text = `
budget: { total: 80ms }
nodes:
  a: { run: ./any.ts#any }
  rank: { run: ./any.ts#any, input: { a: a }, light: lite }
  lite: { run: ./any.ts#any, input: { a: a } }
output: rank
`;
  const { graph } = await GraphRig.of(t, text, {});
  let slow = false;
  const takesMs: Record<string, () => number> = { a: () => 15, rank: () => (slow ? 64 : 5), lite: () => 1 };
  const traffic = new Traffic(graph, ({ name }) => ({ delayMs: takesMs[name]!(), value: 1 }));
  t.is(traffic.whole(runsToLearn), runsToLearn);
  slow = true;
  t.true(traffic.whole(runsToLearn) < runsToLearn / 2);
  slow = false;
  traffic.pass(forgottenMs);
  t.is(traffic.whole(runsToLearn), runsToLearn);
});

for (const [what, foreach] of [
  ['one at a time', 'parallel: 1'],
  ['at once, of which one must be done', 'parallel: 3, quorum: 1'],
  ['at once, all of which must be done', 'parallel: 3'],
] as const) {
  test(`a breaker closes again when its node is well again: items ${what}`, async (t) => {
    const text = `
request: { ids: list<number> }
nodes:
  each:
    run: ./any.ts#any
    foreach: { in: request.ids, as: id, maxItems: 10, ${foreach} }
    input: { id: id }
    breaker: { failures: 50%, minCalls: 1, openFor: 10ms, window: 1s }
output: each
`;
    const { graph } = await GraphRig.of(t, text, {});
    const request = { ids: [1, 2, 3] };
    let well = false;
    const down = new HeddleError('UNAVAILABLE', 'down');
    const traffic = new Traffic(graph, () => (well ? { delayMs: 1, value: 1 } : { delayMs: 1, error: down }));
    t.is(traffic.whole(10, request), 0);
    well = true;
    traffic.sleep(1000);
    traffic.whole(10, request);
    t.is(traffic.whole(10, request), 10);
  });
}
