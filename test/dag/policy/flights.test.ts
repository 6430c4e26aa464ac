// Single flight: at every instant one leader per key that is under way, and nobody is forgotten or told twice.

import test from 'ava';
import fc from 'fast-check';
import type { CacheKey } from '../../../dag/policy/cache.ts';
import { Flights } from '../../../dag/policy/flights.ts';

test('does what a leader and a queue for each key do', (t) => {
  const step = fc.record({
    act: fc.constantFrom('join', 'join', 'join', 'land', 'pass', 'leave'),
    key: fc.constantFrom<CacheKey>(1, '1', 'a'),
    which: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const flights = new Flights<number>();
      const model = new Map<CacheKey, number[]>();
      let next = 0;
      for (const { act, key, which } of steps) {
        const [leader, ...waiting] = model.get(key) ?? [];
        if (act === 'join') {
          const follower = next++;
          if (flights.join(key, follower) !== (leader === undefined)) throw new Error(`join ${follower}`);
          model.set(key, leader === undefined ? [follower] : [leader, ...waiting, follower]);
        } else if (leader === undefined) {
          if (flights.leave(key, which)) throw new Error('left a key that nobody flies');
        } else if (act === 'land') {
          if (String([...flights.landed(key)]) !== String(waiting)) throw new Error('landed');
          model.delete(key);
        } else if (act === 'pass') {
          if (flights.passed(key) !== waiting[0]) throw new Error('passed');
          if (waiting.length === 0) model.delete(key);
          else model.set(key, waiting);
        } else {
          const leaving = waiting[which % (waiting.length + 1)];
          if (flights.leave(key, leaving ?? -1) !== (leaving !== undefined)) throw new Error('leave');
          model.set(key, [leader, ...waiting.filter((one) => one !== leaving)]);
        }
        if (flights.size !== model.size) throw new Error('size');
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a leader that passes with nobody waiting leaves the key free', (t) => {
  const flights = new Flights<string>();
  t.true(flights.join('k', 'a'));
  t.is(flights.passed('k'), undefined);
  t.is(flights.size, 0);
  t.true(flights.join('k', 'b'));
});

test('the first follower leaves: the second leads when the leader passes', (t) => {
  const flights = new Flights<string>();
  for (const run of ['leader', 'first', 'second']) flights.join('k', run);
  t.true(flights.leave('k', 'first'));
  t.false(flights.leave('k', 'first'));
  t.is(flights.passed('k'), 'second');
  t.false(flights.join('k', 'third'), 'the key is still under way');
  t.deepEqual([...flights.landed('k')], ['third']);
  t.is(flights.followed, 3);
});

test('all followers leave: the leader still leads, and passes to nobody', (t) => {
  const flights = new Flights<string>();
  for (const run of ['leader', 'first', 'second']) flights.join('k', run);
  flights.leave('k', 'first');
  flights.leave('k', 'second');
  t.false(flights.join('k', 'third'));
  flights.leave('k', 'third');
  t.is(flights.passed('k'), undefined);
  t.is(flights.size, 0);
});

test('who joins while followers are being told begins a new flight, and is not among the told', (t) => {
  const flights = new Flights<string>();
  for (const run of ['leader', 'first', 'second']) flights.join('k', run);
  const told: string[] = [];
  const leads: boolean[] = [];
  for (const follower of flights.landed('k')) {
    told.push(follower);
    leads.push(flights.join('k', `${follower} again`));
    t.false(flights.leave('k', 'second'), 'it does not wait any more');
  }
  t.deepEqual(told, ['first', 'second']);
  t.deepEqual(leads, [true, false]);
  t.deepEqual([...flights.landed('k')], ['second again']);
});

test('keys without followers share nothing', (t) => {
  const flights = new Flights<string>();
  flights.join('a', 'a1');
  flights.join('b', 'b1');
  flights.join('a', 'a2');
  t.is(flights.landed('b').size, 0);
  t.deepEqual([...flights.landed('a')], ['a2']);
});
