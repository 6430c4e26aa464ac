// Tests in strategy files: what passes, and what a failure says.

import test from 'ava';
import { runInlineTests } from '../../../dag/simulate/inline-tests.ts';
import { definitionOf, feed } from './feed.ts';

/** Problems of one more test of the feed. */
function problemsOf(text: string): readonly string[] {
  return runInlineTests(feed(`\n  - name: another\n    request: { user: u1, k: 5 }\n${text}`)).at(-1)!.problems;
}

/** Mocks of the whole way. */
const mocks = (more = '') =>
  `    mocks: { profile: { result: { segment: a }, delay: 3ms }, recall: { result: { items: [1] } }, rank: { result: { items: [7, { id: 8, of: 9 }] }, delay: 4ms }${more} }\n`;

test('a test that holds passes, and says where it stands and what ran', (t) => {
  const [result] = runInlineTests(feed());
  t.like(result, { name: 'a known user gets ranked items', passed: true, problems: [] });
  t.regex(result!.where, /^feed\.yaml:\d+$/);
  t.like(result!.trace, {
    durationMs: 18,
    path: ['profile', 'recall', 'rank'],
    result: { items: [3, 2], segment: 'old' },
  });
});

test('a result may have more keys than are expected, and no other values', (t) => {
  t.deepEqual(problemsOf(`${mocks()}    expect: { result: { items: [7, { id: 8 }] } }`), []);
  t.deepEqual(problemsOf(`${mocks()}    expect: { result: { items: [7, { id: 9, x: 1 }], page: 2 } }`), [
    'result.items[1].id: expected 9, found 8',
    'result.items[1].x: expected 1, it is not there; there are id, of',
    'result.page: expected 2, it is not there; there are items, segment',
  ]);
  t.deepEqual(problemsOf(`${mocks()}    expect: { result: { items: [7], segment: { a: 1 } } }`), [
    'result.items: expected 1 item [7], found 2 items [7,{"id":8,"of":9}]',
    'result.segment: expected the map {"a":1}, found "a"',
  ]);
});

test('path, skipped, failed and degraded say what is missing and what was not expected', (t) => {
  t.deepEqual(
    problemsOf(
      `${mocks()}    expect: { path: [recall, profile, rank], skipped: [], failed: [profile], degraded: ["rank: stale"] }`,
    ),
    [
      'path: expected [recall, profile, rank], found [profile, recall, rank] (the same ones in another order)',
      'skipped: expected none, found [extra] (not expected: extra)',
      'failed: expected [profile], found none (missing: profile)',
      'degraded: expected [rank: stale], found none (missing: rank: stale)',
    ],
  );
});

test('a failure is expected by code and by a part of its message', (t) => {
  const failing = mocks().replace('result: { items: [1] }', 'error: ABORTED');
  t.deepEqual(
    problemsOf(`${failing}    expect: { error: ABORTED, message: failed at recall, failed: [recall, rank] }`),
    [],
  );
  t.deepEqual(problemsOf(`${failing}    expect: { error: UNAVAILABLE, message: lost }`), [
    'error: expected UNAVAILABLE, found ABORTED: feed failed at recall, which rank needs: recall is mocked to fail',
    'message: expected one that contains "lost", found "feed failed at recall, which rank needs: recall is mocked to fail"',
  ]);
  t.deepEqual(problemsOf(`${failing}    expect: { within: 1s }`), [
    'expected it to succeed, but it failed with ABORTED: feed failed at recall, which rank needs: recall is mocked to fail',
  ]);
  t.deepEqual(problemsOf(`${mocks()}    expect: { error: ABORTED }`), [
    'expected ABORTED, but it succeeded with {"items":[7,{"id":8,"of":9}],"segment":"a"}',
  ]);
});

test('what takes too long says what it waited for', (t) => {
  t.deepEqual(problemsOf(`${mocks()}    expect: { within: 6ms }`), [
    'within: expected at most 6 ms, it took 7 ms; it waited for profile 3 ms (43 %) → recall → rank 4 ms (57 %)',
  ]);
});

test('a node on the way without a mock fails the test and says how to write one', (t) => {
  t.deepEqual(problemsOf('    mocks: { profile: { result: { segment: a } } }\n    expect: { error: INTERNAL }'), [
    'recall (run recall) is on the way and has no mock; a test runs no work: write "mocks: { recall: { result: … } }", or "error: UNAVAILABLE" instead of a result',
  ]);
  const nested = definitionOf('nodes: { a: { strategy: other } }\noutput: a\ntests: [{ name: nested }]');
  t.regex(runInlineTests(nested)[0]!.problems[0]!, /^a \(the strategy other\) is on the way and has no mock;/);
});

test('parameters are what the test sets, else what the experiments give the request', (t) => {
  const path = '[extra, profile, recall, rank]';
  const set = `    params: { useExtra: true }\n${mocks(', extra: {}')}    expect: { path: ${path} }`;
  t.deepEqual(problemsOf(set), []);
  const diverted = runInlineTests(
    feed(`\n  - name: many\n    request: { user: u1, k: 101 }\n${mocks(', extra: {}')}    expect: { path: ${path} }`),
  );
  t.deepEqual(diverted.at(-1)!.problems, []);
  t.like(diverted.at(-1)!.trace.exposures[0], { experiment: 'extras', variant: 'on' });
});

test('levels, timeouts and fallbacks hold as in a real run', (t) => {
  const late = mocks(', rankLight: { result: { items: [0] } }').replace('delay: 3ms', 'delay: 11ms');
  t.deepEqual(
    problemsOf(
      `    level: 1\n${late}    expect: { result: { items: [0], segment: new }, degraded: ["profile: value", "rank: level 1 node rankLight"], within: 10ms }`,
    ),
    [],
  );
});

test('of a foreach, a list mocks each item and another value all of them', (t) => {
  const run = (result: string, expected: string) =>
    runInlineTests(
      definitionOf(
        `nodes: { a: { run: ./a.ts#a, foreach: { in: request.ids, maxItems: 9 } } }\noutput: a\n` +
          `tests: [{ name: each, request: { ids: [1, 2] }, mocks: { a: { result: ${result} } }, expect: { result: ${expected} } }]`,
      ),
    )[0]!.problems;
  t.deepEqual(run('[x, y]', '[x, y]'), []);
  t.deepEqual(run('{ v: 1 }', '[{ v: 1 }, { v: 1 }]'), []);
  t.deepEqual(run('[x]', '[x, y]'), [
    'the mock of a has a result for 1 items, and it runs for item 1 (from 0): a list holds the result of each item; write one for each, or write one value that is no list for all',
  ]);
});

test('tests do not learn from one another: a breaker that one opens is closed in the next', (t) => {
  const failing =
    '{ name: NAME, mocks: { a: { error: UNAVAILABLE } }, expect: { error: UNAVAILABLE, message: mocked } }';
  const definition = definitionOf(
    `nodes: { a: { run: ./a.ts#a, breaker: { minCalls: 1 } } }\noutput: a\ntests: [${failing.replace('NAME', 'one')}, ${failing.replace('NAME', 'two')}]`,
  );
  t.deepEqual(
    runInlineTests(definition).map(({ passed }) => passed),
    [true, true],
  );
});

test('a node that is not idempotent is not tried again', (t) => {
  const definition = definitionOf(
    'nodes: { a: { call: ./a.ts#A/a, retry: { attempts: 3 } } }\noutput: a\ntests: [{ name: one, mocks: { a: { error: UNAVAILABLE } } }]',
  );
  const attempts = (idempotent: boolean) =>
    runInlineTests(definition, { idempotent: { a: idempotent } })[0]!.trace.nodes[0]!.attempts.length;
  t.deepEqual([attempts(true), attempts(false)], [3, 1]);
});
