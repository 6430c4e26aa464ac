// `npm run sim` itself: the same seed does the same, what breaks is told so that it can be run again, and exit codes say how it
// went.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { systemClock } from '../../runtime/clock.ts';
import { readCommandLine } from '../../testing/hunt/command-line.ts';
import { hunt } from '../../testing/hunt/hunt.ts';
import type { WorldName } from '../../testing/hunt/hunted-world.ts';
import { huntMutants, type MutantResult } from '../../testing/hunt/mutant-hunt.ts';
import { NotLoaded, openWorld } from '../../testing/hunt/open-world.ts';
import { failureText, resultText } from '../../testing/hunt/report.ts';
import { allMutants } from '../../testing/mutants/all.ts';
import { isFoundBy } from '../../testing/mutants/mutant.ts';
import { type NamedSeed, namedSeeds } from '../../testing/seeds.ts';

const script = fileURLToPath(new URL('../../testing/run.ts', import.meta.url));

function start(...words: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...words]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, out, err }));
  return { child, ended };
}

for (const name of ['queue', 'endpoint'] as WorldName[]) {
  test(`${name}: a seed does the same again, whatever ran before it`, async (t) => {
    const fresh = await openWorld(name);
    const used = await openWorld(name);
    for (const seed of [1, 2]) await used.run(seed);
    t.deepEqual(await fresh.run(3), await used.run(3));
  });
}

test('the same law breaks at every replay, in fewer steps, and the trace says who did what', async (t) => {
  const mutant = allMutants.find((one) => one.name === 'no-walk')!;
  const hunted = async () => {
    const worlds = [await openWorld('queue', mutant)];
    const { signal } = new AbortController();
    const { failure } = await hunt({ worlds, seed: 1, seeds: 50, endMs: 0, clock: systemClock, signal });
    return { failure: failure!, short: await worlds[0]!.shrink(failure!, signal) };
  };
  const one = await hunted();
  const other = await hunted();
  t.deepEqual(one, other);
  t.true(one.short.trace.length <= one.failure.trace.length);
  const text = failureText(one.short, { mutant: 'no-walk' });
  t.regex(text, /DIES/);
  t.regex(text, /swaps slot \d in lane 0 of p: free, lap \d+ → writing by \d/);
  t.regex(text, /again: npm run sim -- --world queue --seed \d+ --seeds 1 --mutant no-walk/);
});

test('a failure of another law has not found a mutant, and a mutant that is no program stops the command', async (t) => {
  const { signal } = new AbortController();
  const plan = { seed: 1, seeds: 3, minutes: 0, clock: systemClock, signal };
  const noWalk = allMutants.find((one) => one.name === 'no-walk')!;
  const [{ result }] = (await huntMutants({ ...plan, mutants: [{ ...noWalk, breaks: ['another law'] }] })) as [
    MutantResult,
  ];
  t.is(result.failure, undefined);
  t.is(result.seeds, 3);
  t.true(isFoundBy(noWalk, result.other!), result.other?.law);
  t.regex(resultText(result, true), /NOT FOUND: none of its laws was broken, but at seed 1: /);
  for (const world of ['queue', 'process'] as const) {
    const file = 'runtime/shared/run-queue.ts';
    const broken = { ...noWalk, world, edits: [{ file, find: 'export class RunQueue {', replace: 'export class {' }] };
    await t.throwsAsync(huntMutants({ ...plan, mutants: [broken] }), {
      message: /^mutant no-walk: /,
      instanceOf: NotLoaded,
    });
  }
});

test('the command that a failing named seed prints runs that seed with its scenario', async (t) => {
  const [{ name, mutant }] = namedSeeds as [NamedSeed];
  const { code, out, err } = await start('--named', name, '--mutant', mutant!).ended;
  t.is(code, 0, out + err);
  t.true(out.includes(`again: npm run sim -- --named '${name}' --mutant ${mutant}`), out);
});

test('says what is wrong with the command line, and all of its help', (t) => {
  const says = (...words: string[]): string => {
    const read = readCommandLine(words, 7);
    return 'text' in read ? read.text : '';
  };
  t.regex(says('--seed', 'x'), /^--seed x: give a whole number/);
  t.regex(says('--minutes', '0'), /^--minutes 0: give 0.01/);
  t.regex(says('--seeds', '0'), /^--seeds 0: give a whole number from 1/);
  t.regex(says('--seeds', '3', '--minutes', '1'), /not both/);
  t.regex(says('--world', 'moon'), /^--world moon: give queue/);
  t.regex(says('--mutant', 'nothing'), /there is none of that name/);
  t.regex(says('--seed', ''), /^--seed : give a whole number/);
  for (const world of ['queue', 'endpoint', 'all']) {
    t.regex(
      says('--mutant', 'finalizer-skipped', '--world', world),
      /^--mutant finalizer-skipped: it is made for world/,
    );
  }
  t.regex(says('--mutant', 'early-settle', '--world', 'endpoint'), /it is made for world queue, not for endpoint/);
  t.regex(says('--named', 'nothing'), /^--named nothing: there is none of that name/);
  const [{ name, world, seed }] = namedSeeds as [NamedSeed];
  t.regex(says('--named', name, '--seeds', '2'), /^give --named or --seeds, not both/);
  for (const option of ['seed', 'minutes', 'seeds', 'world', 'mutants', 'mutant', 'named', 'list', 'trace', 'json']) {
    t.regex(says('--help'), new RegExp(`--${option}\\b`));
  }
  t.is(says('--list').split('\n').length, allMutants.length + namedSeeds.length);
  t.like(readCommandLine([], 7), { seed: 7, minutes: 1, worlds: ['queue', 'endpoint', 'process'] });
  t.like(readCommandLine(['--mutant', 'ring-one'], 7), { worlds: ['endpoint'] });
  t.like(readCommandLine(['--named', name], 7), { worlds: [world], seed, seeds: 1, named: { name } });
});

test('exits with 0 and figures when nothing breaks, with 1 and the failure when something does, with 2 when asked wrongly', async (t) => {
  const [good, bad, wrong] = await Promise.all([
    start('--world', 'queue', '--seed', '1', '--seeds', '2', '--json').ended,
    start('--mutant', 'no-walk', '--seed', '1', '--seeds', '50').ended,
    start('--world', 'moon').ended,
  ]);
  t.is(good.code, 0, good.err);
  t.like(JSON.parse(good.out), { seeds: 2, failure: undefined });
  // Of a mutant it is good that a law breaks.
  t.is(bad.code, 0, bad.err);
  t.regex(bad.out, /LAW BROKEN: .*\n/);
  t.is(wrong.code, 2);
});

test('Ctrl-C ends the search for a shorter way too, and the failure is told as it is', async (t) => {
  const { child, ended } = start('--mutant', 'no-walk', '--seed', '1', '--seeds', '50');
  for await (const text of child.stderr) if (String(text).includes('looking for')) break;
  child.kill('SIGINT');
  const { code, out } = await ended;
  t.is(code, 0);
  t.regex(out, /LAW BROKEN: /);
});

test('Ctrl-C ends it with its figures', async (t) => {
  const { child, ended } = start('--world', 'queue', '--minutes', '5', '--seed', '1');
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const { code, out } = await ended;
  t.is(code, 0);
  t.regex(out, /seeds, \d+ steps, .*\nno law was broken/);
});
