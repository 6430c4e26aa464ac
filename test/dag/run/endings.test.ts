// How runs end: at once, in time, with nothing left behind, whatever their nodes do.

import test from 'ava';
import fc from 'fast-check';
import type { Graph } from '../../../dag/graph/compile-graph.ts';
import { EventQueue } from '../../../dag/simulate/event-queue.ts';
import { type Behaviour, VirtualRun } from '../../../dag/simulate/virtual-run.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { GraphRig } from '../host/world.ts';

const hedged = `
request: { ids: list<number> }
budget: { total: 1s }
nodes:
  w:
    run: ./any.ts#any
    foreach: { in: request.ids, as: id, maxItems: 10, parallel: 2, quorum: 1 }
    input: { id: id }
    estimate: 20ms
    hedge: p95
    breaker: { failures: 50%, minCalls: 1, openFor: 10ms, window: 1s }
output: w
`;

test('an item that the breaker refused is never hedged, while another is under way and after the end', async (t) => {
  const { graph } = await GraphRig.of(t, hedged, {});
  const events = new EventQueue();
  const started: string[] = [];
  const behaviour: Behaviour = (_node, input, attempt, item) => {
    started.push(`item ${item}, attempt ${attempt}`);
    if (item === 1) return { delayMs: 1, error: new HeddleError('UNAVAILABLE', 'down') };
    return { delayMs: (input as { id: number }).id, value: item };
  };
  // Item 1 opens the breaker, which refuses item 2.
  const { outcome } = new VirtualRun(graph, { ids: [100, 1, 500] }, { events, behaviour }).run();
  t.deepEqual(outcome, { how: 'done', value: [0, null, null] });
  t.is(events.nowMs, 100);
  t.false(events.step());
  t.deepEqual(started, ['item 0, attempt 0', 'item 1, attempt 0', 'item 0, attempt 1']);
});

test('in fibers, nothing begins after a run with refused items is over, and its request ends with its handler', async (t) => {
  const began: number[] = [];
  const world = await GraphRig.of(t, hedged, {
    w: async (input, fiber) => {
      const { id } = input as { id: number };
      began.push(id);
      await fiber.sleep(id === 1 ? 50 : 1);
      if (id === 2) throw new HeddleError('UNAVAILABLE', 'down');
      return id;
    },
  });
  const { fiber } = world.rig.start(async (root) => {
    const value = await world.run(root, { ids: [1, 2, 3] });
    t.true(world.isAtRest);
    await root.sleep(25);
    return value;
  });
  await world.rig.clock.advance(400);
  t.like(fiber.exit, { how: 'returned', value: [1, null, null], atMs: 75 });
  t.deepEqual(began, [1, 2, 1]);
  t.true(world.isAtRest);
});

test('a function that keeps the thread does not take the time of the nodes that begin after it', async (t) => {
  const text = `
nodes:
  a: { run: ./any.ts#any }
  b: { run: ./any.ts#any, timeout: 20ms }
  c: { run: ./any.ts#any, timeout: 20ms, retry: { attempts: 2 } }
output: [a, b, c]
`;
  const busy = async (name: string) => {
    world.rig.clock.skip(50);
    return name;
  };
  const world = await GraphRig.of(t, text, { a: () => busy('a'), b: async () => 'b', c: async () => 'c' });
  t.deepEqual(await world.rig.value((fiber) => world.run(fiber)), ['a', 'b', 'c']);
  t.true(world.isAtRest);
});

for (const [how, recurs] of [
  ['at once', (world: GraphRig, fiber: FiberContext) => world.run(fiber)],
  [
    'after a while',
    async (world: GraphRig, fiber: FiberContext) => {
      await fiber.sleep(1);
      return await world.run(fiber);
    },
  ],
] as const) {
  for (const policy of ['', ', cache: { key: "\'k\'", ttl: 1s }']) {
    test(`a strategy that runs itself ${how} without end is RESOURCE_EXHAUSTED at 64${policy}`, async (t) => {
      const text = `nodes: { a: { run: ./any.ts#any${policy} } }\noutput: a\n`;
      let began = 0;
      const world = await GraphRig.of(t, text, {
        a: (_, fiber) => {
          began++;
          return recurs(world, fiber);
        },
      });
      const exit = await world.rig.outcome((fiber) => world.run(fiber));
      if (exit.how !== 'failed') return t.fail(exit.how);
      t.is(exit.error.code, 'RESOURCE_EXHAUSTED');
      t.regex(exit.error.message, /within 64 other runs of one request/);
      t.true(exit.atMs <= 65);
      // 65 deep: what 64 others wait for is the last that runs.
      t.is(began, 65);
      t.is(world.ended.length, 65);
      t.true(world.isAtRest);
    });
  }
}

test('63 strategies within one another are not too deep', async (t) => {
  let depth = 0;
  const world = await GraphRig.of(t, 'nodes: { a: { run: ./any.ts#any } }\noutput: a\n', {
    a: (_, fiber) => (++depth <= 64 ? world.run(fiber) : 'bottom'),
  });
  t.is(await world.rig.value((fiber) => world.run(fiber)), 'bottom');
  t.is(world.ended.length, 65);
});

/** A list that expressions take for one; reading `property` throws. */
function brokenList(property: string): unknown[] {
  return new Proxy(['x', 'y', 'z'], {
    get(list, key, receiver) {
      if (key === property) throw new Error(`no ${property} here`);
      return Reflect.get(list, key, receiver);
    },
  });
}

for (const [when, property, takesMs] of [
  ['when its node begins', 'length', 0],
  ['at its first item', '0', 0],
  ['when an item has ended at once', '1', 0],
  ['when an item has ended after a while', '1', 2],
] as const) {
  test(`a run in which something throws that must not fails with INTERNAL, and cancels the rest: ${when}`, async (t) => {
    const text = `
budget: { total: 1s }
nodes:
  list: { run: ./any.ts#any }
  each: { run: ./any.ts#any, foreach: { in: list, as: item, maxItems: 10, parallel: 1 }, input: 1 }
  beside: { run: ./any.ts#any }
output: [each, beside]
`;
    const reasons: string[] = [];
    const world = await GraphRig.of(t, text, {
      // Later than the request's own code: what throws then throws into nobody's hands.
      list: async (_, fiber) => {
        await fiber.sleep(1);
        return brokenList(property);
      },
      each: (_, fiber) => (takesMs === 0 ? 1 : fiber.sleep(takesMs)),
      beside: async (_, fiber) => {
        fiber.onCancel(({ code }) => reasons.push(code));
        await fiber.sleep(100);
      },
    });
    const { fiber } = world.rig.start((root) => world.run(root));
    await world.rig.clock.advance(10);
    t.is(fiber.exit?.how === 'failed' ? fiber.exit.error.code : fiber.exit?.how, 'INTERNAL');
    t.is(fiber.exit?.atMs, 1 + takesMs);
    t.deepEqual(reasons, ['CANCELLED']);
    t.true(world.isAtRest);
  });
}

// Many runs of one graph beside one another, with all policies, deadlines and aborts.

const share = (percent: number) => fc.nat(99).map((draw) => draw < percent);
const some = (percent: number, values: readonly string[]) =>
  fc.tuple(share(percent), fc.constantFrom(...values)).map(([is, value]) => (is ? [value] : []));

/** The policies of a node, as they stand in a file. */
const arbitraryPolicies = fc
  .tuple(
    some(50, ['timeout: 8ms', 'timeout: 10ms', 'timeout: 20ms']),
    some(40, ['retry: { attempts: 3 }', 'retry: { attempts: 3, backoff: 1ms }']),
    some(40, ['estimate: 2ms, hedge: { after: p90, max: 2 }', 'estimate: 5ms, hedge: p90']),
    fc.oneof(
      some(50, ['cache: { key: "\'k\'", ttl: 1ms }', 'cache: { key: request.key, ttl: 5ms, maxEntries: 1 }']),
      some(50, [
        'cache: { key: "\'k\'", ttl: 5ms, stale: 20ms }, fallback: [stale, { value: 0 }]',
        'fallback: [{ value: 0 }]',
      ]),
    ),
    some(30, ['breaker: { minCalls: 2, window: 100ms, openFor: 10ms }']),
    some(30, ['concurrency: 1', 'concurrency: 2', 'concurrency: 5']),
    some(
      30,
      [1, 2, 10].flatMap((parallel) =>
        [0, 1, 2].map(
          (quorum) => `foreach: { in: request.items, maxItems: 10, parallel: ${parallel}, quorum: ${quorum} }`,
        ),
      ),
    ),
    some(30, ['join: any', 'join: none_failed', 'join: all']),
  )
  .map((parts) => parts.flat());

const nodesMax = 6;

/** Each node is needed: by a later one, or by the output. */
const arbitraryGraph = fc
  .tuple(
    fc.array(
      fc.tuple(
        arbitraryPolicies,
        fc.array(fc.constantFrom('', '', '?', '!'), { minLength: nodesMax, maxLength: nodesMax }),
      ),
      {
        minLength: 1,
        maxLength: nodesMax,
      },
    ),
    fc.constantFrom(60, 100),
  )
  .map(([nodes, budgetMs]) => {
    const names = nodes.map((_, index) => `n${index}`);
    const needed = new Set<string>();
    const lines = nodes.map(([policies, edges], index) => {
      const needs = names.slice(0, index).filter((_, at) => edges[at] !== '');
      for (const name of needs) needed.add(name);
      const isHard = needs.some((_, at) => edges[names.indexOf(needs[at]!)] === '!');
      const shown = needs.map((name) => (edges[names.indexOf(name)] === '?' ? `${name}?` : name));
      const parts = policies.filter((part) => isHard || !part.startsWith('join'));
      return `  n${index}: { ${[`run: ./any.ts#any, needs: [${shown.join(', ')}]`, ...parts].join(', ')} }`;
    });
    const output = names.filter((name) => !needed.has(name));
    return `
request: { key: string, items: list<number> }
budget: { total: ${budgetMs}ms }
nodes:
${lines.join('\n')}
output: [${output.join(', ')}]
`;
  });

const codes: readonly ErrorCode[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'INTERNAL'];
const runs = 25;

/** What is wrong with many runs of a graph at once, all drawn from `random`. */
function faultsOf(graph: Graph, random: Random): Set<string> {
  const events = new EventQueue();
  const faults = new Set<string>();
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const begun: VirtualRun[] = [];
  let open = runs;
  const begin = () => {
    let abort = -1;
    const startMs = events.nowMs;
    const behaviour: Behaviour = () => {
      const { outcome, endMs } = run.core;
      if (outcome.how !== 'running') faults.add('an attempt began after the end of its run');
      if (events.nowMs >= endMs) faults.add('an attempt began after the time of its run');
      if (random() >= 0.3) return { delayMs: pick([0, random() * 10, random() * 30]), value: 1 };
      return { delayMs: random() * 15, error: new HeddleError(pick(codes), 'as told') };
    };
    const run = new VirtualRun(
      graph,
      { key: pick(['k', 'l']), items: [1, 2, 3, 4] },
      {
        events,
        random,
        behaviour,
        ...(random() < 0.3 ? { deadlineMs: startMs + random() * 20 } : {}),
        onSettled: ({ core }) => {
          open--;
          events.remove(abort);
          if (events.nowMs > Math.max(startMs, core.endMs)) faults.add('a run was settled too late');
        },
      },
    );
    begun.push(run);
    if (random() < 0.5) {
      const leave = () => {
        open--;
        run.core.abort(new HeddleError('CANCELLED', 'left'));
      };
      abort = events.add(startMs + random() * 30, { onTimer: leave }, 0);
    }
    run.core.begin();
  };
  for (let run = 0; run < runs; run++) events.add(Math.floor(random() * 40), { onTimer: begin }, 0);
  while (open > 0 && events.step());
  if (open > 0) faults.add('a run never ended');
  if (events.step()) faults.add('a timer was left');
  for (const { limiter, flights } of graph.nodes) {
    if (limiter !== undefined && limiter.running !== 0) faults.add('a limiter was not left');
    if (flights !== undefined && flights.size !== 0) faults.add('a flight never landed');
  }
  for (const { core } of begun) {
    for (const { index } of graph.nodes) {
      if (core.state.is(index, 'running') || core.state.is(index, 'waiting')) faults.add('a node never ended');
      const tries = core.works?.[index]?.tries.flatMap(({ attempts }) => attempts) ?? [];
      if (tries.some((one) => Number.isNaN(one.endMs) && !one.cancelled)) faults.add('an attempt is under way');
    }
  }
  return faults;
}

test('many runs of one graph end in time, whatever it does, and leave nothing', async (t) => {
  const law = fc.asyncProperty(arbitraryGraph, fc.nat(1_000_000), async (text, seed) => {
    const { graph } = await GraphRig.of(t, text, {});
    const faults = faultsOf(graph, seededRandom(seed));
    if (faults.size > 0) throw new Error([...faults].join('; '));
  });
  await fc.assert(law, { numRuns: 300 });
  t.pass();
});
