// The reference evaluator against small graphs whose times were worked out by hand from dag/semantics.md; the work of one
// node is in reference/work.test.ts. A run starts at 0; ok(10) is an attempt that gives { v: 10 } after 10 ms, bad(10) one
// that fails with UNAVAILABLE then.

import test from 'ava';
import { attempts, bad, ends, ok, run } from './reference/by-hand.ts';
import type { Behaviour } from './reference/world.ts';

test('a chain takes the sum, a fan the longest; values take no time', (t) => {
  // a 0-10, b 0-25, c = 10 + 25 at 25, d 25-30.
  const outcome = run({
    nodes: {
      a: { does: [ok(10)] },
      b: { does: [ok(25)] },
      c: { value: { v: 'a.v + b.v + request.x' } },
      d: { input: { in: 'c.v' }, does: [ok(5)] },
    },
    request: { x: 1 },
    output: { c: 'c.v', d: 'd.v' },
  });
  t.deepEqual(outcome.result, { c: 36, d: 5 });
  t.is(outcome.endMs, 30);
  t.deepEqual(outcome.path, ['a', 'b', 'c', 'd']);
  t.deepEqual(outcome.nodes.d?.attempts[0]?.input, { in: 36 });
});

test('a start other than 0 moves everything', (t) => {
  const outcome = run({ nodes: { a: { does: [ok(10)] } }, output: 'a.v', startMs: 500 });
  t.like(outcome, { result: 10, endMs: 510, nodes: { a: { demandedMs: 500, startMs: 500, endMs: 510 } } });
});

test('what the output does not need never runs', (t) => {
  // spare stands in for a, which is well; nobody demands it or what it needs.
  const outcome = run({
    nodes: { deep: {}, spare: { needs: ['deep'] }, a: { does: [ok(3)], fallback: [{ node: 'spare' }] } },
    output: 'a.v',
  });
  t.is(ends(outcome), '- - done');
  t.is(attempts(outcome, 'deep'), '');
});

test('join all: fails as soon as one failed, and so does the run; what still runs is cancelled', (t) => {
  // a fails at 5, c with it by its join, the run at once: b would have ended at 20.
  const outcome = run({
    nodes: { a: { does: [bad(5, 'NOT_FOUND')] }, b: { does: [ok(20)] }, c: { value: 'a.v + b.v' } },
    output: 'c',
  });
  t.deepEqual(outcome.failure, { code: 'NOT_FOUND', node: 'c' });
  t.is(outcome.endMs, 5);
  t.is(ends(outcome), 'failed cancelled failed');
  t.is(outcome.nodes.c?.startMs, undefined);
  t.is(attempts(outcome, 'b'), '0-x');
});

test('join all: a skipped one skips, whatever fallback there is; a needed node that was skipped fails the run', (t) => {
  const outcome = run({
    nodes: { a: { when: 'request.x > 3' }, b: { needs: ['a'], fallback: [{ value: 1 }] } },
    request: { x: 3 },
    output: 'b',
  });
  t.deepEqual(outcome.failure, { code: 'FAILED_PRECONDITION', node: 'b' });
  t.is(ends(outcome), 'skipped skipped');
  t.deepEqual(outcome.marks, []);
});

test('join all: of a skipped and a failed one, the first that was heard of decides', (t) => {
  // a fails at 4, b is skipped when its own need ends, at 2.
  const nodes = { a: { does: [bad(4)] }, s: { does: [ok(2)] }, b: { needs: ['s'], when: 'false' } };
  t.is(ends(run({ nodes: { ...nodes, c: { needs: ['a', 'b'] } }, output: 'c' })), 'cancelled done skipped skipped');
});

test('join none_failed: goes on without a skipped one, fails with a failed one', (t) => {
  const nodes = (when: string) => ({
    a: { when, does: [bad(4)] },
    b: { does: [ok(6)] },
    c: { join: 'none_failed' as const, needs: ['a', 'b'], value: 'a.?v.orValue(7) + b.v' },
  });
  t.like(run({ nodes: nodes('false'), output: 'c' }), { result: 13, endMs: 6 });
  t.like(run({ nodes: nodes('true'), output: 'c' }), { failure: { code: 'UNAVAILABLE', node: 'c' }, endMs: 4 });
});

test('join any: runs with the first that is done, and cancels the other that nobody else demands', (t) => {
  // b is done at 4: c begins, a is cancelled at 4; c ends at 5.
  const outcome = run({
    nodes: {
      a: { does: [ok(10)] },
      b: { does: [ok(4)] },
      c: { join: 'any', input: { a: 'a.?v.orValue(0)', b: 'b.?v.orValue(0)' }, does: [ok(1)] },
    },
    output: 'c.v',
  });
  t.is(outcome.endMs, 5);
  t.is(ends(outcome), 'cancelled done done');
  t.is(outcome.nodes.a?.endMs, 4);
  t.deepEqual(outcome.nodes.c?.attempts[0]?.input, { a: 0, b: 4 });
});

test('join any: fails with the error of the last that failed, and is skipped where none failed', (t) => {
  const nodes = (when: string) => ({
    a: { when, does: [bad(9, 'NOT_FOUND')] },
    b: { when, does: [bad(4, 'ABORTED')] },
    c: { join: 'any' as const, needs: ['a', 'b'] },
  });
  t.like(run({ nodes: nodes('true'), output: 'c' }), { failure: { code: 'NOT_FOUND', node: 'c' }, endMs: 9 });
  t.like(run({ nodes: nodes('false'), output: 'c' }), { failure: { code: 'FAILED_PRECONDITION' }, endMs: 0 });
});

test('join quorum 2: runs with the second that is done, fails when two can not be reached', (t) => {
  const nodes = (third: Behaviour) => ({
    a: { does: [ok(3)] },
    b: { does: [bad(5)] },
    c: { does: [third] },
    d: { join: 2, needs: ['a', 'b', 'c'], value: 1 },
  });
  t.like(run({ nodes: nodes(ok(8)), output: 'd' }), { result: 1, endMs: 8 });
  t.like(run({ nodes: nodes(bad(8, 'ABORTED')), output: 'd' }), { failure: { code: 'ABORTED' }, endMs: 8 });
});

test('a soft dependency is waited for and may fail', (t) => {
  // a is done at 2, b fails at 7: only then c runs, without b.
  const outcome = run({
    nodes: {
      a: { does: [ok(2)] },
      b: { does: [bad(7)] },
      c: { needs: ['b?'], value: 'a.v + b.?v.orValue(100)' },
    },
    output: 'c',
  });
  t.like(outcome, { result: 102, endMs: 7 });
  t.is(ends(outcome), 'done failed done');
});

test('when: not true skips, what can not be evaluated fails with INTERNAL and has fallbacks', (t) => {
  const when = (text: string, fallback: [] | [{ value: number }]) =>
    run({ nodes: { a: { when: text, fallback, does: [ok(3, 1)] } }, request: { x: 3 }, output: 'a' });
  t.is(when('request.x >= 3', []).result, 1);
  t.is(when('request.x > 3', [{ value: 5 }]).failure?.code, 'FAILED_PRECONDITION');
  t.deepEqual(when('request.y > 3', []).failure, { code: 'INTERNAL', node: 'a' });
  t.like(when('request.y > 3', [{ value: 5 }]), { result: 5, marks: ['a: value'] });
});

test('levels: skip, replace and input; the higher wins; no level above the run counts', (t) => {
  const at = (level: number) =>
    run({
      nodes: {
        a: { does: [ok(1)] },
        light: { value: { v: 9 } },
        b: { needs: ['a'], input: { k: 1, n: 2 }, does: [ok(20)] },
        extra: { does: [ok(30)] },
        c: { needs: ['extra?'], value: 'b.v' },
      },
      output: 'c',
      level,
      levels: { 1: { skip: ['extra'], input: { b: { k: 7 } } }, 2: { replace: { b: 'light' } } },
    });
  t.like(at(0), { result: 20, endMs: 30, marks: [] });
  // a 0-1, b 1-21 with another input.
  const first = at(1);
  t.like(first, { result: 20, endMs: 21, marks: ['extra: level 1 skipped', 'b: level 1 input'] });
  t.deepEqual(first.nodes.b?.attempts[0]?.input, { k: 7, n: 2 });
  // Who is replaced does not demand what it needs: a never runs. At 0 light is done, extra left out, then light's ending lets b go on.
  const second = at(2);
  t.like(second, { result: 9, endMs: 0, marks: ['extra: level 1 skipped', 'b: level 2 node light'] });
  t.is(ends(second), '- done done skipped done');
  t.is(second.nodes.b?.startMs, undefined);
});

test('who adopts a skipped node fails with UNAVAILABLE, and its fallbacks follow', (t) => {
  const nodes = { y: { when: 'false' }, x: { does: [bad(2, 'ABORTED')], fallback: [{ node: 'y' }, { value: 4 }] } };
  t.like(run({ nodes, output: 'x' }), { result: 4, marks: ['x: value'], endMs: 2 });
  const replaced = run({ nodes: { ...nodes, x: {} }, output: 'x', level: 1, levels: { 1: { replace: { x: 'y' } } } });
  t.deepEqual(replaced.failure, { code: 'UNAVAILABLE', node: 'x' });
});

test('light: where less time is left than the node usually takes, the other one runs', (t) => {
  // x starts at 5. E = 30: 25 are left. 25 is enough for 25, not for 26.
  const x = (estimateMs: number) =>
    run({
      nodes: {
        a: { does: [ok(5)] },
        y: { does: [ok(2)] },
        x: { needs: ['a'], light: 'y', estimateMs, does: [ok(20)] },
      },
      output: 'x.v',
      budget: { totalMs: 32, reserveMs: 2 },
    });
  t.like(x(25), { result: 20, endMs: 25, marks: [] });
  t.like(x(26), { result: 2, endMs: 7, marks: ['x: light y'] });
  t.is(attempts(x(26), 'x'), '');
});

test('tail: a node has until the end less what must come after it', (t) => {
  // b needs 10, c is a value, d takes 5 by its light variant: tail of a = 15. E = 40: a has until 25.
  const nodes = {
    a: { does: [ok(30)] },
    b: { needs: ['a'], estimateMs: 10 },
    c: { value: 'b' },
    y: { estimateMs: 5 },
    d: { needs: ['c'], light: 'y', estimateMs: 20 },
  };
  const outcome = run({ nodes, output: 'd', budget: { totalMs: 40 } });
  t.like(outcome, { failure: { code: 'DEADLINE_EXCEEDED', node: 'd' }, endMs: 25 });
  t.is(attempts(outcome, 'a'), '0-x');
  // A fallback that is a value makes b cheap: tail of a = 5, a ends at 30.
  const cheap = run({ nodes: { ...nodes, b: { ...nodes.b, fallback: [{ value: 1 }] } }, output: 'd', deadlineMs: 40 });
  t.is(attempts(cheap, 'a'), '0-30');
});

test('a stand-in has the tail of the node that it stands in for', (t) => {
  // b usually takes 10: y, which a falls back on at 3, has until 30 - 10, as a had.
  const outcome = run({
    nodes: {
      y: { does: [ok(50)] },
      a: { does: [bad(3)], fallback: [{ node: 'y' }] },
      b: { needs: ['a'], estimateMs: 10 },
    },
    output: 'b',
    budget: { totalMs: 30 },
  });
  t.is(outcome.nodes.y?.endMs, 20);
  t.deepEqual(outcome.failure, { code: 'UNAVAILABLE', node: 'b' });
});

test('timeout and the end of the run bound a node; who begins at its deadline fails, values do not', (t) => {
  const outcome = run({
    nodes: {
      a: { timeoutMs: 10, does: [ok(11)], fallback: [{ value: { v: 1 } }] },
      b: { needs: ['a'], does: [ok(30)], fallback: [{ value: { v: 2 } }] },
      c: { needs: ['b'], does: [ok(1)], fallback: [{ value: { v: 4 } }] },
      d: { value: 'a.v + b.v + c.v' },
    },
    output: 'd',
    deadlineMs: 25,
    budget: { reserveMs: 5 },
  });
  // a until 10, b until E = 20, c begins at 20 and has no time, d has none to need.
  t.like(outcome, { result: 7, endMs: 20, marks: ['a: value', 'b: value', 'c: value'] });
  t.deepEqual([attempts(outcome, 'a'), attempts(outcome, 'b'), attempts(outcome, 'c')], ['0-x', '10-x', '']);
});

test('deadlines at one instant go in the order of the file', (t) => {
  // Both until 20: b stands first, so its value is the first mark, though a began first in the order of needs.
  const fallback = [{ value: { v: 1 } }];
  const outcome = run({
    nodes: { b: { does: [ok(30)], fallback }, a: { does: [ok(30)], fallback }, c: { value: 'a.v + b.v' } },
    output: 'c',
    deadlineMs: 20,
  });
  t.deepEqual(outcome.marks, ['b: value', 'a: value']);
});

test('fallbacks go in order: stale, a value that fails, a node, and then the error is that of the work', (t) => {
  const nodes = (stale: { stale?: number }, y: Behaviour) => ({
    y: { does: [y] },
    x: {
      ...stale,
      cache: "'key'",
      does: [bad(3, 'NOT_FOUND')],
      fallback: ['stale', { value: 'request.nothing' }, { node: 'y' }] as const,
    },
  });
  t.like(run({ nodes: nodes({ stale: 8 }, ok(4)), output: 'x' }), { result: 8, endMs: 3, marks: ['x: stale'] });
  t.like(run({ nodes: nodes({}, ok(4, 6)), output: 'x' }), { result: 6, endMs: 7, marks: ['x: node y'] });
  t.like(run({ nodes: nodes({}, bad(4, 'ABORTED')), output: 'x' }), { failure: { code: 'NOT_FOUND' }, endMs: 7 });
});

test('who adopts a node that has ended goes on at once', (t) => {
  // y is done at 2 for w; x fails at 5 and has y's value at 5.
  const outcome = run({
    nodes: {
      y: { does: [ok(2)] },
      w: { value: 'y.v' },
      x: { does: [bad(5)], fallback: [{ node: 'y' }] },
      z: { value: 'w + x.v' },
    },
    output: 'z',
  });
  t.like(outcome, { result: 4, endMs: 5, path: ['y', 'w', 'x', 'z'], marks: ['x: node y'] });
});

test('one instant: what an ending makes possible goes in the order of the file, endings in the order they happened', (t) => {
  // a ends: d and b can go on, b first. Their endings: b's lets c go (c also waits for a), d's lets e.
  const outcome = run({
    nodes: {
      e: { value: 'd' },
      c: { value: 'b' },
      b: { value: 'a.v' },
      a: { does: [ok(1)] },
      d: { value: 'a.v' },
      out: { value: 'e + c' },
    },
    output: 'out',
  });
  t.deepEqual(outcome.path, ['a', 'b', 'd', 'c', 'e', 'out']);
});

test('the run ends before any other node takes a step', (t) => {
  // b is the last that the output needs; c, of the same instant, waits for the same and stands later.
  const outcome = run({
    nodes: { a: { does: [ok(1)] }, b: { value: 'a.v' }, c: { value: 'a.v' }, d: { needs: ['c?', 'b'] } },
    output: 'b',
  });
  t.is(ends(outcome), 'done done - -');
  const failing = run({
    nodes: { a: { does: [ok(1)] }, b: { when: 'false', needs: ['a'] }, c: { needs: ['a'] } },
    output: { b: 'b', c: 'c' },
  });
  t.is(ends(failing), 'done skipped cancelled');
  t.is(attempts(failing, 'c'), '');
});

test('a cancelled node that is demanded again begins anew', (t) => {
  // w takes b at 2 and lets a go (0-x); x fails at 5 and falls back on a, which begins again, at 5.
  const outcome = run({
    nodes: {
      a: { does: [ok(20), ok(3, 'late')] },
      b: { does: [ok(2)] },
      w: { join: 'any', needs: ['a', 'b'], value: 1 },
      x: { does: [bad(5)], fallback: [{ node: 'a' }] },
    },
    output: { w: 'w', x: 'x' },
  });
  t.like(outcome, { result: { w: 1, x: 'late' }, endMs: 8, path: ['b', 'w', 'a', 'x'] });
  t.is(attempts(outcome, 'a'), '0-x 5-8');
  t.is(outcome.nodes.a?.demandedMs, 5);
});

test('an output that can not be evaluated fails the run with INTERNAL, at no node', (t) => {
  const outcome = run({ nodes: { a: { does: [ok(1)] } }, output: 'a.w' });
  t.deepEqual(outcome.failure, { code: 'INTERNAL', node: undefined });
  t.is(ends(outcome), 'done');
});
