// docs/experiments.md is true: its example runs, the numbers of its worked example and its bounds are those of the code.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { experimentSalt, seedOf, slotCount, slotOf, unitCharsMax } from '../../../dag/experiment/bucket.ts';
import { compileExperiments } from '../../../dag/experiment/compile.ts';
import { experimentLimits } from '../../../dag/experiment/definition.ts';
import { murmur3 } from '../../../runtime/murmur3.ts';
import { makeVectors } from './reference.ts';

const page = readFileSync(new URL('../../../docs/experiments.md', import.meta.url), 'utf8');

test('the example of docs/experiments.md gives what it says', (t) => {
  const [, code = ''] = page.match(/<!-- runs -->\n```ts\n([\s\S]+?)```/) ?? [];
  const run = new Function('compileExperiments', `${code}\nreturn { assignment, problems };`);
  const { assignment, problems } = run(compileExperiments);
  t.deepEqual(problems, []);
  t.is(assignment.parameter('rank.model'), 'full');
  t.like(assignment.exposures()[0], { layer: 'ranking', experiment: 'new-model', variant: 'full', slot: 842_535 });
});

test('the worked example of docs/experiments.md is what the code computes', (t) => {
  const unit = 'user-42';
  const salt = experimentSalt('ranking', 'new-model');
  const [slotSeed, variantSeed, samplerSeed] = [
    seedOf('slot', 'ranking'),
    seedOf('variant', salt),
    seedOf('sampler', salt),
  ];
  const numbers = [slotSeed, murmur3(unit, slotSeed), variantSeed, murmur3(unit, variantSeed), samplerSeed];
  for (const number of numbers) t.regex(page, new RegExp(`\\b${number}\\b`));
  for (const seed of [slotSeed, variantSeed, samplerSeed]) t.true(page.includes(`**${slotOf(unit, seed)}**`));
});

test('the bounds in docs/experiments.md are those of the code', (t) => {
  const bounds = page.slice(page.indexOf('## Bounds'));
  for (const bound of [...Object.values(experimentLimits), unitCharsMax]) {
    t.true(bounds.includes(bound < 10_000 ? String(bound) : bound.toLocaleString('en-US')), String(bound));
  }
  const { hashes, assignments } = makeVectors();
  t.true(page.includes(`${hashes.length + assignments.length} vectors`));
  t.true(page.includes(slotCount.toLocaleString('en-US')));
});
