// Replays: what a recorded run would have been on another version, and what a recording can't say.

import test from 'ava';
import type { RunTrace } from '../../../dag/run/trace.ts';
import { formatReplay } from '../../../dag/simulate/format-replay.ts';
import { runInlineTests } from '../../../dag/simulate/inline-tests.ts';
import { replay } from '../../../dag/simulate/replay.ts';
import { simulate } from '../../../dag/simulate/simulate.ts';
import { definitionOf, feed } from './feed.ts';

/** The run of the first test of the feed: profile 3 ms, recall 5 ms, rank 10 ms. */
const recorded = runInlineTests(feed())[0]!.trace;
const changed = (from: string, to: string) => {
  const definition = feed();
  return JSON.parse(
    JSON.stringify(definition, (_key, value: unknown) => (value === Number.POSITIVE_INFINITY ? 1e9 : value)).replaceAll(
      from,
      to,
    ),
  ) as typeof definition;
};

test('an unchanged strategy comes to the same', (t) => {
  const same = replay(recorded, [feed()]);
  t.deepEqual(same.same, { result: true, path: true, marks: true, timing: true });
  t.deepEqual([same.differences, same.nodes, same.unrecorded, same.unknown], [[], [], [], []]);
  t.is(formatReplay(same), 'feed: recorded done in 18 ms, replayed done in 18 ms\n  same: result, path, marks, timing');
});

test('another version says what differs, node by node', (t) => {
  // With 2 ms the profile is late: its fallback gives the segment.
  const { same, differences, nodes } = replay(recorded, [changed('"timeoutMs":10', '"timeoutMs":2')]);
  t.deepEqual(same, { result: false, path: true, marks: false, timing: true });
  t.deepEqual(differences, ['result.segment: was "old", now "new"', 'degraded: was none, now [profile: value]']);
  t.deepEqual(nodes, [
    { name: 'profile', differences: ['value.segment: was "old", now "new"', 'marks: was none, now [value]'] },
  ]);
});

test('a node without a recording needs a mock, and has it', (t) => {
  const version = [changed('"params.useExtra"', '"true"')];
  const without = replay(recorded, version);
  t.deepEqual(without.unrecorded, ['extra']);
  t.deepEqual(without.nodes, [
    {
      name: 'extra',
      differences: [
        'end: was skipped, now failed (UNIMPLEMENTED)',
        'marks: was none, now [failed]',
        'attempts: was 0, now 1',
      ],
    },
  ]);
  t.regex(formatReplay(without), /! nothing is recorded of extra: give the replay a mock of each/);
  const mocked = replay(recorded, version, { mocks: { extra: { value: { items: [9] }, delayMs: 30 } } });
  t.deepEqual(mocked.unrecorded, []);
  t.deepEqual([mocked.replayed.durationMs, mocked.same.timing], [40, false]);
});

test('parameters and level are as recorded', (t) => {
  const trace: RunTrace = { ...recorded, params: { useExtra: true }, level: 1 };
  const { replayed } = replay(trace, [feed()], { mocks: { rankLight: { value: { items: [] } } } });
  t.deepEqual(replayed.params, { useExtra: true });
  t.deepEqual(replayed.degraded, ['rank: level 1 node rankLight']);
});

test('what was cancelled is waited for as long as anything else goes on, and is told', (t) => {
  const race =
    'nodes: { a: { run: ./a.ts#a }, b: { run: ./a.ts#b }, c: { value: 1, join: JOIN, needs: [a, b] } }\noutput: c\ntests: [{ name: one, mocks: { a: { delay: 9ms }, b: { delay: 2ms } } }]';
  const { trace } = runInlineTests(definitionOf(race.replace('JOIN', 'any')))[0]!;
  const { replayed, unknown, same } = replay(trace, [definitionOf(race.replace('JOIN', 'all'))]);
  t.deepEqual(unknown, ['a was cancelled while it was recorded, after 2 ms: what it would have given is not known']);
  t.is(replayed.failure?.code, 'CANCELLED');
  t.false(same.result);
});

test('hedges that were learnt are replayed by when the answer came', (t) => {
  const trace: RunTrace = {
    ...runInlineTests(
      definitionOf(
        'nodes: { a: { run: ./a.ts#a, hedge: p95 } }\noutput: a\ntests: [{ name: one, mocks: { a: { result: 7 } } }]',
      ),
    )[0]!.trace,
    durationMs: 12,
  };
  const [node] = trace.nodes;
  const attempt = { item: undefined, failure: undefined };
  const hedged = {
    ...trace,
    nodes: [
      {
        ...node!,
        endMs: 12,
        attempts: [
          { ...attempt, hedge: false, startMs: 0, endMs: undefined },
          { ...attempt, hedge: true, startMs: 9, endMs: 12 },
        ],
      },
    ],
  };
  const { same } = replay(hedged, [definitionOf('nodes: { a: { run: ./a.ts#a, hedge: p95 } }\noutput: a')]);
  t.deepEqual(same, { result: true, path: true, marks: true, timing: true });
});

test('a trace that can not be replayed is refused', (t) => {
  t.throws(() => replay({ ...recorded, strategy: 'fed' }, [feed()]), {
    code: 'NOT_FOUND',
    message: "the trace is of fed, and there is no such strategy (did you mean 'feed'?)",
  });
  const { request: _request, ...bare } = recorded;
  t.throws(() => replay(bare, [feed()]), { code: 'INVALID_ARGUMENT', message: /has no values/ });
});

test('recorded runs are samples for simulations', (t) => {
  const { base, valuesFrom } = simulate(
    feed(),
    {},
    { runs: 3, traces: [recorded, { ...recorded, strategy: 'other' }] },
  );
  t.is(valuesFrom, '1 recorded run');
  t.is(base.successShare, 1);
});
