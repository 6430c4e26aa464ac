import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { heddle, type Started, startHeddle, temporaryFolder } from './heddle.ts';

// One service for all tests of this file.
let started: Started;
const ends: (() => void)[] = [];
test.before(async () => {
  started = await startHeddle({ teardown: (end) => ends.push(end) });
});
test.after.always(() => {
  for (const end of ends) end();
});

for (const target of ['address', 'url'] as const) {
  const over = target === 'address' ? 'heddle' : 'http';

  test(`over ${over}, the answer is printed as indented JSON: exit code 0`, async (t) => {
    const ended = await heddle(['call', started[target], 'demo.Echo/echo', '{"text":"grüße"}']);
    t.deepEqual(ended, { code: 0, stdout: '{\n  "text": "grüße"\n}\n', stderr: '' });
  });

  test(`over ${over}, an error goes to standard error with its code: exit code 1`, async (t) => {
    const ended = await heddle(['call', started[target], 'demo.Echo/fail', '{"text":"not today"}']);
    t.deepEqual(ended, { code: 1, stdout: '', stderr: 'FAILED_PRECONDITION: not today\n' });
  });

  test(`over ${over}, a request that does not fit names its path`, async (t) => {
    const { code, stderr } = await heddle(['call', started[target], 'demo.Echo/echo']);
    t.is(code, 1);
    t.regex(stderr, /^INVALID_ARGUMENT: text: /);
  });

  test(`over ${over}, --timeout ends the call`, async (t) => {
    const { code, stderr } = await heddle(['call', started[target], 'demo.Echo/hold', '{"ms":60000}', '-t', '150ms']);
    t.is(code, 1);
    t.regex(stderr, /^DEADLINE_EXCEEDED: /);
  });

  test(`over ${over}, bytes go and come as they are, from standard input`, async (t) => {
    const ended = await heddle(['call', started[target], 'demo.Echo/reverse', '-', '--codec', 'bytes'], {
      input: 'abc',
    });
    t.deepEqual(ended, { code: 0, stdout: 'cba', stderr: '' });
  });

  test(`over ${over}, --one-way prints nothing`, async (t) => {
    const args = ['call', started[target], 'demo.Echo/echo', '{"text":"x"}', '--one-way', '--priority', 'low'];
    t.deepEqual(await heddle(args), { code: 0, stdout: '', stderr: '' });
  });

  test(`over ${over}, --verbose tells who answered and when, on standard error`, async (t) => {
    const args = [
      'call',
      started[target],
      'demo.Echo/echo',
      '{"text":"x"}',
      '-v',
      '-m',
      'tenant=blue',
      '-m',
      'note=50% ü',
    ];
    const { code, stdout, stderr } = await heddle(args);
    t.is(code, 0);
    t.is(stdout, '{\n  "text": "x"\n}\n');
    t.regex(stderr, new RegExp(`^${started[target]}.* answered 12 bytes after [\\d.]+ ms\\n$`));
  });

  test(`over ${over}, nobody there is UNAVAILABLE at once`, async (t) => {
    const nobody = target === 'address' ? 'heddle://127.0.0.1:1' : 'http://127.0.0.1:1';
    const { code, stderr } = await heddle(['call', nobody, 'demo.Echo/echo']);
    t.is(code, 1);
    t.regex(stderr, /^UNAVAILABLE: .*ECONNREFUSED.*\(it has not run: try again/);
  });
}

test('the request may come from a file', async (t) => {
  const file = join(temporaryFolder(t), 'request.json');
  writeFileSync(file, '{ "text": "from a file" }');
  const { stdout } = await heddle(['call', started.address, 'demo.Echo/echo', `@${file}`]);
  t.deepEqual(JSON.parse(stdout), { text: 'from a file' });
});

test("a proxy's own error is told by its status", async (t) => {
  const proxy = createServer((_request, response) => response.writeHead(503).end('no backend'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const { code, stderr } = await heddle(['call', `http://127.0.0.1:${port}`, 'demo.Echo/echo']);
  t.is(code, 1);
  t.regex(stderr, /^UNAVAILABLE: HTTP status 503, and no answer of Heddle: no backend/);
});

const wrongUsage = test.macro(async (t, args: string[], stderr: RegExp) => {
  const ended = await heddle(['call', ...args]);
  t.is(ended.code, 2);
  t.is(ended.stdout, '');
  t.regex(ended.stderr, stderr);
});
const target = 'heddle://127.0.0.1:1';
test('a target of no protocol is wrong usage', wrongUsage, ['127.0.0.1:1', 'a/b'], /must be heddle:\/\/host:port/);
test('a target without a port is wrong usage', wrongUsage, ['heddle://localhost', 'a/b'], /is not host:port/);
test('a method without a service is wrong usage', wrongUsage, [target, 'echo'], /write service\/method/);
test('a request that is no JSON is wrong usage', wrongUsage, [target, 'a/b', '{x}'], /the request is not JSON/);
test('a missing file is wrong usage', wrongUsage, [target, 'a/b', '@no.json'], /the request can't be read: ENOENT/);
test('metadata that is no pair is wrong usage', wrongUsage, [target, 'a/b', '-m', 'x'], /write key=value/);
test('a metadata key in capitals is wrong usage', wrongUsage, [target, 'a/b', '-m', 'X=1'], /metadata key "X"/);
test('a timeout without a unit is wrong usage', wrongUsage, [target, 'a/b', '-t', '3'], /a number and its unit/);
test(
  'an unknown priority is wrong usage',
  wrongUsage,
  [target, 'a/b', '-p', 'top'],
  /Allowed choices are high, normal, low/,
);

test('heddle:// on a port that speaks HTTP says so', async (t) => {
  const web = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.teardown(() => web.close());
  const { port } = web.address() as { port: number };
  const { code, stderr } = await heddle(['call', `heddle://127.0.0.1:${port}`, 'demo.Echo/echo']);
  t.is(code, 1);
  t.regex(
    stderr,
    /what answers there does not speak the heddle protocol; if it speaks HTTP, write http:\/\/ instead\n$/,
  );
});
