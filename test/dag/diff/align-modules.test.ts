import test from 'ava';
import { alignModules } from '../../../dag/diff/align-modules.ts';
import { diffStrategies } from '../../../dag/diff/diff-strategies.ts';
import { node, strategy } from './world.ts';

const runs = (moduleUrl: string) => [
  strategy({ nodes: [node('rank', { work: { kind: 'run', moduleUrl, exportName: 'run' } })] }),
];
const at = (folder: string | undefined) => new Map(folder === undefined ? [] : [['feed', folder]]);

function changes(
  before: [folder: string | undefined, url: string],
  after: [folder: string | undefined, url: string],
): number {
  const [definitions, now] = [runs(before[1]), runs(after[1])];
  const aligned = alignModules({ definitions, folders: at(before[0]) }, { definitions: now, folders: at(after[0]) });
  return diffStrategies(aligned, now).strategies.length;
}

test('a module in the same place, seen from the file of the strategy, is the same', (t) => {
  t.is(changes(['file:///a/dags/', 'file:///a/dags/rank.ts'], ['file:///b/c/dags/', 'file:///b/c/dags/rank.ts']), 0);
  t.is(changes(['file:///a/dags/', 'file:///a/rank.ts'], ['file:///b/dags/', 'file:///b/rank.ts']), 0);
  t.is(
    changes(['file:///a/dags/', 'file:///lib/x.ts'], ['file:///b/', 'file:///lib/x.ts']),
    0,
    'one module, two places',
  );
});

test('a module in another place is another', (t) => {
  t.is(changes(['file:///a/dags/', 'file:///a/dags/rank.ts'], ['file:///b/dags/', 'file:///b/rank.ts']), 1);
  t.is(changes([undefined, 'file:///a/rank.ts'], ['file:///b/', 'file:///b/rank.ts']), 1, 'of one nothing is known');
});
