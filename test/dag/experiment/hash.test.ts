import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { experimentSalt, seedOf, slotCount, slotOf, unitText } from '../../../dag/experiment/bucket.ts';
import { murmur3 } from '../../../runtime/murmur3.ts';
import { makeVectors, referenceHash, referenceSlot, type Vectors, vectorsText } from './reference.ts';

const published = readFileSync(new URL('../../../docs/experiments-vectors.json', import.meta.url), 'utf8');

test('the hash gives the values that are known of MurmurHash3', (t) => {
  const known: [string, number, number][] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
    ['ππππππππ', 0x9747b28c, 0xd58063c1],
  ];
  for (const [text, seed, hash] of known) {
    t.is(murmur3(text, seed), hash, text);
    t.is(referenceHash(text, seed), hash, text);
  }
});

test('the hash of any text is that of its UTF-8, with any seed', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom('a', 'π', '€', '🧵', '\ud83e', '\udda5'), maxLength: 12 }),
  );
  fc.assert(
    fc.property(text, fc.nat(0xffffffff), (unit, seed) => {
      t.is(murmur3(unit, seed), referenceHash(unit, seed));
      t.is(slotOf(unit, seed), referenceSlot(unit, seed));
    }),
    { numRuns: 500 },
  );
});

test('the published vectors are those of the second implementation', (t) => {
  t.is(published, vectorsText(makeVectors()));
});

test('every published vector holds', (t) => {
  const { hashes, assignments } = JSON.parse(published) as Vectors;
  t.true(hashes.length + assignments.length >= 100);
  for (const { text, seed, hash } of hashes) t.is(murmur3(text, seed), hash, text);
  for (const { unit, layerSalt, experiment, ...expected } of assignments) {
    const text = unitText(unit)!;
    const salt = experimentSalt(layerSalt, experiment);
    const [slotSeed, variantSeed, samplerSeed] = [
      seedOf('slot', layerSalt),
      seedOf('variant', salt),
      seedOf('sampler', salt),
    ];
    const slot = slotOf(text, slotSeed);
    const [variantPoint, samplerPoint] = [slotOf(text, variantSeed), slotOf(text, samplerSeed)];
    t.deepEqual({ slotSeed, slot, variantSeed, variantPoint, samplerSeed, samplerPoint }, expected, text);
  }
});

test('every slot gets 4294 or 4295 hashes, the last one included', (t) => {
  const slot = (hash: number) => Math.floor((hash * slotCount) / 2 ** 32);
  const firstHash = (index: number) => Number((BigInt(index) * 2n ** 32n + BigInt(slotCount - 1)) / BigInt(slotCount));
  t.is(slot(2 ** 32 - 1), slotCount - 1);
  for (const index of [0, 1, 499_999, 500_000, 777_777, 999_999]) {
    t.is(slot(firstHash(index)), index);
    if (index > 0) t.is(slot(firstHash(index) - 1), index - 1);
    t.true([4294, 4295].includes(firstHash(index + 1) - firstHash(index)));
  }
});

test('a unit is a text or a whole number, and 42 is the unit "42"', (t) => {
  t.is(unitText('42'), '42');
  t.is(unitText(42), '42');
  t.is(unitText(42n), '42');
  t.is(unitText(-0), '0');
  for (const none of ['', 'x'.repeat(1025), 1.5, Number.NaN, 2 ** 53, 10n ** 1024n, null, undefined, true, {}, []]) {
    t.is(unitText(none), undefined);
  }
});
