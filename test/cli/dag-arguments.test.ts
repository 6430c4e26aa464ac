// What `heddle dag` makes of its arguments: what is wrong with them is said, with what would be right.

import { cpSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { feedFolder } from './feed-folder.ts';
import { heddle, temporaryFolder } from './heddle.ts';

/** Ends with code 2, says so on standard error, and prints nothing else. */
async function isWrongUsage(t: ExecutionContext, cwd: string, words: readonly string[], stderr: RegExp): Promise<void> {
  const ended = await heddle(['dag', ...words], { cwd });
  t.deepEqual([ended.code, ended.stdout], [2, ''], words.join(' '));
  t.regex(ended.stderr, stderr);
}

test('files are checked against the pools of heddle.yaml; without it one line says what was not checked', async (t) => {
  const { cwd, change } = feedFolder(t);
  change('pool: work', 'pool: cpus');
  for (const words of [['check'], ['test'], ['show', 'feed.recommend']]) {
    const { code, stdout, stderr } = await heddle(['dag', ...words, 'strategies/feed.yaml'], { cwd });
    t.is(code, 1, words.join(' '));
    t.regex(`${stdout}${stderr}`, /there is no pool "cpus"/);
  }
  renameSync(join(cwd, 'heddle.yaml'), join(cwd, 'other.yaml'));
  const alone = await heddle(['dag', 'check', 'strategies/feed.yaml'], { cwd });
  t.is(alone.code, 0, alone.stderr);
  t.regex(
    alone.stdout,
    /ok\nnot checked: whether pool cpus is there, since no heddle\.yaml is here; --config names one\n$/,
  );
});

test('an older version that names a pool of its time can be compared', async (t) => {
  const { cwd, change } = feedFolder(t);
  change('pool: work', 'pool: cpus', 'old.yaml');
  const { code, stdout } = await heddle(['dag', 'diff', 'old.yaml', 'strategies'], { cwd });
  t.deepEqual([code, stdout], [0, '~ feed.recommend\n  ~ rank  pool cpus → work\n']);
});

test('parameters and nodes that there are not are refused with the nearest', async (t) => {
  const { cwd } = feedFolder(t);
  const explain = ['explain', 'feed.recommend', '--request', '{"user":"ann","k":3}'];
  await Promise.all([
    isWrongUsage(
      t,
      cwd,
      [...explain, '--failing', 'rnak'],
      /^heddle: feed\.recommend has no node "rnak" \(did you mean 'rank'/,
    ),
    isWrongUsage(
      t,
      cwd,
      [...explain, '--params', '{"useExtras":true}'],
      /owns a parameter "useExtras" \(did you mean 'useExtra'/,
    ),
    isWrongUsage(
      t,
      cwd,
      ['simulate', 'feed.recommend', '--params', '{"useExtra":"x"}'],
      /useExtra is a string, but its default false/,
    ),
  ]);
});

test('malformed JSON and edits are wrong usage: exit code 2; a wrong file is not', async (t) => {
  const { cwd } = feedFolder(t);
  writeFileSync(join(cwd, 'run.json'), traceText);
  writeFileSync(join(cwd, 'latencies.json'), '[4]');
  await Promise.all([
    isWrongUsage(t, cwd, ['explain', 'feed.recommend', '--request', '{bad'], /^heddle: --request is not JSON/),
    isWrongUsage(t, cwd, ['simulate', 'feed.recommend', '--what-if', 'rank'], /an edit sets one key/),
    isWrongUsage(
      t,
      cwd,
      ['replay', 'run.json', '--mocks', '{"x":1}'],
      /^heddle: --mocks: x takes result .* and delay \(such as 5ms\), not 1/,
    ),
    isWrongUsage(t, cwd, ['replay', 'run.json', '--mocks', '{"x":{"delay":"soon"}}'], /not \{"delay":"soon"\}/),
  ]);
  const wrong = await heddle(['dag', 'simulate', 'feed.recommend', '--latencies', 'latencies.json'], { cwd });
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /they are written \{"strategies":\[\{"name":"feed","nodes":\[\{"name":"rank","p50Ms":4/);
  const { stdout } = await heddle(['dag', 'simulate', '--help']);
  t.regex(
    stdout,
    /\{"strategies":\[\{"name":"feed","nodes":\[\{"name":"rank","p50Ms":4,"p95Ms":9,"p99Ms":20\}\]\}\]\}\n/,
  );
});

test('a mock of a replay takes a delay as tests do', async (t) => {
  const { cwd } = feedFolder(t);
  writeFileSync(join(cwd, 'run.json'), traceText);
  const mock = { result: { items: [] }, delay: '20ms' };
  const mocks = { profile: mock, recall: mock, rank: mock };
  const words = ['replay', 'run.json', '--mocks', JSON.stringify(mocks), '--json'];
  const { stdout, stderr } = await heddle(['dag', ...words], { cwd });
  t.is(stderr, '');
  t.is(JSON.parse(stdout)[0].replayed.nodes.find(({ name }: { name: string }) => name === 'profile').endMs, 20);
});

test('a picture is written as its ending says, and an ending that says nothing is refused', async (t) => {
  const { cwd } = feedFolder(t);
  await Promise.all([
    isWrongUsage(
      t,
      cwd,
      ['show', 'feed.recommend', '--out', 'a.png'],
      /a\.png: pictures are written as \.svg, \.mmd, \.html, \.txt/,
    ),
    isWrongUsage(t, cwd, ['status', '--format', 'svg'], /^heddle: --format svg draws one strategy: name it/),
    isWrongUsage(t, cwd, ['status', '--out', 'st.svg'], /^heddle: --out st\.svg draws one strategy: name it/),
    isWrongUsage(t, cwd, ['status', 'feed.recommend', '--out', 'st.png'], /st\.png: pictures are written as/),
    isWrongUsage(
      t,
      cwd,
      ['show', 'feed.recommend', '--format', 'png'],
      /Allowed choices are text, svg, mermaid, html\./,
    ),
  ]);
  t.false(existsSync(join(cwd, 'a.png')));
  const [text, terminal] = await Promise.all(
    ['text', 'terminal'].map((format) => heddle(['dag', 'show', 'feed.recommend', '--format', format], { cwd })),
  );
  t.is(text!.code, 0);
  t.deepEqual(text, terminal, 'two names of one format');
});

test('an address that is none ends all commands that need one with the same code', async (t) => {
  const { cwd } = feedFolder(t);
  const at = ['--address', 'https://x'];
  for (const words of [['status'], ['publish'], ['diff', '--running'], ['simulate', 'feed.recommend']]) {
    const { code, stdout, stderr } = await heddle(['dag', ...words, ...at], { cwd });
    t.deepEqual([code, stdout], [1, ''], words.join(' '));
    t.regex(stderr, /^heddle: https:\/\/x: the admin speaks plain http; write http:\/\/host:port\n$/);
  }
});

test('two checkouts of the same strategies do not differ', async (t) => {
  const { cwd } = feedFolder(t);
  const other = join(temporaryFolder(t), 'checkout');
  cpSync(cwd, other, { recursive: true });
  const { code, stdout } = await heddle(['dag', 'diff', join(other, 'strategies'), 'strategies'], { cwd });
  t.deepEqual([code, stdout], [0, 'nothing changed\n']);
});

test('diff wants two versions, or one beside the running one', async (t) => {
  const { cwd } = feedFolder(t);
  await Promise.all([
    isWrongUsage(t, cwd, ['diff', 'strategies'], /name two versions, the older first; or one with --running/),
    isWrongUsage(t, cwd, ['diff', 'strategies', 'strategies', '--running'], /with --running the older version/),
    isWrongUsage(t, cwd, ['diff', 'strategies', 'strategies', '--address', '1'], /add --running/),
  ]);
});

/** A run in which nothing was recorded of any node. */
const traceText = JSON.stringify({
  strategy: 'feed.recommend',
  version: 1,
  startedAt: 0,
  durationMs: 1,
  level: 0,
  request: { user: 'ann', k: 3 },
  result: { items: [] },
  params: { useExtra: false },
  exposures: [],
  degraded: [],
  path: [],
  criticalPath: [],
  nodes: [],
});
