// The explorer settles deaths by WorldMemory.settle and its worlds' supervisors; this holds them to the shipped one.

import { readFileSync } from 'node:fs';
import test from 'ava';

test('the supervisor settles a death in the order that the explorer goes through', (t) => {
  const source = readFileSync(new URL('../../../scheduler/supervisor.ts', import.meta.url), 'utf8');
  const died = source.slice(source.indexOf('async died('), source.indexOf('onSettled('));
  const steps = [
    'setFate(number, fates.dead)',
    'queue.settle(number',
    'bumpAll(',
    'inflight.clear(number)',
    "type: 'died'",
    'await settled',
    'returnNumber(number)',
  ];
  const places = steps.map((step) => died.lastIndexOf(step));
  t.false(places.includes(-1));
  t.deepEqual(
    places,
    [...places].sort((left, right) => left - right),
  );
});
