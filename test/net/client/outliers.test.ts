// Ejection and return of addresses, with a virtual clock and no sockets.

import test from 'ava';
import { type AddressHealth, doubts, Outliers } from '../../../net/client/outliers.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

interface Line {
  readonly health: AddressHealth;
  hasRoom: boolean;
}

function makeOutliers(addresses: number, options = {}) {
  const clock = new VirtualClock();
  const events: string[] = [];
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  const host = { clock, log, count: (event: string) => void events.push(event) };
  const outliers = new Outliers(host, {
    name: 'demo.Echo',
    ejectAfter: 3,
    ejectForMs: 100,
    ejectMaxMs: 350,
    ...options,
  });
  const lines: Line[] = Array.from({ length: addresses }, (_, at) => {
    const health = outliers.at(`10.0.0.${at}:7000`);
    health.ready = 1;
    return { health, hasRoom: true };
  });
  const fail = (line: Line, times = 1): void => {
    for (let count = 0; count < times; count++) outliers.failed(line.health, clock.nowMs(), 'no reply in time');
  };
  const probe = (idempotent = true) => outliers.probe(lines, idempotent, clock.nowMs());
  return { clock, events, warnings, outliers, lines, fail, probe };
}

test('an address that fails ejectAfter times in a row takes no calls; an answer between begins anew', (t) => {
  const { outliers, lines, fail, events, warnings } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 2);
  t.is(a.health.doubt, doubts.failedLast);
  outliers.succeeded(a.health);
  t.is(a.health.doubt, doubts.none);
  fail(a, 2);
  t.is(outliers.size, 0);
  fail(a);
  t.is(a.health.doubt, doubts.ejected);
  t.deepEqual(events, ['client-ejected']);
  t.like(warnings[0], { service: 'demo.Echo', address: '10.0.0.0:7000', failures: 3, ejectedForMs: 100 });
});

test('ejectAfter 0 ejects nobody', (t) => {
  const { outliers, lines, fail } = makeOutliers(2, { ejectAfter: 0 });
  fail(lines[0]!, 100);
  t.is(outliers.size, 0);
});

for (const [addresses, most] of [
  [1, 0],
  [2, 1],
  [3, 1],
  [5, 2],
] as const) {
  test(`of ${addresses} that take calls at most ${most} are out at once`, (t) => {
    const { outliers, lines, fail } = makeOutliers(addresses);
    for (const line of lines) fail(line, 10);
    t.is(outliers.size, most);
  });
}

test('an address without a connection is none of those that are left', (t) => {
  const { outliers, lines, fail } = makeOutliers(2);
  lines[1]!.health.ready = 0;
  fail(lines[0]!, 10);
  t.is(outliers.size, 0);
});

test('after its time one call probes it; an answer brings it back', async (t) => {
  const { outliers, lines, fail, probe, clock, events } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 3);
  await clock.advance(99);
  t.is(probe(), undefined);
  await clock.advance(1);
  t.is(probe(), a);
  outliers.probing(a.health, 17);
  t.is(probe(), undefined, 'one at a time');
  t.is(a.health.doubt, doubts.ejected, 'and no other call');
  outliers.succeeded(a.health);
  t.is(a.health.doubt, doubts.none);
  t.is(outliers.size, 0);
  t.deepEqual(events, ['client-ejected', 'client-probe']);
});

test('a failed probe ejects it for twice as long, up to ejectMaxMs', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 3);
  const times: number[] = [];
  for (let round = 0; round < 4; round++) {
    times.push(a.health.ejectedForMs);
    await clock.advance(a.health.ejectedForMs);
    t.is(probe(), a);
    await clock.advance(1);
    fail(a);
    t.is(outliers.size, 1);
  }
  t.deepEqual(times, [100, 200, 350, 350]);
});

test('one that fails again soon after its return is out for twice as long; one that held out is a new case', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  const ejectAndReturn = async (): Promise<number> => {
    fail(a, 3);
    const { ejectedForMs } = a.health;
    await clock.advance(ejectedForMs);
    t.is(probe(), a);
    outliers.succeeded(a.health);
    return ejectedForMs;
  };
  t.is(await ejectAndReturn(), 100);
  t.is(await ejectAndReturn(), 200);
  await clock.advance(200);
  t.is(await ejectAndReturn(), 100);
});

test('a probe that is not started for lack of time ejects again, for longer; any other such answer says nothing', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a, b] = lines as [Line, Line];
  for (let call = 0; call < 10; call++) outliers.notStarted(b.health, call, 'not started');
  t.is(b.health.standing.is, 'trusted');
  fail(a, 3);
  const times: number[] = [];
  for (const callId of [17, 18, 19]) {
    outliers.notStarted(a.health, callId, 'not started');
    await clock.advance(a.health.ejectedForMs);
    t.is(probe(), a);
    outliers.probing(a.health, callId);
    outliers.notStarted(a.health, 16, 'not started');
    t.is(a.health.standing.is, 'probed', 'that was not the probe');
    outliers.notStarted(a.health, callId, 'not started');
    t.is(probe(), undefined);
    times.push(a.health.ejectedForMs);
  }
  t.deepEqual(times, [200, 350, 350]);
});

test('what was sent before the probe decides nothing against it', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 3);
  await clock.advance(100);
  probe();
  outliers.failed(a.health, clock.nowMs() - 50, 'no reply in time');
  t.is(a.health.standing.is, 'probed');
  fail(a);
  t.is(a.health.standing.is, 'ejected');
});

test('a probe that its caller gave up is followed by another', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 3);
  await clock.advance(100);
  probe();
  outliers.probing(a.health, 17);
  outliers.gaveUp(a.health, 16);
  t.is(probe(), undefined);
  outliers.gaveUp(a.health, 17);
  t.is(probe(), a);
});

test('a probe that is never answered is followed by another after as long again', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const [a] = lines as [Line, Line];
  fail(a, 3);
  await clock.advance(100);
  t.is(probe(), a);
  outliers.probing(a.health, 17);
  await clock.advance(99);
  t.is(probe(), undefined);
  await clock.advance(1);
  t.is(probe(), a);
  outliers.probing(a.health, 18);
  t.is(probe(), undefined, 'which is again the only one');
  outliers.gaveUp(a.health, 17);
  t.is(probe(), undefined, 'and is not the first');
  outliers.succeeded(a.health);
  t.is(outliers.size, 0);
});

test('an address that nobody connects to any more is out of nothing in the end', async (t) => {
  const { outliers, lines, fail, probe, clock } = makeOutliers(2);
  const { health } = lines[0]!;
  fail(lines[0]!, 3);
  health.ready = 0;
  await clock.advance(300_000);
  probe();
  t.is(outliers.size, 1);
  await clock.advance(101);
  probe();
  t.is(outliers.size, 0);
  t.is(health.doubt, doubts.none);
});

test('a call that is not idempotent probes only when no other came for as long again', async (t) => {
  const { lines, fail, probe, clock } = makeOutliers(2);
  fail(lines[0]!, 3);
  await clock.advance(199);
  t.is(probe(false), undefined);
  await clock.advance(1);
  t.is(probe(false), lines[0]);
});

test('a probe waits for a connection with room', async (t) => {
  const { lines, fail, probe, clock } = makeOutliers(2);
  fail(lines[0]!, 3);
  await clock.advance(100);
  lines[0]!.hasRoom = false;
  t.is(probe(), undefined);
  lines[0]!.hasRoom = true;
  lines[0]!.health.ready = 0;
  t.is(probe(), undefined);
});

test('what one event took along counts once', async (t) => {
  const { outliers, lines, clock } = makeOutliers(2);
  const { health } = lines[0]!;
  await clock.advance(100);
  for (let call = 0; call < 10; call++) outliers.unavailable(health, call, 'UNAVAILABLE');
  t.is(health.failures, 1);
  await clock.advance(10);
  outliers.unavailable(health, 105, 'UNAVAILABLE');
  t.is(health.failures, 2);
});

test('what is remembered of addresses has a bound, and those in use are kept', (t) => {
  const { outliers, lines } = makeOutliers(2);
  for (let at = 0; at < 3_000; at++) outliers.at(`10.1.${at}:7000`);
  t.is(outliers.at(lines[0]!.health.address), lines[0]!.health);
  t.not(outliers.at('10.1.0:7000'), undefined);
});
