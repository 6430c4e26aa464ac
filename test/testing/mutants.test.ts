// The simulation finds what it is there to find. These are the mutants that it finds soonest; `npm run sim -- --mutants`
// hunts for all.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import test from 'ava';
import { systemClock } from '../../runtime/clock.ts';
import { huntMutants } from '../../testing/hunt/mutant-hunt.ts';
import { allMutants } from '../../testing/mutants/all.ts';

const { signal } = new AbortController();
/** Many times what they need today: which seed finds one changes with the sources. */
const seedsMax = 250;

const soon = [
  'no-sign',
  'plain-mark',
  'cancel-keeps-generation',
  'early-settle',
  'no-ack',
  'raw-size',
  'no-walk',
  'mark-after-free',
  'past-free',
  'no-window',
  'no-look-after-death',
  'full-thread-rung',
  'window-of-one',
  'ring-one',
  'busy-thread-looks',
  'full-thread-looks',
  'no-clear',
  'answers-wait',
  'unknown-asker',
  'late-side-message',
  'no-second-look',
  'no-second-look-at-replies',
  'table-not-used',
  'leaves-before-turn',
  'finalizer-skipped',
  'permit-twice',
  'settle-before-death',
  'number-used-early',
  'one-fiber-idle',
  'wire-twice',
];

for (const name of soon) {
  const mutant = allMutants.find((one) => one.name === name)!;
  test(`finds ${name}: ${mutant.what}`, async (t) => {
    const plan = { mutants: [mutant], seed: 1, seeds: seedsMax, minutes: 0, clock: systemClock, signal };
    const [found] = await huntMutants(plan);
    const { seeds, failure, other } = found!.result;
    t.log(`after ${seeds} seeds: ${failure?.law}`);
    t.truthy(failure, `not found; another law was broken: ${other?.law}`);
  });
}

test('every mutant changes what it names: its text is there once, and no two have one name', (t) => {
  for (const { name, world, edits } of allMutants) {
    const sources = new Map<string, string>();
    for (const { file, find, replace } of edits) {
      const source = sources.get(file) ?? readSource(file);
      const parts = (world === 'process' ? stripTypeScriptTypes(source) : source).split(find);
      t.is(parts.length, 2, `${name}: ${file}`);
      sources.set(file, parts.join(replace));
    }
  }
  t.is(new Set(allMutants.map(({ name }) => name)).size, allMutants.length);
});

function readSource(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}
