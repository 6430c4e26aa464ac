// What runs of one graph share: flights and cached values. Who waits for an equal run still ends by itself; a value goes
// only to those whose own work would have been the same.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Assignment } from '../../../dag/experiment/assignment.ts';
import type { Graph } from '../../../dag/graph/compile-graph.ts';
import { parametersSlot } from '../../../dag/graph/scope.ts';
import { EventQueue } from '../../../dag/simulate/event-queue.ts';
import { type Behaviour, VirtualRun, type VirtualRunOptions } from '../../../dag/simulate/virtual-run.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { GraphRig } from '../host/world.ts';

/** Runs of one graph beside one another, and what came of each, by its name. */
class Side {
  readonly events = new EventQueue();
  /** `at ms: its value or its failure's code`. */
  readonly ends: Record<string, string> = {};
  readonly #graph: Graph;
  readonly #behaviour: Behaviour;

  constructor(graph: Graph, behaviour: Behaviour) {
    this.#graph = graph;
    this.#behaviour = behaviour;
  }

  static async of(t: ExecutionContext, text: string, behaviour: Behaviour): Promise<Side> {
    return new Side((await GraphRig.of(t, text, {})).graph, behaviour);
  }

  begin(name: string, request: unknown = {}, options: Partial<VirtualRunOptions> = {}): VirtualRun {
    const run = new VirtualRun(this.#graph, request, {
      behaviour: this.#behaviour,
      events: this.events,
      onSettled: ({ core: { outcome } }) => {
        if (outcome.how === 'done') this.ends[name] = `${this.events.nowMs}: ${JSON.stringify(outcome.value)}`;
        else if (outcome.how === 'failed') this.ends[name] = `${this.events.nowMs}: ${outcome.error.code}`;
      },
      ...options,
    });
    run.core.begin();
    return run;
  }

  at(dueMs: number, does: () => void): void {
    this.events.add(dueMs, { onTimer: does }, 0);
  }

  /** Lets all happen that will. */
  finish(): void {
    while (this.events.step());
  }

  /** Nobody leads or waits, and no timer is left. */
  get isAtRest(): boolean {
    return !this.events.step() && this.#graph.nodes.every(({ flights }) => flights === undefined || flights.size === 0);
  }
}

function shared(policies = '', budget = 'total: 1s'): string {
  return `
request: {}
budget: { ${budget} }
nodes:
  c: { run: ./any.ts#any, cache: { key: "'k'", ttl: 1s }${policies} }
output: c
`;
}

const never: Behaviour = () => ({ delayMs: Number.POSITIVE_INFINITY });

test('who waits for an equal run that runs out of time goes on alone until its own deadline', async (t) => {
  const side = await Side.of(t, shared(', timeout: 20ms, fallback: [{ value: "\'plain\'" }]'), never);
  side.at(0, () => side.begin('leader'));
  side.at(15, () => side.begin('follower'));
  side.finish();
  t.deepEqual(side.ends, { leader: '20: "plain"', follower: '35: "plain"' });
  t.true(side.isAtRest);
});

test('who waits for a slower equal run ends at its own deadline: of the budget, the caller and the node', async (t) => {
  const text = `
request: { wait: number }
budget: { total: 80ms }
nodes:
  a: { run: ./any.ts#any, input: { wait: request.wait } }
  c: { run: ./any.ts#any, needs: [a], cache: { key: "'k'", ttl: 1s }, fallback: [{ value: "'plain'" }] }
output: c
`;
  const side = await Side.of(t, text, ({ name }, input) => ({
    delayMs: name === 'a' ? (input as { wait: number }).wait : Number.POSITIVE_INFINITY,
  }));
  side.at(0, () => side.begin('older', { wait: 70 }));
  side.at(69, () => side.begin('leader', { wait: 0 }));
  side.at(75, () => side.begin('hurried', { wait: 0 }, { deadlineMs: 85 }));
  side.finish();
  t.deepEqual(side.ends, { older: '80: "plain"', hurried: '85: "plain"', leader: '149: "plain"' });
  t.true(side.isAtRest);
});

test('in fibers, who waits for an equal run ends at the deadline of its request, and leaves no timer', async (t) => {
  const world = await GraphRig.of(t, shared(', fallback: [{ value: "\'plain\'" }]', 'total: 1s, reserve: 5ms'), {
    c: (_, fiber) => fiber.sleep(500),
  });
  const leader = world.rig.start((fiber) => world.run(fiber));
  const follower = world.rig.start((fiber) => world.run(fiber), { deadlineMs: 100 });
  await world.rig.clock.advance(96);
  t.like(follower.exit, { how: 'returned', value: 'plain', atMs: 95 });
  await world.rig.clock.advance(500);
  t.like(leader.exit, { how: 'returned', atMs: 500 });
  t.true(world.isAtRest);
});

test('who waits is answered with the leader and leaves no timer', async (t) => {
  const side = await Side.of(t, shared(', timeout: 20ms'), () => ({ delayMs: 15, value: 'v' }));
  side.at(0, () => side.begin('leader'));
  side.at(10, () => side.begin('follower'));
  while (side.ends.follower === undefined) side.events.step();
  t.deepEqual(side.ends, { leader: '15: "v"', follower: '15: "v"' });
  t.true(side.isAtRest);
});

test('a leader that is aborted hands on: the first that waits does the work, for the others too', async (t) => {
  let works = 0;
  const side = await Side.of(t, shared(), () => ({ delayMs: 10, value: ++works }));
  const leader = side.begin('leader');
  side.begin('second');
  side.begin('third');
  side.at(4, () => leader.core.abort(new HeddleError('CANCELLED', 'left')));
  side.finish();
  t.deepEqual(side.ends, { second: '14: 2', third: '14: 2' });
  t.is(works, 2);
  t.true(side.isAtRest);
});

test('who waits and is aborted leaves the flight: it is never asked to lead, and leaves no timer', async (t) => {
  let works = 0;
  const side = await Side.of(t, shared(', timeout: 20ms'), () => ({ delayMs: 10, value: ++works }));
  const leader = side.begin('leader');
  const second = side.begin('second');
  for (const [dueMs, run] of [
    [3, second],
    [4, leader],
  ] as const) {
    side.at(dueMs, () => run.core.abort(new HeddleError('CANCELLED', 'left')));
  }
  while (side.events.nowMs < 4) side.events.step();
  t.true(side.isAtRest);
  t.is(works, 1);
  t.deepEqual(side.ends, {});
});

test('a leader that runs out of time together with thousands that wait ends them all', async (t) => {
  const waiting = 10_000;
  const side = await Side.of(t, shared(', timeout: 20ms'), never);
  for (let run = 0; run <= waiting; run++) side.begin(`run ${run}`);
  side.finish();
  const ends = Object.values(side.ends);
  t.is(ends.length, waiting + 1);
  t.deepEqual(new Set(ends), new Set(['20: DEADLINE_EXCEEDED']));
  t.true(side.isAtRest);
});

test('a leader that fails fails all that wait, without work of their own', async (t) => {
  let works = 0;
  const side = await Side.of(t, shared(), () => ({
    delayMs: ++works * 10,
    error: new HeddleError('NOT_FOUND', 'no such thing'),
  }));
  for (const name of ['leader', 'second', 'third']) side.begin(name);
  side.finish();
  t.deepEqual(side.ends, { leader: '10: NOT_FOUND', second: '10: NOT_FOUND', third: '10: NOT_FOUND' });
  t.is(works, 1);
  t.true(side.isAtRest);
});

test('a cached value of one level is never given to another, whatever the keys', async (t) => {
  const text = `
request: { q: string }
nodes:
  c: { run: ./any.ts#any, input: { q: request.q, k: 100 }, cache: { key: request.q, ttl: 10s } }
output: c
degrade: { levels: { 1: { input: { c: { k: 5 } } }, 2: { input: { c: { k: 2 } } } } }
`;
  const { graph } = await GraphRig.of(t, text, {});
  const behaviour: Behaviour = (_node, input) => ({ delayMs: 1, value: structuredClone(input) });
  const run = (q: string, level: number) => new VirtualRun(graph, { q }, { events, level, behaviour }).run().outcome;
  const events = new EventQueue();
  const words = fc.constantFrom('', 'shoes', 'level 1 shoes', 'level 1 ', '[1,[],"shoes"]', '[0,[],"shoes"]', '1', '0');
  const law = fc.property(fc.array(fc.tuple(words, fc.nat(2)), { minLength: 2 }), (asked) => {
    for (const [q, level] of asked) t.like(run(q, level), { how: 'done', value: { q, k: [100, 5, 2][level] } });
  });
  fc.assert(law, { numRuns: 50 });
});

const coloured = `
request: { user: string }
nodes:
  c: { run: ./any.ts#any, input: { colour: params.colour }, cache: { key: "'all'", ttl: 1h } }
output: c
layers:
  look:
    unit: request.user
    params: { colour: { default: red, choices: [red, blue] } }
    experiments:
      e: { slots: [0-999999], variants: { control: { weight: 50 }, blue: { weight: 50, params: { colour: blue } } } }
`;

for (const [how, apartMs] of [
  ['cached value', 10],
  ['value of an equal run under way', 0],
] as const) {
  test(`a ${how} of one parameter is never given to another, and whoever gets it was exposed`, async (t) => {
    let works = 0;
    const side = await Side.of(t, coloured, (_node, input) => {
      works++;
      return { delayMs: 5, value: (input as { colour: string }).colour };
    });
    const runs: [string, VirtualRun][] = [];
    for (let user = 0; user < 40; user++) {
      const name = `user ${user}`;
      side.at(user * apartMs, () => runs.push([name, side.begin(name, { user: name })]));
    }
    side.finish();
    const colours = new Set<unknown>();
    for (const [name, { core }] of runs) {
      const assignment = core.values[parametersSlot] as Assignment<unknown>;
      t.is(assignment.exposures().length, 1);
      const colour = assignment.peek('colour');
      colours.add(colour);
      t.true(side.ends[name]?.endsWith(`: "${String(colour)}"`), `${name} of ${String(colour)}: ${side.ends[name]}`);
    }
    t.is(colours.size, 2);
    t.is(works, 2);
    t.true(side.isAtRest);
  });
}

for (const apart of [0, 5]) {
  test(`a function that runs its own strategy with the same key ${apart === 0 ? 'at once' : 'after a while'} does not wait for itself`, async (t) => {
    let depth = 0;
    const world = await GraphRig.of(t, shared(), {
      c: async (_, fiber) => {
        if (apart > 0) await fiber.sleep(apart);
        return ++depth < 3 ? await world.run(fiber) : 'bottom';
      },
    });
    const exit = await world.rig.outcome((fiber) => world.run(fiber));
    t.like(exit, { how: 'returned', value: 'bottom', atMs: 3 * apart });
    t.is(depth, 3);
    t.is(world.graph.nodes[0]!.flights!.size, 0);
    t.true(world.isAtRest);
  });
}

test('the run beneath itself does its own work; others of that key still wait for the one above', async (t) => {
  let works = 0;
  const world = await GraphRig.of(t, shared(), {
    c: async (_, fiber) => {
      const work = ++works;
      await fiber.sleep(5);
      return work === 1 ? [await world.run(fiber)] : 'inner';
    },
  });
  const outer = world.rig.start((fiber) => world.run(fiber));
  const beside = world.rig.start((fiber) => world.run(fiber));
  await world.rig.clock.advance(20);
  t.like(outer.exit, { how: 'returned', value: ['inner'], atMs: 10 });
  t.like(beside.exit, { how: 'returned', value: ['inner'], atMs: 10 });
  t.is(works, 2);
  t.true(world.isAtRest);
});
