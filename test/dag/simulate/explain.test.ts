// Explanations: why a strategy does with a request what it does.

import test from 'ava';
import { explain } from '../../../dag/simulate/explain.ts';
import { formatExplanation } from '../../../dag/simulate/format-explanation.ts';
import { definitionOf, feed } from './feed.ts';

const request = { user: 'u1', k: 5 };

test('each node says how it ends and why', (t) => {
  const { nodes } = explain(feed(), request);
  t.deepEqual(
    nodes.map(({ name, end, why }) => [name, end, why]),
    [
      ['profile', 'done', 'ran'],
      ['recall', 'done', 'ran'],
      ['extra', 'skipped', 'when params.useExtra is not true'],
      ['rank', 'done', 'ran'],
      ['rankLight', 'not needed', 'it stands in for rank, which did not need it'],
    ],
  );
  t.deepEqual(nodes[2]?.when, {
    expression: 'params.useExtra',
    value: false,
    failure: undefined,
    reads: [{ path: 'params.useExtra', value: false }],
  });
});

test('parameters say who set them, and whether they were read', (t) => {
  const parameter = (k: number, params = {}) => explain(feed(), { user: 'u1', k }, { params }).parameters[0];
  t.like(parameter(5), { name: 'useExtra', value: false, setBy: 'default', isRead: true });
  t.like(parameter(101), { value: true, setBy: 'experiment extras, variant on' });
  t.like(parameter(5, { useExtra: true }), { value: true, setBy: 'given' });
  t.regex(
    explain(feed(), { user: 'u1', k: 5 }).layers[0]!.sentence,
    /belongs to 'extras', whose condition is not true$/,
  );
});

test('a level says what it changes, and what is not needed by it', (t) => {
  const { levelChanges, nodes, trace } = explain(feed(), request, { level: 1, failing: ['profile'] });
  t.deepEqual(levelChanges, ['level 1 puts rankLight in the place of rank']);
  t.is(nodes[0]?.why, 'it failed: the value of its fallback stands in');
  t.is(nodes[2]?.why, 'only rank would need it, and level 1 leaves that out');
  t.is(nodes[3]?.why, 'level 1 put rankLight in its place');
  t.deepEqual(trace.result, { items: [1], segment: 'new' });
});

test('times are medians of what was measured, else estimates; what is unknown is said', (t) => {
  const { trace, withoutLatency } = explain(feed(), request, { model: { recall: { latency: { p50: 7, p99: 90 } } } });
  t.true(Math.abs(trace.durationMs - 27) < 1e-6);
  t.deepEqual(trace.criticalPath, ['profile', 'recall', 'rank']);
  t.deepEqual(withoutLatency, ['profile']);
});

test('values that are given come before those of tests; what has none is told with the expression that failed', (t) => {
  t.deepEqual(explain(feed(), request, { values: { rank: { items: ['x'] } } }).trace.result, {
    items: ['x'],
    segment: 'old',
  });
  const untested = definitionOf('nodes: { a: { run: ./a.ts#a } }\noutput: a.items');
  const { problems, withoutSample } = explain(untested, {});
  t.deepEqual(withoutSample, ['a']);
  t.regex(problems[0]!, /^the output of feed: .*; a has no sample: mock it/);
});

test('a condition that reads nodes shows their values', (t) => {
  const conditional = definitionOf(
    'nodes: { a: { run: ./a.ts#a }, b: { value: 1, when: "a.kind == \'x\' && request.?n.orValue(0) > 1" }, c: { value: 2, needs: [b?] } }\noutput: c\ntests: [{ name: one, mocks: { a: { result: { kind: y } } } }]',
  );
  const { nodes } = explain(conditional, {});
  t.like(nodes[1], { end: 'skipped', when: { value: false } });
  t.deepEqual(nodes[1]?.when?.reads[0], { path: 'a.kind', value: 'y' });
});

test('a request that the strategy refuses is refused', (t) => {
  t.throws(() => explain(feed(), { user: 7, k: 5 }), {
    code: 'INVALID_ARGUMENT',
    message: 'feed: request.user must be string, not number',
  });
});

test('the text shows all of it', (t) => {
  t.is(
    formatExplanation(explain(feed(), request, { level: 1 })),
    `feed with {"user":"u1","k":5}

Experiments
  ranking: slot 827817 of 1000000 belongs to 'extras', whose condition is not true

Parameters
  useExtra = false (default, not read)

Level 1
  level 1 puts rankLight in the place of rank

Nodes
  ✓ profile          done  0 ms – 0 ms  ◆  ran
  ✓ recall           done  0 ms – 0 ms  ◆  ran
  · extra      not needed                  only rank would need it, and level 1 leaves that out
  ✓ rank             done               ◆  level 1 put rankLight in its place
  ✓ rankLight        done  0 ms – 0 ms  ◆  ran

done in 0 ms at level 1 by estimates; values from 1 inline test
result {"items":[1],"segment":"old"}
it waited for profile → recall → rankLight → rank
! no latency is known of profile, recall, rankLight: 0 ms here; measure them, or write an estimate`,
  );
});
