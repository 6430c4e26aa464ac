// The breaker against a naive one that keeps a list of events, and its transitions one by one.

import test from 'ava';
import fc from 'fast-check';
import { Breaker, type BreakerState, isBreakerFailure } from '../../../dag/policy/breaker.ts';
import { errorCodes } from '../../../runtime/errors.ts';

const options = { failures: 0.5, windowMs: 1000, minCalls: 4, openForMs: 300 };

/** A breaker that has just opened, at `nowMs`. */
function opened(nowMs = 0): Breaker {
  const breaker = new Breaker(options);
  for (let call = 0; call < options.minCalls; call++) breaker.ended(breaker.admit(nowMs), false, nowMs);
  return breaker;
}

test('stays closed until the window holds minCalls, opens at the share of failures', (t) => {
  const breaker = new Breaker(options);
  for (const ok of [false, false, true]) breaker.ended(breaker.admit(0), ok, 0);
  t.is(breaker.state(0), 'closed');
  breaker.ended(breaker.admit(0), true, 0);
  t.is(breaker.state(0), 'open');
  t.is(breaker.admit(0), 0);
  t.is(breaker.opened, 1);
});

test('a share is met exactly: 7 of 100 are 7 %', (t) => {
  const breaker = new Breaker({ ...options, failures: 0.07, minCalls: 100 });
  for (let call = 0; call < 100; call++) breaker.ended(breaker.admit(0), call >= 7, 0);
  t.is(breaker.state(0), 'open');
});

test('with a share of 0 it opens at a failure, not without one', (t) => {
  const breaker = new Breaker({ ...options, failures: 0 });
  for (let call = 0; call < 50; call++) breaker.ended(breaker.admit(0), true, 0);
  t.is(breaker.state(0), 'closed');
  breaker.ended(breaker.admit(0), false, 0);
  t.is(breaker.state(0), 'open');
});

test('failures that have left the window do not count', (t) => {
  const breaker = new Breaker(options);
  for (let call = 0; call < 3; call++) breaker.ended(breaker.admit(0), false, 0);
  breaker.ended(breaker.admit(1000), false, 1000);
  t.is(breaker.state(1000), 'closed');
  const idle = new Breaker(options);
  for (let call = 0; call < 3; call++) idle.ended(idle.admit(0), false, 0);
  idle.ended(idle.admit(1e9), false, 1e9);
  t.is(idle.state(1e9), 'closed');
});

test('open for openFor, then one goes through, whose end decides', (t) => {
  for (const ok of [true, false]) {
    const breaker = opened();
    t.is(breaker.admit(299), 0);
    t.is(breaker.state(300), 'half-open');
    const probe = breaker.admit(300);
    t.not(probe, 0);
    t.is(breaker.admit(301), 0, 'one at a time');
    breaker.ended(probe, ok, 350);
    t.is(breaker.state(350), ok ? 'closed' : 'open');
    if (!ok) t.deepEqual([breaker.admit(649), breaker.state(650)], [0, 'half-open']);
  }
});

test('closes with an empty window', (t) => {
  const breaker = opened();
  breaker.ended(breaker.admit(300), true, 300);
  for (let call = 0; call < 3; call++) breaker.ended(breaker.admit(300), false, 300);
  t.is(breaker.state(300), 'closed');
});

test('a probe that is cancelled is given back: the next one goes through at once', (t) => {
  const breaker = opened();
  breaker.cancelled(breaker.admit(300));
  const probe = breaker.admit(300);
  t.not(probe, 0);
  breaker.ended(probe, true, 310);
  t.is(breaker.state(310), 'closed');
});

test('a probe that hangs holds up the others for openFor only, and may still decide', (t) => {
  const breaker = opened();
  const hung = breaker.admit(300);
  t.is(breaker.admit(599), 0);
  t.not(breaker.admit(600), 0);
  t.is(breaker.admit(601), 0);
  breaker.ended(hung, true, 700);
  t.is(breaker.state(700), 'closed');
});

test('who was let through by an earlier state counts nowhere', (t) => {
  const breaker = new Breaker(options);
  const slow = Array.from({ length: 20 }, () => breaker.admit(0));
  for (const ticket of slow.slice(0, 4)) breaker.ended(ticket, false, 10);
  t.is(breaker.state(10), 'open');
  breaker.ended(slow[4]!, true, 20);
  t.is(breaker.state(20), 'open');
  const probe = breaker.admit(310);
  breaker.cancelled(slow[5]!);
  t.is(breaker.admit(310), 0, 'no probe was given back');
  breaker.ended(slow[6]!, false, 311);
  t.is(breaker.state(311), 'half-open');
  breaker.ended(probe, true, 320);
  for (const ticket of slow.slice(7)) breaker.ended(ticket, false, 330);
  t.is(breaker.state(330), 'closed');
});

test('what a refused attempt hands back does nothing', (t) => {
  const breaker = opened();
  breaker.ended(breaker.admit(1), true, 1);
  breaker.cancelled(breaker.admit(1));
  t.is(breaker.admit(2), 0);
});

test('failures are the codes that speak of health', (t) => {
  const failures = errorCodes.filter(isBreakerFailure);
  t.deepEqual(failures, ['UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE']);
});

/** Keeps every event of the present state, in the order in which they happened. */
class NaiveBreaker {
  state: BreakerState = 'closed';
  life = 0;
  readonly #options: typeof options;
  #ends: { ok: boolean; tenth: number }[] = [];
  #openedMs = 0;
  /** Times at which probes went; a cancelled one is taken out, with those before it. */
  #probes: number[] = [];

  constructor(given: typeof options) {
    this.#options = given;
  }

  admits(nowMs: number): boolean {
    const { openForMs } = this.#options;
    if (this.state === 'open' && nowMs >= this.#openedMs + openForMs) this.#become('half-open');
    if (this.state !== 'half-open') return this.state === 'closed';
    if (this.#probes.some((probeMs) => nowMs < probeMs + openForMs)) return false;
    this.#probes.push(nowMs);
    return true;
  }

  ended(life: number, ok: boolean, nowMs: number): void {
    if (life !== this.life) return;
    if (this.state === 'half-open') this.#become(ok ? 'closed' : 'open', nowMs);
    if (life !== this.life) return;
    const tenth = Math.floor(nowMs / (this.#options.windowMs / 10));
    this.#ends.push({ ok, tenth });
    const window = this.#ends.filter((end) => end.tenth > tenth - 10);
    const failed = window.filter((end) => !end.ok).length;
    const { minCalls, failures } = this.#options;
    if (window.length >= minCalls && failed > 0 && failed >= window.length * failures) this.#become('open', nowMs);
  }

  cancelled(life: number): void {
    if (life === this.life) this.#probes = [];
  }

  #become(state: BreakerState, nowMs = 0): void {
    this.state = state;
    this.life++;
    this.#openedMs = nowMs;
    this.#ends = [];
    this.#probes = [];
  }
}

test('does what a naive breaker with a list of events does', (t) => {
  const step = fc.record({
    pauseMs: fc.constantFrom(0, 0, 1, 7, 40, 100, 150, 300, 999, 1000, 5000),
    act: fc.constantFrom('admit', 'admit', 'ok', 'fail', 'fail', 'cancel'),
    which: fc.nat(20),
  });
  const given = fc.record({
    failures: fc.constantFrom(0.25, 0.5, 0.75, 1),
    windowMs: fc.constantFrom(100, 1000, 370),
    minCalls: fc.integer({ min: 1, max: 6 }),
    openForMs: fc.constantFrom(10, 150, 300),
  });
  fc.assert(
    fc.property(given, fc.array(step, { maxLength: 200, size: 'max' }), (shape, steps) => {
      const breaker = new Breaker(shape);
      const naive = new NaiveBreaker(shape);
      const underWay: { ticket: number; life: number }[] = [];
      let nowMs = 0;
      for (const { pauseMs, act, which } of steps) {
        nowMs += pauseMs;
        if (act === 'admit') {
          const ticket = breaker.admit(nowMs);
          if (naive.admits(nowMs) !== ticket > 0) throw new Error(`admit at ${nowMs}: ${ticket}`);
          if (ticket > 0) underWay.push({ ticket, life: naive.life });
        } else if (underWay.length > 0) {
          const [{ ticket, life }] = underWay.splice(which % underWay.length, 1) as [{ ticket: number; life: number }];
          if (act === 'cancel') {
            breaker.cancelled(ticket);
            naive.cancelled(life);
          } else {
            breaker.ended(ticket, act === 'ok', nowMs);
            naive.ended(life, act === 'ok', nowMs);
          }
        }
        if ((naive.state === 'closed') !== (breaker.state(nowMs) === 'closed')) throw new Error(`state at ${nowMs}`);
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});
