import test from 'ava';
import { AdminCommands } from '../../admin/commands.ts';
import { hottestLine, hottestLines } from '../../runtime/cpu-profile.ts';

const command = (path: string, verb: 'GET' | 'POST' = 'GET') => ({
  path,
  verb,
  summary: 'Says nothing.',
  run: () => 1,
});

test('a path may have one command for each verb', (t) => {
  const commands = new AdminCommands();
  commands.add(command('/caches/films'));
  commands.add(command('/caches/films', 'POST'));
  t.deepEqual([...commands.at('/caches/films')!.keys()], ['GET', 'POST']);
  t.throws(() => commands.add(command('/caches/films')), { code: 'ALREADY_EXISTS' });
  t.is(commands.at('/caches'), undefined);
  t.is(commands.all.length, 2);
});

test('a path that no request could name, and one too many, are refused', (t) => {
  const commands = new AdminCommands();
  for (const path of ['', '/', 'caches', '/Caches', '/caches/', '/ca?ches', '//caches']) {
    t.throws(() => commands.add(command(path)), { code: 'INVALID_ARGUMENT' }, path);
  }
  for (let at = 0; at < 200; at++) commands.add(command(`/path-${at}`));
  t.throws(() => commands.add(command('/one-more')), { code: 'RESOURCE_EXHAUSTED' });
});

test('what Node and V8 do counts for the line of the user that led there, and idle time for nobody', (t) => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
  const rank = {
    id: 2,
    callFrame: frame('rank', 'file:///srv/rank.ts', 9),
    hitCount: 30,
    positionTicks: [
      { line: 12, ticks: 20 },
      { line: 13, ticks: 10 },
    ],
    children: [3],
  };
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), hitCount: 0, children: [2, 4] },
      rank,
      { id: 3, callFrame: frame('(garbage collector)'), hitCount: 10 },
      { id: 4, callFrame: frame('(idle)'), hitCount: 1_000 },
    ],
  };
  t.deepEqual(hottestLines(profile, 2), [
    { function: 'rank', at: 'file:///srv/rank.ts:12', share: 0.5 },
    { function: 'rank', at: 'file:///srv/rank.ts:13', share: 0.25 },
  ]);
  t.is(hottestLine(JSON.stringify(profile))?.at, 'file:///srv/rank.ts:12');
  t.deepEqual(hottestLines({ nodes: [] }, 5), []);
});
