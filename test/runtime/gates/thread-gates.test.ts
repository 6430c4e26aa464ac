// Degraders and samplers as the fibers of several threads ask them.

import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { ThreadGates } from '../../../runtime/gates/thread-gates.ts';
import { type LiveSettings, noLiveSettings } from '../../../runtime/live-settings.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const cells = (): SharedArrayBuffer => new SharedArrayBuffer(64);

function threads(live: Partial<LiveSettings>, count = 2) {
  const clock = new VirtualClock();
  const gates = Array.from({ length: count }, (_, seed) => new ThreadGates(clock, seededRandom(seed)));
  const update = (next: Partial<LiveSettings>) => {
    for (const one of gates) one.update({ ...noLiveSettings, ...next });
  };
  update(live);
  return { clock, gates, update };
}

test('a count holds for all threads together, and begins anew with each gap', async (t) => {
  const { clock, gates } = threads({ degraders: [{ name: 'light', count: 3, gapMs: 1000, cells: cells() }] });
  const ask = () => [0, 1, 0, 1, 0].map((thread) => gates[thread]!.degraded('light'));
  t.deepEqual(ask(), [false, false, false, true, true]);
  await clock.advance(1000);
  t.deepEqual(ask(), [false, false, false, true, true]);
});

test('a rate holds for all threads together', async (t) => {
  const { clock, gates } = threads({ degraders: [{ name: 'light', perSecond: 10, burst: 2, cells: cells() }] });
  t.deepEqual(
    [0, 1, 0].map((thread) => gates[thread]!.degraded('light')),
    [false, false, true],
  );
  await clock.advance(100);
  t.deepEqual([gates[1]!.degraded('light'), gates[0]!.degraded('light')], [false, true]);
});

test('a degrader that a reload has not changed goes on counting; one that it took out degrades nobody', (t) => {
  const degrader = { name: 'light', count: 1, gapMs: 1000, cells: cells() };
  const { gates, update } = threads({ degraders: [degrader] });
  t.false(gates[0]!.degraded('light'));
  update({ degraders: [degrader] });
  t.true(gates[1]!.degraded('light'));
  update({});
  t.false(gates[0]!.degraded('light'));
});

test('a sampler is true for its share of the asks, and always the same for the same key', (t) => {
  const { gates } = threads({ samplers: [{ name: 'audit', percent: 20 }] });
  const many = Array.from({ length: 10_000 }, (_, at) => at);
  const share = (asked: (at: number) => boolean): number => many.filter(asked).length / many.length;
  t.true(Math.abs(share(() => gates[0]!.sampled('audit', undefined)) - 0.2) < 0.02);
  t.true(Math.abs(share((at) => gates[0]!.sampled('audit', `user-${at}`)) - 0.2) < 0.02);
  for (const key of ['a', 'b', 'user-7']) t.is(gates[0]!.sampled('audit', key), gates[1]!.sampled('audit', key));
});

test('the ends of a share are none and all', (t) => {
  const { gates } = threads({
    samplers: [
      { name: 'none', percent: 0 },
      { name: 'all', percent: 100 },
    ],
  });
  for (let at = 0; at < 1000; at++) {
    t.false(gates[0]!.sampled('none', `${at}`) || gates[0]!.sampled('none', undefined));
    t.true(gates[0]!.sampled('all', `${at}`) && gates[0]!.sampled('all', undefined));
  }
});

test('a name that heddle.yaml never had is a mistake, with the nearest one', (t) => {
  const { gates } = threads({ samplers: [{ name: 'audit', percent: 1 }] });
  t.throws(() => gates[0]!.sampled('audti', undefined), {
    message: `there is no sampler "audti" (did you mean 'audit'?); heddle.yaml has audit`,
  });
  t.throws(() => gates[0]!.degraded('light'), {
    message: 'there is no degrader "light"; heddle.yaml has no degraders',
  });
});
