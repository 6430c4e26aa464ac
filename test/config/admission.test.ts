// What heddle.yaml says of how many requests come in: rates, adaptive limits, weights, the share of a connection.

import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { least, problemsOf, read, settled } from './read.ts';

const service = (keys: string) => least.replace(' } }', `, ${keys} } }`);
const builtOf = (t: Parameters<typeof settled>[0], keys: string) => settled(t, service(keys)).settings.services[0]!;

test('nothing but a weight of 1 holds unless somebody says so', (t) => {
  const { services, limits } = settled(t, least).settings;
  t.deepEqual([services[0]!.rate, services[0]!.adaptive, services[0]!.weight], [undefined, undefined, 1]);
  t.false('requestsPerConnection' in limits);
});

test('a rate holds a second of itself unless it says how much', (t) => {
  t.deepEqual(builtOf(t, 'rate: { perSecond: 2.5 }').rate, { perSecond: 2.5, burst: 3 });
  t.deepEqual(builtOf(t, 'rate: { perSecond: 0.1 }').rate, { perSecond: 0.1, burst: 1 });
  t.deepEqual(builtOf(t, 'rate: { perSecond: 100, burst: 7 }').rate, { perSecond: 100, burst: 7 });
  t.regex(problemsOf(service('rate: { burst: 7 }')), /perSecond is missing in rate/);
  t.regex(problemsOf(service('rate: 5')), /rate must be a map/);
});

test('an adaptive limit is there when it is enabled, with what is written beside', (t) => {
  const byDefault = { delayMs: 20, tolerance: 2, min: 0, max: 0 };
  t.deepEqual(builtOf(t, 'adaptive: { enabled: true }').adaptive, byDefault);
  t.is(builtOf(t, 'adaptive: { delay: 50ms }').adaptive, undefined);
  const keys = 'adaptive: { enabled: true, delay: 50ms, tolerance: 1.5, min: 4, max: 100 }, weight: 2.5';
  const built = builtOf(t, keys);
  t.deepEqual([built.adaptive, built.weight], [{ delayMs: 50, tolerance: 1.5, min: 4, max: 100 }, 2.5]);
  t.regex(problemsOf(service('adaptive: { enabled: true, min: 5, max: 4 }')), /min of 5 is above the max of 4/);
  t.regex(problemsOf(service('weight: 0')), /weight must be a number from 0\.01 to 100/);
});

test('the share of a connection is what is written, or none', (t) => {
  for (const [written, value] of [
    ['500', 500],
    ['none', 0],
  ] as const) {
    t.is(
      settled(t, `${least}\nlimits: { requestsPerConnection: ${written} }`).settings.limits.requestsPerConnection,
      value,
    );
  }
});

test('explaining a service shows what bounds it, and where that was written', (t) => {
  const config = read(service('rate: { perSecond: 5 }, adaptive: { enabled: true, max: 9 }'));
  const text = explainService(config as Parameters<typeof explainService>[0], 'demo.Greeter');
  t.regex(text, /rate +5 a second, 5 at once +\S+heddle\.yaml:\d/);
  t.regex(text, /adaptive +waits of 20ms, runs of 2 times the usual, at most 9 +\S+heddle\.yaml:\d/);
  t.regex(text, /weight +1 +default/);
});
