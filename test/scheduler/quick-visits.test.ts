// QuickVisits: whom answers may wait for.

import test from 'ava';
import { QuickVisits } from '../../scheduler/quick-visits.ts';

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
  const visits = new QuickVisits();
  t.false(visit(visits, 7, 990, 0.01));
  t.true(visit(visits, 7, 10, 0.01));
  t.false(visit(visits, 8, 1, 0.01), 'and no other');
});

test('a method that takes longer than it saves is never trusted', (t) => {
  t.false(visit(new QuickVisits(), 1, 10_000, 0.06));
});

test('one long visit ends the trust, and as many microseconds as it took must be earned anew', (t) => {
  const visits = new QuickVisits();
  t.true(visit(visits, 1, 10_000, 0.01));
  t.false(visit(visits, 1, 1, 20));
  t.false(visit(visits, 1, 16_000, 0.01));
  t.true(visit(visits, 1, 2_000, 0.01));
});

test('what rarely takes a millisecond, as a collection of garbage does, stays trusted', (t) => {
  const visits = new QuickVisits();
  let trusted = 0;
  for (let round = 0; round < 20; round++) {
    visit(visits, 1, 9_000, 0.01);
    if (visit(visits, 1, 1, 1)) trusted++;
  }
  t.is(trusted, 20);
});

test('what often takes long is never trusted, however quick it is between', (t) => {
  const visits = new QuickVisits();
  for (let round = 0; round < 50; round++) {
    t.false(visit(visits, 1, 2_000, 0.01) && round > 0);
    visit(visits, 1, 1, 20);
  }
});

test('a hang is forgotten after a million quick visits', (t) => {
  const visits = new QuickVisits();
  visit(visits, 1, 1, 60_000);
  t.false(visit(visits, 1, 900_000, 0.001));
  t.true(visit(visits, 1, 110_000, 0.001));
});

test('the next request to enter ends the visit before', (t) => {
  const visits = new QuickVisits();
  visit(visits, 1, 2_000, 0.01);
  visits.enter({}, 1, 0);
  visits.enter({}, 2, 50);
  t.false(visits.enter({}, 1, 51));
});

test('a request that enters again and again is one visit, trusted only while it is short', (t) => {
  const visits = new QuickVisits();
  visit(visits, 1, 2_000, 0.01);
  const request = {};
  t.true(visits.enter(request, 1, 0));
  t.true(visits.enter(request, 1, 0.04));
  t.false(visits.enter(request, 1, 0.08));
  for (let nowMs = 1; nowMs <= 40; nowMs++) visits.enter(request, 1, nowMs);
  t.false(visits.enter({}, 1, 41), 'and it has cost 41 ms');
});
