// Which bound one more request is over: for each class, for calls of fibers, and in which order.

import test from 'ava';
import fc from 'fast-check';
import { priorities } from '../../../runtime/call.ts';
import { AskerBounds, type BoundedRoute } from '../../../runtime/shared/asker-bounds.ts';
import { Board } from '../../../runtime/shared/board.ts';
import { classShare } from '../../../runtime/shared/class-shares.ts';
import { allRequests, Inflight } from '../../../runtime/shared/inflight.ts';
import { slot } from '../../../runtime/shared/layout.ts';
import { type Link, Links } from '../../../runtime/shared/link.ts';
import { poolQueue } from '../../../runtime/shared/pool-queue.ts';
import { allocateLimits, RateLimit } from '../../../runtime/shared/process-limits.ts';
import { type Refusal, refusalReasons } from '../../../runtime/shared/refusal.ts';
import { RouteBounds, type ServiceBounds } from '../../../runtime/shared/route-bounds.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';
import { ServiceLoads } from '../../../runtime/shared/service-loads.ts';

const { high, normal, low } = priorities;
const capacity = 8;

/** Two askers, 1 and 2, and one service. */
function rig(options: { maxRequests?: number; maxPerConnection?: number; bounds?: Partial<ServiceBounds> } = {}) {
  const board = new Board();
  const inflight = new Inflight(Inflight.allocate(2));
  const loads = new ServiceLoads(ServiceLoads.allocate(2));
  const links = new Links();
  links.list.push({ peer: 1 } as Link, { peer: 2 } as Link);
  const { maxRequests = 1000, maxPerConnection = 0 } = options;
  const [own, other] = [1, 2].map(
    (me) => new AskerBounds({ me, board, links, inflight, maxRequests, maxPerConnection }),
  );
  const queue = new RunQueue(RunQueue.allocate(capacity), capacity, 1);
  const bounds = options.bounds && {
    ...{ loads: loads.memory, isAdaptive: false, isCounted: false, reserve: 0, methods: [3, 5], rate: undefined },
    ...options.bounds,
  };
  const route: BoundedRoute = {
    pool: poolQueue('p', queue),
    column: 1,
    maxConcurrency: 0,
    service: 's',
    bounds: bounds && new RouteBounds(bounds, 's', 1, 1),
  };
  const ask = (priority: number, nowMs = 1000, depth = 0) => own!.over(route, depth === 0, { priority, depth }, nowMs);
  /** So many of them are under way, put by the other asker. */
  const fill = (count: number): void => {
    for (const column of [allRequests, 1]) inflight.change(2, column, count - inflight.get(2, column));
  };
  /** One of a method waits in a lane. */
  const put = (lane: number, method: number): void => {
    const at = queue.claim(lane);
    queue.words[at + slot.method] = method;
    queue.commit(at);
  };
  return { board, inflight, loads, route, queue, own: own!, other: other!, ask, fill, put };
}

const reasonOf = (over: Refusal | undefined) => over && refusalReasons[over.reason ?? 0];
const sentence = (over: Refusal | undefined) => over?.source.toString();

test('who uses no classes has all of each bound', (t) => {
  for (const priority of [high, normal, low]) {
    const { ask, fill, route } = rig({ maxRequests: 20 });
    fill(19);
    t.is(ask(priority), undefined);
    fill(20);
    t.is(reasonOf(ask(priority)), 'requests');
    route.maxConcurrency = 10;
    fill(9);
    t.is(ask(priority), undefined);
    fill(10);
    t.is(sentence(ask(priority)), 'service s runs 10 requests already (maxConcurrency); slow down and retry');
  }
});

test('the last part of a bound is kept for higher classes for a second after the last of them, on whatever thread', (t) => {
  const { ask, fill, route, other } = rig();
  route.maxConcurrency = 10;
  fill(7);
  t.is(ask(low), undefined);
  other.over(route, true, { priority: normal, depth: 0 }, 1000);
  t.is(reasonOf(ask(low)), 'maxConcurrency');
  t.regex(
    sentence(ask(low))!,
    /s runs 7 requests already \(maxConcurrency 10, of which low ones fill 7 while higher ones come\)/,
  );
  fill(9);
  t.is(ask(normal), undefined);
  other.over(route, true, { priority: high, depth: 0 }, 1000);
  t.is(reasonOf(ask(normal)), 'maxConcurrency');
  t.is(ask(high), undefined);
  fill(10);
  t.is(reasonOf(ask(high)), 'maxConcurrency');
  fill(9);
  t.is(reasonOf(ask(low, 2000)), 'maxConcurrency');
  t.is(ask(low, 4000), undefined);
  t.is(ask(normal, 4000), undefined);
});

test('a higher class never has less room than a lower one, and each has some', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (bound) => {
      const [all, most, least] = [high, normal, low].map((priority) => classShare(bound, priority)) as [
        number,
        number,
        number,
      ];
      if (!(all === bound && all >= most && most >= least && least >= 1)) throw new Error(`${all} ${most} ${least}`);
    }),
  );
  t.pass();
});

test('a call of a fiber is not shed by class, adaptive limit or share, but by maxConcurrency and the rate', (t) => {
  const rate = { perSecond: 1, burst: 1, cells: allocateLimits(RateLimit.bytes) };
  const { ask, fill, route, loads, queue } = rig({ maxRequests: 1, bounds: { isAdaptive: true, reserve: 1, rate } });
  loads.setLimit(1, 1);
  for (let put = 0; put < capacity; put++) queue.commit(queue.claim(low));
  fill(5);
  t.is(ask(low, 1000, 1), undefined);
  t.is(reasonOf(ask(low, 1000, 1)), 'rate');
  route.maxConcurrency = 5;
  t.is(reasonOf(ask(low, 1000, 1)), 'maxConcurrency');
});

test('over its rate a service says when there is a token, and a request that is refused otherwise takes none', (t) => {
  const rate = { perSecond: 10, burst: 2, cells: allocateLimits(RateLimit.bytes) };
  const { ask, fill, route } = rig({ bounds: { rate } });
  route.maxConcurrency = 1;
  fill(1);
  for (let asked = 0; asked < 5; asked++) t.is(reasonOf(ask(normal)), 'maxConcurrency');
  fill(0);
  t.deepEqual([ask(normal), ask(normal)], [undefined, undefined]);
  const over = ask(normal)!;
  t.deepEqual([reasonOf(over), over.retryAfterMs], ['rate', 100]);
  t.is(sentence(over), 'service s takes 10 requests a second (rate); slow down and retry');
  // In whole parts of a token, and rounded up.
  t.true([40, 41].includes(ask(normal, 1060)!.retryAfterMs));
  t.is(ask(normal, 1101), undefined);
});

test('the adaptive limit is what the controller wrote last, says so, and counts what it refuses', (t) => {
  const { ask, fill, loads } = rig({ bounds: { isAdaptive: true } });
  fill(50);
  t.is(ask(normal), undefined);
  loads.setLimit(1, 50);
  const over = ask(normal);
  t.is(reasonOf(over), 'adaptive');
  t.is(sentence(over), 'service s is overloaded: it takes 50 requests at once now (adaptive); slow down and retry');
  t.is(ask(normal), over, 'made once');
  loads.setLimit(1, 40);
  t.regex(sentence(ask(normal))!, /takes 40 requests/);
  loads.setLimit(1, 51);
  t.is(ask(normal), undefined);
  t.is(loads.sums(1).refused, 3);
});

test('an adaptive limit that falls shuts out no request of class high before half as many more are there', (t) => {
  const { ask, fill, loads } = rig({ bounds: { isAdaptive: true } });
  loads.setLimit(1, 4);
  fill(5);
  t.is(reasonOf(ask(normal)), 'adaptive');
  t.is(ask(high), undefined);
  fill(6);
  const over = ask(high);
  t.is(reasonOf(over), 'adaptive');
  t.regex(sentence(over)!, /takes 6 requests at once now, the last third of them of class high alone/);
  t.regex(sentence(ask(normal))!, /takes 4 requests at once now \(adaptive/);
  t.is(ask(high), over, 'made once');
});

test('a service with its share in a lane that is half full leaves the rest to others, whatever else is under way', (t) => {
  const { ask, fill, queue, put } = rig({ bounds: { reserve: 2 } });
  // What runs is not in the lane, and what was cancelled or late is, until its slot is free.
  for (const inFlight of [0, 100]) {
    fill(inFlight);
    put(normal, 3);
    put(normal, 5);
    put(normal, 4);
    t.is(ask(normal), undefined);
    put(normal, 4);
    t.is(reasonOf(ask(normal)), 'share');
    t.is(ask(high), undefined);
    t.is(ask(normal, 1000, 1), undefined);
    queue.release(queue.take(normal));
    put(normal, 4);
    t.is(ask(normal), undefined);
    put(normal, 3);
    t.is(reasonOf(ask(normal)), 'share');
    for (let left = queue.size(normal); left > 0; left--) queue.release(queue.take(normal));
  }
});

test('a thread that dies while it puts or takes leaves no request in the share of its service', (t) => {
  const { ask, queue, put } = rig({ bounds: { reserve: 2 } });
  const dying = new RunQueue(queue.memory, capacity, 9);
  for (const [puts, takes] of [
    [2, 0],
    [0, 2],
  ] as const) {
    for (let count = 0; count < 4; count++) put(normal, count < takes ? 3 : 4);
    for (let count = 0; count < takes; count++) dying.take(normal);
    for (let count = 0; count < puts; count++) dying.words[dying.claim(normal) + slot.method] = 3;
    dying.settle(9, () => {});
    for (let count = queue.size(normal); count < capacity - 1; count++) put(normal, 4);
    t.is(ask(normal), undefined);
    for (let at = queue.take(normal); at >= 0; at = queue.take(normal)) queue.release(at);
  }
});

test('a connection may have all while the process has room, and its share once that is half full', (t) => {
  const { own, fill } = rig({ maxRequests: 100, maxPerConnection: 10 });
  t.false(own.overConnection(49));
  fill(50);
  t.false(own.overConnection(9));
  t.true(own.overConnection(10));
  own.maxPerConnection = 0;
  t.false(own.overConnection(99));
});
