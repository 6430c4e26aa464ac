import test from 'ava';
import { RollOut } from '../../../dag/host/roll-out.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

test('a set is loaded when the last thread has loaded it or has ended', async (t) => {
  const clock = new VirtualClock();
  const rollOut = new RollOut(2, [1, 2, 3], clock);
  let loaded = false;
  void rollOut.loaded.then(() => {
    loaded = true;
  });
  rollOut.onLoaded(1);
  rollOut.onGone(3);
  await clock.advance(29_999);
  t.false(loaded);
  rollOut.onLoaded(2);
  await clock.advance(0);
  t.true(loaded);
  t.is(clock.pending, 0);
});

test('without threads it is loaded at once', async (t) => {
  const clock = new VirtualClock();
  await new RollOut(2, [], clock).loaded;
  t.is(clock.pending, 0);
});

test('the first refusal decides, and says why', async (t) => {
  const clock = new VirtualClock();
  const rollOut = new RollOut(2, [1, 2], clock);
  rollOut.onLoaded(1);
  rollOut.onRefused('no such export');
  rollOut.onRefused('later');
  rollOut.onLoaded(2);
  const error = await t.throwsAsync(rollOut.loaded, { code: 'FAILED_PRECONDITION' });
  t.is(error?.message, 'no such export\nthe version before stays in use');
  t.is(clock.pending, 0);
});

test('threads that are silent for 30 s refuse it, by their numbers', async (t) => {
  const clock = new VirtualClock();
  const rollOut = new RollOut(2, [1, 2, 3], clock);
  rollOut.onLoaded(2);
  const refused = t.throwsAsync(rollOut.loaded, { code: 'FAILED_PRECONDITION' });
  await clock.advance(30_000);
  t.is((await refused)?.message, 'thread 1, 3 did not load it within 30 s; the version before stays in use');
});
