// What a search does when things go wrong, in a simulated process: `npx node --test examples/movies/search.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backend, everySeed, simulate } from 'heddle/testing';
import { Search, Viewers } from './contract.ts';

const config = new URL('./heddle.yaml', import.meta.url);

/** Stands for movies.Viewers, which in production other machines serve. */
const viewers = backend(Viewers, {
  taste: async ({ viewer }, call) => {
    await call.sleep(20);
    return { genres: viewer === 'ada' ? ['Western'] : [] };
  },
});

test('a search goes without a taste when nobody says in time what the viewer likes', async () => {
  await using sim = await simulate({ seed: 7, config, backends: [viewers] });
  const search = sim.client(Search);
  const [liked] = (await search.search({ text: '1990s', viewer: 'ada', limit: 1 })).films;
  assert.equal(liked?.genre, 'Western');

  sim.backend(Viewers).hang();
  const beganMs = sim.nowMs;
  const [first] = (await search.search({ text: '1990s', viewer: 'ada', limit: 1 })).films;
  assert.notEqual(first?.genre, 'Western');
  // The node's timeout is 300 ms; none of them is spent really waiting.
  assert.ok(sim.nowMs - beganMs < 320, `${sim.nowMs - beganMs} ms`);
});

test('level 2 shows the best known films first', async () => {
  await using sim = await simulate({ config, backends: [viewers] });
  await sim.setLevel('movies.search', 2);
  assert.equal((await sim.client(Search).search({ text: 'alien' })).ranked, false);
});

test('each search is answered, whatever dies, stands still or breaks', () =>
  everySeed({ seeds: 5, config, backends: [viewers], faults: 'random' }, async (sim) => {
    const search = sim.client(Search);
    const searches = Array.from({ length: 10 }, async (_, at) => {
      await sim.advance(40 * at);
      return search.search({ text: 'star wars', viewer: 'ada', limit: 3 }, { timeoutMs: 1_000 });
    });
    const ended = await Promise.allSettled(searches);
    const answers = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.ok(answers.length >= 5, `${answers.length} of 10 searches have an answer`);
    for (const { films } of answers) assert.ok(films.some(({ title }) => /star wars/i.test(title)));
  }));
