// The work of one node in the reference evaluator, worked out by hand: retries, hedges, items of a foreach. ok(10) is an
// attempt that gives { v: 10 } after 10 ms, bad(10) one that fails with UNAVAILABLE then.

import test from 'ava';
import { attempts, bad, ok, run } from './by-hand.ts';
import type { Behaviour } from './world.ts';

test('retry: pauses double, other codes end it, attempts are counted', (t) => {
  // 0-1, pause 2, 3-4, pause 4, 8-9.
  const x = (does: Behaviour[], more: object = {}) =>
    run({ nodes: { x: { retry: { attempts: 3, backoffMs: 2 }, does, ...more } }, output: 'x' });
  t.is(attempts(x([bad(1)]), 'x'), '0-1 3-4 8-9');
  t.is(x([bad(1), bad(1), ok(1, 5)]).result, 5);
  t.is(attempts(x([bad(1), bad(1, 'NOT_FOUND'), ok(1)]), 'x'), '0-1 3-4');
  t.is(attempts(x([bad(1)], { idempotent: false }), 'x'), '0-1');
  // The second pause would end at 8: not before the deadline at 8, so the work fails at 4.
  t.is(attempts(x([bad(1)], { timeoutMs: 8 }), 'x'), '0-1 3-4');
  t.is(attempts(x([bad(1)], { timeoutMs: 8.5 }), 'x'), '0-1 3-4 8-x');
});

test('hedge: the first good answer wins, the other is cancelled', (t) => {
  // estimate 4: hedges at 4 and 8; the second of them answers at 8 + 3.
  const outcome = run({
    nodes: { x: { hedge: { max: 2 }, estimateMs: 4, does: [ok(50), ok(40), ok(3, 6)] } },
    output: 'x',
  });
  t.like(outcome, { result: 6, endMs: 11 });
  t.is(attempts(outcome, 'x'), '0-x h4-x h8-11');
  t.is(attempts(run({ nodes: { x: { hedge: {}, does: [ok(50)] } }, output: 'x' }), 'x'), '0-50');
});

test('hedges stop when an attempt has failed, and count as attempts of retry', (t) => {
  const x = (attemptsMax: number, does: Behaviour[]) =>
    run({ nodes: { x: { hedge: { max: 3 }, estimateMs: 4, retry: { attempts: attemptsMax }, does } }, output: 'x' });
  // The first fails at 6 beside the hedge of 4: no hedge at 8, no retry before the hedge has failed, at 14.
  t.is(attempts(x(3, [bad(6), bad(10), ok(1)]), 'x'), '0-6 h4-14 14-15');
  const two = x(2, [bad(6), bad(10, 'ABORTED'), ok(1)]);
  t.is(attempts(two, 'x'), '0-6 h4-14');
  t.is(two.failure?.code, 'ABORTED');
});

test('an open breaker fails the node before any attempt', (t) => {
  const outcome = run({ nodes: { x: { breaker: 'open', retry: {}, fallback: [{ value: 1 }] } }, output: 'x' });
  t.like(outcome, { result: 1, marks: ['x: value'] });
  t.is(attempts(outcome, 'x'), '');
});

test('foreach: items in order, so many at once, holes for the failed', (t) => {
  // Two at once: 0 takes 0-5, 1 takes 0-2, 2 takes 2-4 and fails, 3 takes 4-10.
  const x = (failed: 'hole' | 'drop') =>
    run({
      nodes: {
        x: {
          foreach: { in: 'request.items', parallel: 2, quorum: 3, failed },
          input: { n: 'item * 2' },
          does: [[ok(5, 'a')], [ok(2, 'b')], [bad(2)], [ok(6, 'd')]],
        },
      },
      request: { items: [1, 2, 3, 4] },
      output: 'x',
    });
  const hole = x('hole');
  t.like(hole, { result: ['a', 'b', null, 'd'], endMs: 10, marks: ['x: 1 of 4 lost'] });
  t.is(attempts(hole, 'x'), '0-5 0-2 2-4 4-10');
  t.deepEqual(
    hole.nodes.x?.attempts.map(({ item, input }) => [item, input]),
    [
      [0, { n: 2 }],
      [1, { n: 4 }],
      [2, { n: 6 }],
      [3, { n: 8 }],
    ],
  );
  t.deepEqual(x('drop').result, ['a', 'b', 'd']);
});

test('foreach: the failure that puts the quorum out of reach ends it, with its error', (t) => {
  // Quorum 2 of 3: the failure at 3 is one too many of two. An item whose input fails counts, and has no attempt.
  const outcome = run({
    nodes: {
      x: {
        foreach: { in: 'request.items', quorum: 2 },
        input: { n: 'item + 1' },
        does: [[ok(9)], [bad(3, 'ABORTED')], [ok(1)]],
      },
    },
    request: { items: [1, 2, 'text'] },
    output: 'x',
  });
  t.like(outcome, { failure: { code: 'ABORTED', node: 'x' }, endMs: 3 });
  t.is(attempts(outcome, 'x'), '0-x 0-3');
});

test('foreach: at the deadline what has not ended is lost, if the quorum holds', (t) => {
  const x = (quorum: number) =>
    run({
      nodes: {
        x: {
          foreach: { in: 'request.items', quorum, parallel: 2 },
          timeoutMs: 6,
          does: [[ok(2, 'a')], [ok(50)], [ok(50)], [ok(1)]],
        },
      },
      request: { items: [1, 2, 3, 4] },
      output: 'x',
    });
  t.like(x(1), { result: ['a', null, null, null], endMs: 6, marks: ['x: 3 of 4 lost'] });
  t.like(x(2), { failure: { code: 'DEADLINE_EXCEEDED' }, endMs: 6, marks: [] });
});

test('foreach: no list, too long a list, an empty one, and a quorum above its length', (t) => {
  const x = (text: string, quorum: number, maxItems = 3) =>
    run({
      nodes: { x: { foreach: { in: text, quorum, maxItems }, does: [ok(1, 7)] } },
      request: { n: 1, none: [], two: [1, 2] },
      output: 'x',
    });
  t.is(x('request.n', 0).failure?.code, 'INTERNAL');
  t.is(x('request.two', 0, 1).failure?.code, 'RESOURCE_EXHAUSTED');
  t.like(x('request.none', 5), { result: [], endMs: 0 });
  t.deepEqual(x('request.two', 5).result, [7, 7]);
});

test('the retry budget of a node is shared by its items: ten tokens, and a share for each first attempt', (t) => {
  // 14 items, one after the other, each fails and asks for one retry. First attempts add nothing: ten retries.
  const x = (retries: number) =>
    run({
      nodes: { x: { foreach: { in: 'request.items', quorum: 0, parallel: 1 }, retry: {}, does: [bad(1)] } },
      request: { items: Array.from({ length: 14 }, () => 0) },
      output: 'x',
      budget: { retries },
    }).nodes.x?.attempts.length;
  t.is(x(0), 24);
  // Each adds half a token: the first goes over the brim, the 13 others add 6.5; 14 retries need 14 of 16.5.
  t.is(x(0.5), 28);
});
