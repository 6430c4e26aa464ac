import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { feedFolder } from './feed-folder.ts';
import { heddle, startHeddle } from './heddle.ts';

test('check says of each strategy what it has, and check of the config counts them', async (t) => {
  const { cwd } = feedFolder(t);
  const line = 'feed.recommend  5 nodes, 1 experiment, 2 levels, 2 tests  ok\n';
  t.deepEqual(await heddle(['dag', 'check'], { cwd }), { code: 0, stdout: line, stderr: '' });
  t.deepEqual(await heddle(['dag', 'check', 'strategies'], { cwd }), { code: 0, stdout: line, stderr: '' });
  const { stdout } = await heddle(['check'], { cwd });
  t.is(stdout, 'heddle.yaml: ok (2 services, 1 pool, 2 listeners, 1 strategy)\n');
});

test('both checks print all mistakes of strategies, each with its place: exit code 1', async (t) => {
  const { cwd, change } = feedFolder(t);
  change('nodes.ts#recall', 'nodes.ts#recal');
  change('pool: work', 'pool: wrok');
  for (const words of [['check'], ['dag', 'check']]) {
    const { code, stdout, stderr } = await heddle(words, { cwd });
    t.is(code, 1);
    t.is(stderr, '');
    t.regex(stdout, /^strategies\/feed\.yaml:7:18: .*nodes\.ts exports no recal; did you mean recall\?\n.*\n +\^+$/m);
    t.regex(stdout, /^strategies\/feed\.yaml:9:40: there is no pool "wrok"; did you mean "work"\?$/m);
  }
});

test('what names no strategy is said, with the nearest', async (t) => {
  const { cwd } = feedFolder(t);
  const fails = async (stderr: RegExp, ...words: string[]) => {
    const ended = await heddle(['dag', ...words], { cwd });
    t.is(ended.code, 1);
    t.is(ended.stdout, '');
    t.regex(ended.stderr, stderr);
  };
  await Promise.all([
    fails(
      /^heddle: no strategy is named feed\.recomend; there is feed\.recommend \(did you mean/,
      'show',
      'feed.recomend',
    ),
    fails(
      /^heddle: strategies\/fed\.yaml: no such file: .*; did you mean strategies\/feed\.yaml\?/,
      'check',
      'strategies/fed.yaml',
    ),
    fails(/^heddle: the config has mistakes:\nnone\.yaml: no such file/, 'test', '--config', 'none.yaml'),
  ]);
});

test('show draws on the terminal, as Mermaid, as SVG and as a page; at a level what that leaves', async (t) => {
  const { cwd } = feedFolder(t);
  const terminal = await heddle(['dag', 'show', 'feed.recommend'], { cwd });
  t.regex(terminal.stdout, /│ extra +│/);
  t.false(terminal.stdout.includes('\x1b'), 'no colours where there is no terminal');
  const level = await heddle(['dag', 'show', 'strategies/feed.yaml', '--level', '2'], { cwd });
  t.notRegex(level.stdout, /extra/);
  t.regex(level.stdout, /│ = light +│/);
  t.regex((await heddle(['dag', 'show', 'feed.recommend', '--format', 'mermaid'], { cwd })).stdout, /^flowchart TD\n/);
  t.is((await heddle(['dag', 'show', 'feed.recommend', '--out', 'feed.svg'], { cwd })).stdout, 'feed.svg is written\n');
  t.regex(readFileSync(join(cwd, 'feed.svg'), 'utf8'), /^<svg /);
  await heddle(['dag', 'show', 'feed.recommend', '--out', 'feed.html'], { cwd });
  t.regex(readFileSync(join(cwd, 'feed.html'), 'utf8'), /^<!DOCTYPE html>[\s\S]*<svg [\s\S]*<\/html>\n$/);
});

test('test runs the inline tests; one that fails is told with its path and its timeline', async (t) => {
  const { cwd, change } = feedFolder(t);
  const passed = await heddle(['dag', 'test'], { cwd });
  t.deepEqual(passed, {
    code: 0,
    stdout:
      '✔ feed.recommend: ranks what is recalled\n✔ feed.recommend: goes on without a profile\n\n2 passed, 0 failed\n',
    stderr: '',
  });
  change('expect: { result: { items: [ 2, 1 ] }', 'expect: { result: { items: [ 1, 2 ] }');
  const failed = await heddle(['dag', 'test', 'strategies/feed.yaml'], { cwd });
  t.is(failed.code, 1);
  t.regex(
    failed.stdout,
    /^✘ feed\.recommend: ranks what is recalled {2}\(strategies\/feed\.yaml:\d+\)\n {4}- result\.items/,
  );
  t.regex(failed.stdout, /\n {4}path: profile, recall, rank\n/);
  t.regex(failed.stdout, /\n {4}✓ recall.*█/);
  t.regex(failed.stdout, /\n1 passed, 1 failed\n$/);
  const one = await heddle(['dag', 'test', '--grep', 'WITHOUT a'], { cwd });
  t.is(one.code, 0);
  t.regex(one.stdout, /\n1 passed, 0 failed\n$/);
  const none = await heddle(['dag', 'test', '--grep', 'nothing such'], { cwd });
  t.is(none.code, 1);
  t.is(none.stderr, 'heddle: no test has "nothing such" in its name\n');
});

test('explain says why, simulate says what if', async (t) => {
  const { cwd } = feedFolder(t);
  writeFileSync(join(cwd, 'request.json'), '{"user":"ann","k":3}');
  const words = ['dag', 'explain', 'feed.recommend', '--request', '@request.json', '--failing', 'profile'];
  const explained = await heddle([...words, '--params', '{"useExtra":true}'], { cwd });
  t.is(explained.code, 0, explained.stderr);
  t.regex(explained.stdout, /useExtra = true \(given\)/);
  t.regex(explained.stdout, /profile +done .*the value of its fallback stands in/);
  const wrong = await heddle(['dag', 'explain', 'feed.recommend', '--request', '{user}'], { cwd });
  t.deepEqual([wrong.code, wrong.stdout], [2, '']);
  t.regex(wrong.stderr, /^heddle: --request is not JSON: /);

  const simulate = ['dag', 'simulate', 'feed.recommend', '--runs', '300', '--seed', '7'];
  const simulated = await heddle([...simulate, '--what-if', 'rank.hedge=p90', '--what-if', 'level=2'], { cwd });
  t.is(simulated.code, 0, simulated.stderr);
  t.regex(simulated.stdout, /300 runs .*seed 7/);
  t.regex(simulated.stdout, /\n {2}rank\.hedge=p90 .*\n? .*calls \+/);
  t.regex(simulated.stdout, /\n {2}level=2 /);
  const json = await heddle([...simulate, '--json', '--latencies', 'latencies.json'], { cwd });
  t.regex(json.stderr, /--latencies: latencies\.json can't be read/);
  writeFileSync(join(cwd, 'latencies.json'), '{"feed.recommend":{"nodes":[{"name":"rank","p95Ms":400}]}}');
  const slow = await heddle([...simulate, '--json', '--latencies', 'latencies.json'], { cwd });
  t.true(JSON.parse(slow.stdout).base.latency.p95Ms > 300, slow.stderr);
});

test('diff lists what changed, and what a process would refuse', async (t) => {
  const { cwd, change } = feedFolder(t);
  change('timeout: 300ms', 'timeout: 200ms', 'new/feed.yaml');
  const differs = await heddle(['dag', 'diff', 'strategies', 'new'], { cwd });
  t.deepEqual(differs, { code: 0, stdout: '~ feed.recommend\n  ~ recall  timeout 300ms → 200ms\n', stderr: '' });
  t.is((await heddle(['dag', 'diff', 'strategies', 'new', '--exit-code'], { cwd })).code, 1);
  const same = await heddle(['dag', 'diff', 'strategies/feed.yaml', 'strategies', '--exit-code'], { cwd });
  t.deepEqual(same, { code: 0, stdout: 'nothing changed\n', stderr: '' });
  change('0-499999', '0-299999', 'new/feed.yaml');
  const moved = await heddle(['dag', 'diff', 'strategies', 'new'], { cwd });
  t.is(moved.code, 1);
  t.regex(
    moved.stdout,
    /A process that runs the older version refuses this:\n\nnew\/feed\.yaml:\d+:\d+: running experiment/,
  );
});

test('a running process publishes, rolls back, degrades, and tells its runs, which replay', async (t) => {
  t.timeout(60_000);
  const { cwd, change } = feedFolder(t);
  const { process: running, address } = await startHeddle(t, [], { config: 'heddle.yaml', cwd });
  const [, at = ''] = await running.until('stdout', /Admin: (http:\S+)/);
  const dag = (...words: string[]) => heddle(['dag', ...words, '--address', at], { cwd });
  const says = async (pattern: RegExp, ...words: string[]) => {
    const { code, stdout, stderr } = await dag(...words);
    t.is(stderr, '', words.join(' '));
    t.regex(stdout, pattern);
    t.is(code, 0);
  };
  const call = ['call', address, 'demo.Feed/recommend', '{"user":"ann","k":3}', '--meta', 'strategy-trace=values'];
  const called = await heddle(call, { cwd });
  t.is(called.code, 0, called.stderr);

  await says(/^version 1\n[\s\S]*\nfeed\.recommend +1 +0 +0 /, 'status');
  await says(/│ rank [\s\S]*\nNODE +DONE[\s\S]*\nrank +1 +0 /, 'status', 'feed.recommend');
  await says(/^nothing has changed: version 1 goes on\n$/, 'publish');
  change('timeout: 300ms', 'timeout: 200ms');
  await says(/^version 2 is in use; before it was 1\n$/, 'publish');
  change('timeout: 200ms', 'timeout: never');
  const refused = await dag('publish');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^heddle: strategies\/feed\.yaml:7:\d+: .*timeout/);
  change('timeout: never', 'timeout: 200ms');
  await says(/^version 3 is in use; before it was 2\n$/, 'rollback');
  await says(/\n1 .* start[\s\S]*\n3 .* rollback to 1 +in use +feed\.recommend\n$/, 'history');
  await says(/^feed\.recommend runs at level 2 at least/, 'level', 'feed.recommend', '2');
  await says(/"manualLevel": 2/, 'status', '--json');
  await says(/signals and limits alone/, 'level', 'feed.recommend', 'auto');
  await says(/ declares 2 levels, 1 and 2: level 5 means level 2; set until /, 'level', 'feed.recommend', '5');
  await says(/signals and limits alone/, 'level', 'feed.recommend', 'auto');
  t.is(
    (await dag('level', 'fed.recommend', '1')).stderr,
    "heddle: there is no strategy fed.recommend (did you mean 'feed.recommend'?); there is feed.recommend\n",
  );
  t.regex((await dag('traces', 'nope')).stderr, /^heddle: there is no strategy nope; there is feed\.recommend\n$/);
  await says(/^st\.html is written\n$/, 'status', 'feed.recommend', '--out', 'st.html');
  t.regex(readFileSync(join(cwd, 'st.html'), 'utf8'), /^<!DOCTYPE html>[\s\S]*<svg [\s\S]*<\/html>\n$/);
  await says(/^st\.svg is written\n$/, 'status', 'feed.recommend', '--out', 'st.svg');
  t.regex(readFileSync(join(cwd, 'st.svg'), 'utf8'), /^<svg /);
  await says(/^~ feed\.recommend\n {2}~ recall {2}timeout 300ms → 200ms\n$/, 'diff', '--running');
  await says(/^~ feed\.recommend\n {2}~ recall {2}timeout 300ms → 200ms\n$/, 'diff', '--running', 'strategies');
  change('timeout: 200ms', 'timeout: 300ms');
  await says(/^nothing changed\n$/, 'diff', '--running', '--exit-code');

  await says(/^feed\.recommend done in .*\n[\s\S]*✓ rank/, 'traces', 'feed.recommend');
  await says(
    /recommend-1\.json is written\n.*recommend-1\.html is written\n$/,
    'traces',
    'feed.recommend',
    '--out',
    'runs',
  );
  const trace = 'runs/feed.recommend-1.json';
  const replayed = await heddle(['dag', 'replay', trace], { cwd });
  t.regex(replayed.stdout, /^feed\.recommend: recorded done in .*, replayed done in /, replayed.stderr);
  const bars = await heddle(['dag', 'timeline', trace], { cwd });
  t.regex(bars.stdout, /✓ rank/);
  await heddle(['dag', 'timeline', trace, '--out', 'run.html'], { cwd });
  t.true(existsSync(join(cwd, 'run.html')));
  const live = await heddle(['dag', 'simulate', 'feed.recommend', '--address', at, '--runs', '50'], { cwd });
  t.is(live.code, 0, live.stderr);
});

test('wrong words are wrong usage: exit code 2', async (t) => {
  for (const [words, stderr] of [
    [['level', 'feed', 'high'], /Write a whole number from 0 to 10, or auto/],
    [['chekc'], /unknown command 'chekc'\n\(Did you mean check\?\)/],
    [['explain', 'feed'], /required option '--request <json>' not specified\n\(heddle dag explain --help/],
  ] as const) {
    const ended = await heddle(['dag', ...words]);
    t.is(ended.code, 2);
    t.regex(ended.stderr, stderr);
  }
});
