import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import {
  age,
  connectionsText,
  fibersText,
  liftText,
  poolsText,
  quarantineText,
  versionText,
} from '../../cli/admin-tables.ts';
import type { FiberRow } from '../../runtime/thread-report.ts';
import { heddle, startHeddle, temporaryFolder } from './heddle.ts';

test.serial('heddle admin shows, sets, profiles and drains a running process', async (t) => {
  t.timeout(120_000);
  const folder = temporaryFolder(t);
  const { process: running, address } = await startHeddle(t);
  const [, at] = await running.until('stdout', /Admin: (http:\S+)/);
  const admin = (...words: string[]) => heddle(['admin', ...words, '--address', at!], { cwd: folder });
  const shows = async (pattern: RegExp, ...words: string[]) => {
    const { code, stdout, stderr } = await admin(...words);
    t.is(stderr, '', words.join(' '));
    t.regex(stdout, pattern);
    t.is(code, 0);
    return stdout;
  };
  t.is((await heddle(['call', address, 'demo.Echo/echo', '{"text":"hi"}'])).code, 0);

  await shows(/^GET \/version +Versions/m);
  await shows(/^state +serving$/m, 'version');
  await shows(/^THREAD +NO +POOL[^\n]*\nmain +- +- +serving/, 'threads');
  await shows(/echo +\S+ms +\S+ms +\S+ms +OK 1 +-/, 'services');
  await shows(/^heddle_requests_total\{service="demo\.Echo",method="echo",from="socket",code="OK"\} 1$/m, 'metrics');
  t.is(JSON.parse(await shows(/^\{\n/, 'pools', '--json')).pools[0].name, 'io');
  await shows(/demo\.Echo\n {2}module/, 'config', '--explain');
  await shows(/"acceptor": "debug"/, 'loglevel', 'acceptor', 'debug');
  await shows(/"levels": \{\}/, 'loglevel', 'acceptor', 'default');
  await shows(/io-1 was idle|SHARE/, 'profile', 'io-1', '--seconds', '0.1', '--out', 'io.cpuprofile');
  t.true(Array.isArray(JSON.parse(readFileSync(join(folder, 'io.cpuprofile'), 'utf8')).nodes));
  const unknown = await admin('caches', 'films');
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /^heddle: there is no \/caches\/films; there are GET \/version/);
  const noThread = await admin('profile', 'io-9', '--out', 'none');
  t.deepEqual([noThread.code, existsSync(join(folder, 'none'))], [1, false]);

  const noFolder = await admin('profile', 'main', '--out', 'nowhere/main.cpuprofile');
  t.is(noFolder.code, 1);
  t.is(
    noFolder.stderr,
    "heddle: the profile can't be saved to nowhere/main.cpuprofile (--out): there is no folder nowhere\n",
  );

  await shows(/"draining": true/, 'drain');
  t.is((await running.ended).code, 0);
  t.regex(running.stderr, /the admin was asked to drain: finishing what runs/);
  const gone = await admin('threads');
  t.is(gone.code, 1);
  t.regex(gone.stderr, /no Heddle process answers at http:\S+: connection refused\.\nIs it running\?/);
});

test.serial('what is no admin of Heddle is said to be none, whatever it answers', async (t) => {
  const answers = [
    [404, '{"error":{"code":"NOT_FOUND"}}', /HTTP status 404 from http:\S+, which is no admin of Heddle/],
    [404, 'undefined', /HTTP status 404 from http:\S+, which is no admin of Heddle/],
    [200, 'undefined', /the answer is no JSON: is this the admin of a Heddle process\?/],
  ] as const;
  for (const [status, body, stderr] of answers) {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as { port: number };
    const ended = await heddle(['admin', 'version', '-a', String(port)]);
    server.close();
    t.is(ended.code, 1, body);
    t.regex(ended.stderr, stderr);
  }
});

const wrongUsage = test.macro(async (t, args: string[], stderr: RegExp) => {
  const ended = await heddle(['admin', ...args]);
  t.is(ended.code, 2);
  t.is(ended.stdout, '');
  t.regex(ended.stderr, stderr);
});

test(
  'a level that there is not',
  wrongUsage,
  ['loglevel', 'acceptor', 'loud'],
  /a component and a level \(trace, debug/,
);
test(
  'a lift of nothing',
  wrongUsage,
  ['quarantine', 'lift'],
  /quarantine lift <fingerprint>, or quarantine lift --all/,
);
test('a profile of nobody', wrongUsage, ['profile'], /say which thread/);
test('a profile without end', wrongUsage, ['profile', 'main', '--seconds', '600'], /from 0\.01 to 60/);
test('two processes at once', wrongUsage, ['threads', '-a', '7199', '-c', 'heddle.yaml'], /cannot be used with/);

test('fibers are shown as trees, and of a silent thread what stands on its stack', (t) => {
  const child: FiberRow = { id: 8, name: 'rank', state: 'running', stateMs: 3, cancelled: true, children: [] };
  const root: FiberRow = {
    id: 7,
    name: 'movies.Search/search',
    state: 'blocked',
    on: 'children',
    stateMs: 12.4,
    ageMs: 61_000,
    leftMs: -20,
    cancelled: false,
    children: [child],
  };
  const running = { method: 'movies.Rank/rank', fiber: 9, fingerprint: '9f86d081', forMs: 2_500 };
  const text = fibersText({
    threads: [
      { thread: 'search-1', number: 2, answered: true, fibers: [root], more: 3 },
      { thread: 'rank-1', number: 3, answered: false, running, fibers: [], more: 0 },
      { thread: 'io-1', number: 1, answered: true, fibers: [], more: 0 },
    ],
  });
  t.is(
    text,
    [
      'search-1',
      '  movies.Search/search #7  blocked on children for 12ms, age 1m 1s, 20ms over its deadline',
      '    rank #8  running for 3ms, cancelled',
      '  and 3 more',
      'rank-1  did not answer within 100 ms, runs movies.Rank/rank #9 for 2.5s (9f86d081)',
      'io-1  nothing runs',
      '',
    ].join('\n'),
  );
});

test('tables say what is down, silent or refused', (t) => {
  const counts = { 'death-exit': 6, restarts: 5, retired: 0 };
  const queued = { high: 0, normal: 12, low: 0, nested: 0 };
  const pool = {
    name: 'rank',
    threads: 2,
    going: 0,
    down: true,
    queued,
    queueLength: 1024,
    fibers: 0,
    maxFibers: 512,
    counts,
  };
  t.regex(poolsText({ pools: [pool] }), /\nrank +0\/2 DOWN +0\/512 +0 +12 +0 +0 +1024 +death-exit 6, restarts 5\n/);
  const silent = { thread: 'io-1', connections: 7, rows: [], more: 0, silent: true };
  t.is(connectionsText({ open: 7, perThread: [silent] }), '7 open\nio-1 did not answer; it has 7\n');
  t.is(quarantineText({ refused: [] }), 'no request is refused\n');
  const refused = [{ method: 'a.A/b', fingerprint: '9f86d081', kills: 2, until: '2026-01-01T00:00:00.000Z' }];
  t.is(liftText({ lifted: refused, refused: [] }), 'lifted 9f86d081  a.A/b, 2 kills\nno request is refused\n');
  t.regex(quarantineText({ refused }), /\n9f86d081 +a\.A\/b +2 +2026-01-01T00:00:00\.000Z\n/);
});

test('a version tells how the process before this one ended', (t) => {
  const about = { heddle: '1', node: 'v26', pid: 2, startedAt: '', uptimeMs: 1, state: 'serving', cpus: 2 } as const;
  t.notRegex(versionText(about), /previous/);
  const previous = { pid: 4711, signal: 'SIGKILL', upMs: 12_000, ready: true, deaths: 1 };
  t.regex(versionText({ ...about, previous }), /^previous +pid 4711, ended by SIGKILL after 12\.0s; 1 death so far$/m);
});

test('an age is as long as it must be', (t) => {
  const written = [0.4, 999, 12_345, 200_000, 18_720_000, 702_000_000].map(age);
  t.deepEqual(written, ['0ms', '999ms', '12.3s', '3m 20s', '5h 12m', '8d 3h']);
});
