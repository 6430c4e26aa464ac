// Which failures are repeated, when, and how many of them: with a virtual clock and no sockets.

import test from 'ava';
import fc from 'fast-check';
import { defaultRetryOptions } from '../../../net/client/options.ts';
import { RetryBudget } from '../../../net/client/retry-budget.ts';
import { noRetry, type RetryOptions, RetryPolicy } from '../../../net/client/retry-policy.ts';
import { invoke } from '../../../net/client/stub.ts';
import { avro, needSchemaKey, schemaKey } from '../../../net/codec/avro-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { type CallCarrier, emptyCallReply } from '../../../runtime/call.ts';
import { codeNumber, HeddleError, type HeddleErrorOptions } from '../../../runtime/errors.ts';
import { decodeMetadata, encodeMetadata } from '../../../runtime/metadata.ts';
import { TimerWheel } from '../../../runtime/timer-wheel.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

function makePolicy(options: Partial<RetryOptions> = {}, random = () => 0.999_999) {
  const clock = new VirtualClock();
  const events: string[] = [];
  const host = {
    clock,
    timers: new TimerWheel({ clock }),
    random,
    holds: 0,
    hold(change: 1 | -1) {
      host.holds += change;
    },
    count: (event: string) => void events.push(event),
  };
  return { clock, events, host, policy: new RetryPolicy(host, { ...defaultRetryOptions(), ...options }) };
}

const lost = (options?: HeddleErrorOptions): HeddleError => new HeddleError('UNAVAILABLE', 'lost', options);
const late = new HeddleError('DEADLINE_EXCEEDED', 'late');
const notStarted = new HeddleError('DEADLINE_EXCEEDED', 'too little time', { retry: 'yes' });
const forEver = Number.POSITIVE_INFINITY;

const cases: [string, HeddleError, { idempotent: boolean; timedOut: boolean }, boolean][] = [
  ['an idempotent call that was lost', lost(), { idempotent: true, timedOut: false }, true],
  ['another call that was lost', lost(), { idempotent: false, timedOut: false }, false],
  ['any call that has not run', lost({ retry: 'yes' }), { idempotent: false, timedOut: false }, true],
  ['a call that must not be repeated', lost({ retry: 'no' }), { idempotent: true, timedOut: false }, false],
  ['an idempotent call whose attempt was slow', late, { idempotent: true, timedOut: true }, true],
  ['another call whose attempt was slow', late, { idempotent: false, timedOut: true }, false],
  ['any call whose attempt had too little time to be started', notStarted, { idempotent: false, timedOut: true }, true],
  ['a call past its own deadline', late, { idempotent: true, timedOut: false }, false],
  ['a call to a full server', new HeddleError('RESOURCE_EXHAUSTED', ''), { idempotent: true, timedOut: false }, false],
  ['a wrong call', new HeddleError('INVALID_ARGUMENT', ''), { idempotent: true, timedOut: false }, false],
  ['a failed call', new HeddleError('INTERNAL', ''), { idempotent: true, timedOut: false }, false],
];
for (const [what, error, { idempotent, timedOut }, isRepeated] of cases) {
  test(`${what} is ${isRepeated ? 'made again' : 'not repeated'}`, (t) => {
    const { policy, events } = makePolicy();
    const delayMs = policy.grant(error, idempotent, timedOut, 1, forEver);
    t.is(delayMs !== noRetry, isRepeated);
    t.deepEqual(events, isRepeated ? ['client-retry'] : []);
  });
}

test('the first retry of a lost call goes at once, later ones wait with full jitter from a range that doubles', (t) => {
  const { policy } = makePolicy({ maxAttempts: 10 });
  const delays = Array.from({ length: 9 }, (_, at) => Math.round(policy.grant(lost(), true, false, at + 1, forEver)));
  t.deepEqual(delays, [0, 10, 20, 40, 80, 160, 250, 250, 250]);
  t.is(Math.round(policy.grant(late, true, true, 1, forEver)), 5);
  t.is(makePolicy({}, () => 0.5).policy.grant(lost(), true, false, 2, forEver), 5);
});

test('a server that asks for time gets it; one that asks for more than the longest wait gets no retry', (t) => {
  const { policy } = makePolicy();
  const delayMs = policy.grant(lost({ retryAfterMs: 200 }), true, false, 1, forEver);
  t.true(delayMs >= 200 && delayMs < 205);
  t.is(policy.grant(lost({ retryAfterMs: 251 }), true, false, 1, forEver), noRetry);
});

test('no retry is made that would begin at or after the deadline', async (t) => {
  const { policy, clock } = makePolicy();
  await clock.advance(100);
  t.is(policy.grant(lost({ retryAfterMs: 50 }), true, false, 1, 150), noRetry);
  t.is(policy.grant(lost(), true, false, 1, 100), noRetry);
  t.is(policy.grant(lost(), true, false, 1, 101), 0);
});

test('maxAttempts bounds the attempts; 1 turns retries off', (t) => {
  t.is(makePolicy({ maxAttempts: 1 }).policy.grant(lost(), true, false, 1, forEver), noRetry);
  const { policy } = makePolicy({ maxAttempts: 2 });
  t.is(policy.grant(lost(), true, false, 1, forEver), 0);
  t.is(policy.grant(lost(), true, false, 2, forEver), noRetry);
});

test('the deadline of all attempts is the sooner of timeoutMs and the caller’s; an attempt has its own within', async (t) => {
  const { policy, clock } = makePolicy({ timeoutMs: 1_000, attemptTimeoutMs: 300 });
  await clock.advance(50);
  t.is(policy.begin(forEver), 1_050);
  t.is(policy.begin(700), 700);
  t.is(policy.attemptDeadlineMs(700), 350);
  t.is(policy.attemptDeadlineMs(200), 200);
  t.false(policy.attemptIsOver(late, 350, 700));
  t.true(policy.attemptIsOver(notStarted, 350, 700), 'the peer knows that it takes longer');
  await clock.advance(300);
  t.true(policy.attemptIsOver(late, 350, 700));
  t.false(policy.attemptIsOver(lost(), 350, 700));
  t.false(policy.attemptIsOver(late, 200, 200), 'that was the call’s own');
  t.false(policy.attemptIsOver(notStarted, 200, 200));
});

test('a client that makes no calls may still retry retryMinPerSecond times, over ten seconds', async (t) => {
  const { policy, clock, events } = makePolicy({ retryMinPerSecond: 2 });
  const granted = (): number => {
    let count = 0;
    while (policy.grant(lost(), true, false, 1, forEver) !== noRetry) count++;
    return count;
  };
  t.is(granted(), 20);
  t.is(events.at(-1), 'client-retry-refused');
  await clock.advance(9_000);
  t.is(granted(), 0);
  await clock.advance(1_000);
  t.is(granted(), 20);
});

test('whenever a retry is granted, those of the last ten seconds are within their share of the calls and ten times the floor', (t) => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), calls: fc.nat(50), retries: fc.nat(50) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 0, max: 100 }),
      fc.nat(5),
      (steps, retryBudgetPercent, retryMinPerSecond) => {
        const budget = new RetryBudget({ retryBudgetPercent, retryMinPerSecond });
        const seconds = new Map<number, { calls: number; retries: number }>();
        let nowMs = 0;
        for (const { afterMs, calls, retries } of steps) {
          nowMs += afterMs;
          const second = Math.floor(nowMs / 1_000);
          const counts = seconds.get(second) ?? { calls: 0, retries: 0 };
          seconds.set(second, counts);
          for (let count = 0; count < calls; count++) budget.deposit(nowMs);
          counts.calls += calls;
          const before = counts.retries;
          for (let count = 0; count < retries; count++) if (budget.withdraw(nowMs)) counts.retries++;
          if (counts.retries === before) continue;
          const sum = { calls: 0, retries: 0 };
          for (const [at, one] of seconds) {
            if (at <= second - 10) continue;
            sum.calls += one.calls;
            sum.retries += one.retries;
          }
          t.true(sum.retries <= (sum.calls * retryBudgetPercent) / 100 + retryMinPerSecond * 10);
        }
      },
    ),
  );
});

test('a sending that only brings our schemas is no attempt, and every later one brings them too', async (t) => {
  const { policy } = makePolicy({ maxAttempts: 2 });
  const Greeter = service('demo.Greeter', { greet: method(avro('string', 'string'), { reads: true }) });
  const sent: { attempt: number; callId: string; introduced: boolean }[] = [];
  const carrier: CallCarrier = {
    call(_service, _method, head, sink, tag) {
      const pairs = decodeMetadata(head.source, head.metadataStart, head.metadataEnd);
      const callId = `${head.callIdHigh} ${head.callIdLow}`;
      const asks = sent.push({ attempt: head.attempt, callId, introduced: pairs.has(schemaKey) }) === 1;
      const metadata = encodeMetadata(asks ? [[needSchemaKey, '1']] : []);
      const code = codeNumber(asks ? 'FAILED_PRECONDITION' : 'UNAVAILABLE');
      const at = metadata.length;
      const body = { source: metadata, metadataEnd: at, bodyStart: at, bodyEnd: at };
      sink.onReply(tag, { ...emptyCallReply(), code, retry: 1, ...body });
      return -1;
    },
    cancel() {},
  };
  const error = await t.throwsAsync(invoke(carrier, Greeter.greet, 'x', { retry: policy }), { code: 'UNAVAILABLE' });
  t.regex(error!.message, /attempt 2 of at most 2/);
  t.deepEqual(
    sent.map(({ attempt, introduced }) => ({ attempt, introduced })),
    [
      { attempt: 1, introduced: false },
      { attempt: 2, introduced: true },
      { attempt: 3, introduced: true },
    ],
  );
  t.is(new Set(sent.map(({ callId }) => callId)).size, 1);
});

test('a waiting call keeps its process alive until its time has come, it is forgotten, or the client is closed', async (t) => {
  const { policy, clock, host } = makePolicy();
  const heard: string[] = [];
  const call = (name: string) => {
    const one = {
      onTimer() {
        policy.waited(one);
        heard.push(`${name} again`);
      },
      onClientClosed: () => void heard.push(`${name} closed`),
    };
    return one;
  };
  const [a, b, c] = [call('a'), call('b'), call('c')];
  policy.wait(a, 10);
  policy.wait(b, 10);
  policy.wait(c, 20);
  t.is(host.holds, 3);
  policy.forget(b);
  await clock.advance(11);
  t.deepEqual(heard, ['a again']);
  policy.close();
  t.deepEqual(heard, ['a again', 'c closed']);
  t.is(host.holds, 0);
  t.is(host.timers.size, 0);
  t.is(policy.grant(lost(), true, false, 1, forEver), noRetry);
});
