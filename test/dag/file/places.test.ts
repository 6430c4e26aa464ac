import test from 'ava';
import { settled, writtenAt } from './read.ts';
import { richFile } from './rich-graph.ts';

const places: [string, string][] = [
  ['strategy', 'feed.recommend'],
  ['strategy~key', 'strategy'],
  ['nodes.profile.timeout', '10ms'],
  ['nodes.rank~key', 'rank'],
  ['nodes.rank.needs[1]', 'sub'],
  ['nodes.rank.input.items', 'details'],
  ['nodes.rank.input.weights[1]', '0.5'],
  ['nodes.profile.fallback[1].value.segment', `"'new'"`],
  ['layers.ranking.experiments.extra-recall.slots[0]', '0-99999'],
  ['degrade.levels.2.skip[0]', 'extra'],
  ['degrade.levels.1.replace.rank~key', 'rank'],
  ['tests[0].expect.degraded[0]', '"profile: value"'],
  ['output.items', 'rank.items'],
  // What was not written stands at what is around it.
  ['nodes.rankLight.timeout', '{ run: ./rank.ts#light, input: { items: recall.items } }'],
  ['nodes.profile.cache.maxEntries', '{ key: request.user, ttl: 1m, stale: 1h }'],
  ['nothing', 's'],
];

for (const [path, text] of places) {
  test(`${path} has its place`, (t) => t.is(writtenAt(settled(t, richFile), path), text));
}
