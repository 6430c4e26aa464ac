// Whatever a file has come to, it is told in sentences: random wrong edits never make the checks throw.

import test from 'ava';
import fc from 'fast-check';
import { feed, photo, told } from './world.ts';

const words = [
  ...new Set(feed.match(/[\w.-]+|[{}[\]"':?#]|\n {2,}/g)),
  ...[
    '-1',
    '0',
    '1e9',
    'null',
    'true',
    '[]',
    '{}',
    '*',
    '&a x',
    '<<: *a',
    '~',
    '__proto__',
    'constructor',
    'extra?',
    'x',
  ],
];

const edit = fc.record({
  at: fc.nat(feed.length - 1),
  takes: fc.oneof(fc.constant(0), fc.nat(8), fc.nat(60)),
  puts: fc.oneof(fc.constant(''), fc.constantFrom(...words)),
});

/** Whole words change places, so that the text mostly stays YAML and the schema's. */
const swap = fc.record({ word: fc.constantFrom(...words), by: fc.constantFrom(...words), nth: fc.nat(3) });

function swapped(text: string, { word, by, nth }: { word: string; by: string; nth: number }): string {
  const parts = text.split(word);
  const at = 1 + (nth % Math.max(1, parts.length - 1));
  return parts.slice(0, at).join(word) + (at < parts.length ? by : '') + parts.slice(at).join(word);
}

test('never throws at random texts', (t) => {
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    const text = edits.reduce((so, { at, takes, puts }) => so.slice(0, at) + puts + so.slice(at + takes), feed);
    t.is(typeof told({ 'feed.yaml': text, 'photo.yaml': photo }), 'string');
  });
  fc.assert(property, { numRuns: 400 });
});

test('never throws at files whose words changed places', (t) => {
  const property = fc.property(fc.array(swap, { minLength: 1, maxLength: 5 }), (swaps) => {
    t.is(typeof told({ 'feed.yaml': swaps.reduce(swapped, feed), 'photo.yaml': photo }), 'string');
  });
  fc.assert(property, { numRuns: 600 });
});
