// QuickVisits: whom answers may wait for.

import test from 'ava';
import { QuickVisits } from '../../scheduler/quick-visits.ts';

/** The thread always has a processor. */
const noWait = (): number => 0;

/** Visits of `tookMs` each, one after the other; whether the next would be trusted. */
function visit(visits: QuickVisits, method: number, count: number, tookMs: number, from = 0): boolean {
  let nowMs = from;
  for (let at = 0; at < count; at++) {
    visits.enter({}, method, nowMs);
    nowMs += tookMs;
    visits.leave(nowMs);
  }
  const isTrusted = visits.enter({}, method, nowMs);
  visits.leave(nowMs);
  return isTrusted;
}

test('a method is trusted after a thousand quick visits, not before', (t) => {
  const visits = new QuickVisits(noWait);
  t.false(visit(visits, 7, 990, 0.01));
  t.true(visit(visits, 7, 10, 0.01));
  t.false(visit(visits, 8, 1, 0.01), 'and no other');
});

test('a method that takes longer than it saves is never trusted', (t) => {
  t.false(visit(new QuickVisits(noWait), 1, 10_000, 0.06));
});

test('one long visit ends the trust, and what it took must be earned anew, three microseconds a visit', (t) => {
  const visits = new QuickVisits(noWait);
  t.true(visit(visits, 1, 10_000, 0.01));
  t.false(visit(visits, 1, 1, 20));
  t.false(visit(visits, 1, 3_600, 0.01));
  t.true(visit(visits, 1, 100, 0.01));
});

test('what rarely takes a millisecond, as a collection of garbage does, stays trusted', (t) => {
  const visits = new QuickVisits(noWait);
  let trusted = 0;
  for (let round = 0; round < 20; round++) {
    visit(visits, 1, 9_000, 0.01);
    if (visit(visits, 1, 1, 1)) trusted++;
  }
  t.is(trusted, 20);
});

test('what often takes long is never trusted, however quick it is between', (t) => {
  const visits = new QuickVisits(noWait);
  for (let round = 0; round < 50; round++) {
    t.false(visit(visits, 1, 2_000, 0.01) && round > 0);
    visit(visits, 1, 1, 20);
  }
});

test('a hang is forgotten after a third of a million quick visits', (t) => {
  const visits = new QuickVisits(noWait);
  visit(visits, 1, 1, 60_000);
  t.false(visit(visits, 1, 330_000, 0.001));
  t.true(visit(visits, 1, 10_000, 0.001));
});

test('the next request to enter ends the visit before', (t) => {
  const visits = new QuickVisits(noWait);
  visit(visits, 1, 2_000, 0.01);
  visits.enter({}, 1, 0);
  visits.enter({}, 2, 50);
  t.false(visits.enter({}, 1, 51));
});

test('a request that enters again and again is one visit, trusted only while it is short', (t) => {
  const visits = new QuickVisits(noWait);
  visit(visits, 1, 2_000, 0.01);
  const request = {};
  t.true(visits.enter(request, 1, 0));
  t.true(visits.enter(request, 1, 0.04));
  t.false(visits.enter(request, 1, 0.08));
  for (let nowMs = 1; nowMs <= 40; nowMs++) visits.enter(request, 1, nowMs);
  t.false(visits.enter({}, 1, 41), 'and it has cost 41 ms');
});

test('what a visit waited for a processor is not laid at its door', (t) => {
  let waitMs = 0;
  const visits = new QuickVisits(() => waitMs);
  t.true(visit(visits, 1, 2_000, 0.01));
  for (let round = 0; round < 100; round++) {
    visits.enter({}, 1, 20 + round * 4);
    waitMs += 3;
    visits.leave(23.01 + round * 4);
  }
  t.true(visit(visits, 1, 0, 0, 500));
  visits.enter({}, 1, 500);
  waitMs += 3;
  visits.leave(530);
  t.false(visit(visits, 1, 0, 0, 531), 'and what else it took is');
});

test('nor is what the thread had waited before the visit taken off its time', (t) => {
  let waitMs = 0;
  const visits = new QuickVisits(() => waitMs);
  visit(visits, 1, 2_000, 0.01);
  waitMs += 1_000;
  t.false(visit(visits, 1, 1, 20, 1_100));
});
