import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { Heddle, heddle, root, type Started, startHeddle, temporaryFolder } from '../heddle.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

// One service for all tests of this file, on a port that a config can name.
let started: Started;
let port: number;
const ends: (() => void)[] = [];
test.before(async () => {
  port = await freePort();
  const listen = JSON.stringify([`heddle://127.0.0.1:${port}`, 'http://127.0.0.1:0']);
  started = await startHeddle({ teardown: (end) => ends.push(end) }, ['--set', `services.*.listen=${listen}`]);
});
test.after.always(() => {
  for (const end of ends) end();
});

const short = ['-d', '500ms', '-w', '0'];
const utf8 = { env: { LC_ALL: 'C.UTF-8' } };

test('over heddle, a closed loop: figures and a picture on standard output, the rest as JSON', async (t) => {
  const file = join(temporaryFolder(t), 'result.json');
  const args = ['bench', started.address, 'demo.Echo/echo', '{"text":"hi"}', ...short, '-f', '4', '--connections', '2'];
  const { code, stdout, stderr } = await heddle([...args, '--json', file], utf8);
  t.is(code, 0);
  t.is(stderr, '');
  t.regex(
    stdout,
    /^demo\.Echo\/echo at heddle:.*\n4 in flight over 2 connections for 500ms\n\n[\d.,]+ requests\/s {3}no errors\np50 /,
  );
  t.regex(stdout, /█/);
  t.regex(stdout, /▲p50/);
  const result = JSON.parse(readFileSync(file, 'utf8'));
  t.like(result, {
    service: 'demo.Echo',
    method: 'echo',
    requestBytes: 13,
    failed: 0,
    endedEarly: false,
    connections: 2,
  });
  t.like(result.load, { kind: 'closed', inFlight: 4, precise: false });
  t.true(result.answers > 0 && result.latencyMs.p50 > 0 && result.latencyMs.max >= result.latencyMs.p99);
  const counted = result.histogram.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
  t.is(counted, result.answers);
});

test('over http, an open loop, in ASCII where the locale has no more', async (t) => {
  const args = [
    'bench',
    started.url,
    'demo.Echo/echo',
    '{"text":"hi"}',
    ...short,
    '-r',
    '200',
    '--precise',
    '--seed',
    '7',
  ];
  const { code, stdout } = await heddle(args, { env: { LC_ALL: 'C' } });
  t.is(code, 0);
  t.regex(stdout, /\n200 a second \(Poisson, seed 7\) over 256 connections for 500ms\n/);
  t.regex(stdout, /\^p50/);
  t.regex(stdout, /^[ -~\n]*$/);
});

test('a config says where, and its contract what: the example request', async (t) => {
  const file = join(temporaryFolder(t), 'heddle.yaml');
  const module = pathToFileURL(join(root, 'test/cli/fixtures/echo/echo.ts'));
  writeFileSync(
    file,
    `services: { demo.Echo: { module: ${JSON.stringify(module.pathname)}, listen: ["http://127.0.0.1:1", "heddle://127.0.0.1:${port}"] } }`,
  );
  const { code, stdout, stderr } = await heddle(['bench', file, 'demo.Echo/echo', ...short], utf8);
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, new RegExp(`^demo\\.Echo/echo at heddle://127\\.0\\.0\\.1:${port}\n32 in flight`));
  t.regex((await heddle(['bench', file, 'demo.Echo/ecko'])).stderr, /has no method ecko \(did you mean 'echo'\?\)/);
  t.regex((await heddle(['bench', file, 'demo.Ecko/echo'])).stderr, /has no service demo\.Ecko \(did you mean/);
});

test('Ctrl-C ends it and shows what was measured', async (t) => {
  const running = new Heddle(['bench', started.address, 'demo.Echo/hold', '{"ms":50}', '-d', '1h', '-w', '0'], utf8);
  t.teardown(() => running.kill('SIGKILL'));
  // Its first line of progress, after some seconds.
  await running.until('stderr', /\/s {2}p50 \d/);
  running.kill('SIGINT');
  const { code, stdout } = await running.ended;
  t.is(code, 0);
  t.regex(stdout, /no errors\np50 \d/);
  t.regex(stdout, /ended early, after .* s; \d+ requests were still under way and count with what they had waited\n$/);
});

test('a result that can not be written is told before the load, and - is standard output alone', async (t) => {
  const args = ['bench', started.address, 'demo.Echo/echo', '{"text":"hi"}', '-r', '100', ...short];
  const never = await heddle([...args, '-d', '1h', '--json', join(temporaryFolder(t), 'none', 'result.json')]);
  t.deepEqual([never.code, never.stdout], [1, '']);
  t.regex(never.stderr, /^heddle: --json .*: the result can't be written: ENOENT/);
  const seeds = await Promise.all(
    [1, 2].map(async () => {
      const { stdout } = await heddle([...args, '--json', '-'], utf8);
      return (JSON.parse(stdout) as { load: { seed: number } }).load.seed;
    }),
  );
  t.not(seeds[0], seeds[1]);
});

test('where every request fails, the codes are shown: exit code 1', async (t) => {
  const { code, stdout } = await heddle(['bench', started.address, 'demo.Echo/fail', '{"text":"no"}', ...short], utf8);
  t.is(code, 1);
  t.regex(stdout, /\n0 requests\/s {3}([\d,]+) of \1 failed\n\n *\1 {2}FAILED_PRECONDITION {2}no\n$/);
});

test('a wrong request, a refused address and the wrong protocol are told at once: exit code 1', async (t) => {
  const says = async (args: string[], pattern: RegExp) => {
    const { code, stdout, stderr } = await heddle(['bench', ...args]);
    t.deepEqual([code, stdout], [1, ''], stderr);
    t.regex(stderr, pattern);
  };
  const wrong = /^heddle: the first request was answered with INVALID_ARGUMENT: text: missing/;
  await says([started.address, 'demo.Echo/echo'], wrong);
  await says(['heddle://127.0.0.1:1', 'demo.Echo/echo'], /^heddle: .*ECONNREFUSED/);
  await says(['http://127.0.0.1:1', 'demo.Echo/echo'], /^heddle: .*ECONNREFUSED/);
  await says([started.url.replace('http', 'heddle'), 'demo.Echo/echo'], /does not speak the heddle protocol/);
});

const wrongUsage = test.macro(async (t, args: string[], stderr: RegExp) => {
  const ended = await heddle(['bench', ...args]);
  t.is(ended.code, 2);
  t.is(ended.stdout, '');
  t.regex(ended.stderr, stderr);
});
const at = 'heddle://127.0.0.1:1';
test('both loops at once is wrong usage', wrongUsage, [at, 'a/b', '-f', '1', '-r', '1'], /cannot be used with/);
test(
  'a bound without a rate is wrong usage',
  wrongUsage,
  [at, 'a/b', '--max-in-flight', '1'],
  /without --rate say --in-flight/,
);
test('a duration without a unit is wrong usage', wrongUsage, [at, 'a/b', '-d', '3'], /a number and its unit/);
test('a rate of nothing is wrong usage', wrongUsage, [at, 'a/b', '-r', '0'], /from 0\.001 to/);
test('a protocol that nobody knows is wrong usage', wrongUsage, ['ftp://x', 'a/b'], /must be heddle:\/\/host:port/);
test(
  'connections of their own over HTTP are wrong usage',
  wrongUsage,
  ['http://127.0.0.1:1', 'a/b', '--connections', '4'],
  /say --in-flight instead/,
);
