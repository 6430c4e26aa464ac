// A fixed hundred seeds over all worlds, and the seeds of all bugs that were ever found. What breaks here prints the command
// that runs it again.

import test from 'ava';
import { systemClock } from '../../runtime/clock.ts';
import { worldNames } from '../../testing/hunt/command-line.ts';
import { hunt } from '../../testing/hunt/hunt.ts';
import { openWorld } from '../../testing/hunt/open-world.ts';
import { failureText } from '../../testing/hunt/report.ts';
import { allMutants } from '../../testing/mutants/all.ts';
import { isFoundBy } from '../../testing/mutants/mutant.ts';
import { namedSeeds } from '../../testing/seeds.ts';

const { signal } = new AbortController();

test('a hundred seeds break no law', async (t) => {
  const worlds = await Promise.all(worldNames.map((name) => openWorld(name)));
  const result = await hunt({ worlds, seed: 1, seeds: 100, endMs: 0, clock: systemClock, signal });
  const { failure, steps, deaths, requests } = result;
  if (failure !== undefined) {
    const world = worlds.find(({ name }) => name === failure.world)!;
    t.log(failureText(await world.shrink(failure, signal)));
  }
  t.is(failure?.law, undefined);
  t.log(`${steps} steps, ${deaths} deaths, ${requests} requests`);
});

for (const { name, what, world, seed, scenario, mutant } of namedSeeds) {
  test(`${name}: never again that ${what}`, async (t) => {
    const { failure } = await (await openWorld(world)).run(seed, { scenario });
    if (failure !== undefined) t.log(failureText(failure, { named: name }));
    t.is(failure?.law, undefined);
    if (mutant === undefined) return;
    const mistake = allMutants.find((one) => one.name === mutant)!;
    const shown = (await (await openWorld(world, mistake)).run(seed, { scenario })).failure;
    t.true(
      shown !== undefined && isFoundBy(mistake, shown),
      `the seed does not show what it stands for: ${shown?.law}`,
    );
  });
}
