import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from './few-at-once.ts';
import { echoConfig, Heddle, heddle, root, startHeddle, temporaryFolder } from './heddle.ts';

const hold = (address: string, ms: number) => new Heddle(['call', address, 'demo.Echo/hold', JSON.stringify({ ms })]);

/** Resolves once nobody listens there. A connection that was made while the listener closed is reset or ended. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const code = await new Promise((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket
        .once('close', () => resolve('closed'))
        .once('end', () => socket.end())
        .resume();
    });
    if (code === 'ECONNREFUSED') return;
  }
}

test('start prints that it is ready, where it listens, and commands that work', async (t) => {
  const { process: running, address, url } = await startHeddle(t);
  const banner = running.stdout.slice(0, running.stdout.indexOf('Ctrl-C'));
  t.regex(banner, /^heddle \S+ is ready: 1 service on 2 threads after \d+ ms \(pid \d+, Node v\S+\)\n/);
  t.true(banner.includes(`  ${address}  demo.Echo\n`), banner);
  t.true(banner.includes(`\n  npx heddle call ${address} demo.Echo/echo '{"text":"it'\\''s me"}'\n`), banner);
  t.true(banner.includes(`\n  curl '${url}/demo.Echo/echo?text=it%27s+me'\n`), banner);
  t.true(banner.includes(`\n  curl ${url}/healthz\n`), banner);
  const answer = await fetch(`${url}/demo.Echo/echo?text=it%27s+me`);
  t.deepEqual(await answer.json(), { text: "it's me" });
  t.is(await (await fetch(`${url}/healthz`)).text(), 'ok\n');
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} stops listening, finishes what runs, and ends with 0`, async (t) => {
    const { process: running, address } = await startHeddle(t);
    const call = hold(address, 700);
    await running.until('stdout', /holding/);
    running.kill(signal);
    await running.until('stderr', new RegExp(`${signal}: finishing what runs, at most 10s`));
    await refused(Number(new URL(address).port));
    t.deepEqual(await call.ended, { code: 0, stdout: '{\n  "text": "held"\n}\n', stderr: '' });
    const { code, stderr } = await running.ended;
    t.is(code, 0);
    t.regex(stderr, /heddle: stopped\n$/);
  });
}

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a second ${signal} ends the process at once with ${expected}`, async (t) => {
    const { process: running, address } = await startHeddle(t);
    const call = hold(address, 60_000);
    await running.until('stdout', /holding/);
    running.kill(signal);
    await running.until('stderr', /once more ends it at once/);
    running.kill(signal);
    t.is((await running.ended).code, expected);
    t.is((await call.ended).code, 1);
  });
}

test('under npm, which passes on the Ctrl-C that the process has heard already, its echo is no second signal', async (t) => {
  const { process: running, address } = await startHeddle(t, [], { env: { npm_execpath: '/usr/bin/npm' } });
  const call = hold(address, 700);
  await running.until('stdout', /holding/);
  // Two kinds: the system would deliver two of one kind, this close, as one.
  running.kill('SIGINT');
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
  t.is((await call.ended).code, 0);
});

test('what runs longer than stop.timeout is cut off: exit code 3', async (t) => {
  const { process: running, address } = await startHeddle(t, ['--set', 'stop.timeout=100ms']);
  const call = hold(address, 60_000);
  await running.until('stdout', /holding/);
  running.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  t.is(code, 3);
  t.regex(stderr, /stopped; not everything was finished within stop\.timeout\n$/);
  t.is((await call.ended).code, 1);
});

test('an address in use fails the start with a sentence: exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const { port } = other.address() as { port: number };
  const listen = `services.demo.Echo.listen=["heddle://127.0.0.1:${port}"]`;
  const { code, stdout, stderr } = await heddle(['start', echoConfig, '--set', listen]);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^heddle: it did not start: .*address is in use.*\nFree ports instead: add --set '(.*)'\n$/);
  const [, set] = /--set '(.*)'/.exec(stderr)!;
  t.is((await heddle(['check', echoConfig, '--set', listen, '--set', set!])).code, 0);
});

test('an exception that nobody catches on the main thread is logged as fatal, and ends the process with 4', async (t) => {
  const preload = fileURLToPath(new URL('./fixtures/throw-on-signal.cjs', import.meta.url));
  const { process: running } = await startHeddle(t, ['--no-guardian'], { flags: ['-r', preload] });
  running.kill('SIGUSR2');
  const { code, stdout, stderr } = await running.ended;
  t.is(code, 4);
  t.regex(stdout, /"level":"fatal".*out of nowhere/);
  t.regex(stderr, /^heddle: uncaught on the main thread: Error: out of nowhere\n/);
});

test('elsewhere than on a terminal the status goes to the log, and --no-status keeps it out', async (t) => {
  const { process: telling } = await startHeddle(t);
  const [line] = await telling.until('stdout', /^\{.*requests\/s.*\}$/m);
  const { msg, threads } = JSON.parse(line) as { msg: string; threads: number };
  t.is(msg, '0 requests/s, p50 -, p99 -, 0 fibers, 2 threads, 0 connections');
  t.is(threads, 2);
  const { process: silent } = await startHeddle(t, ['--no-status']);
  silent.kill('SIGTERM');
  t.notRegex((await silent.ended).stdout, /requests\/s/);
});

test('a thread that ends before its modules have loaded fails the start, which names them', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'heddle.yaml'), 'services: { demo.Ends: { module: ./ends.ts, pool: { threads: 1 } } }\n');
  writeFileSync(join(cwd, 'ends.ts'), 'process.exit(3);\n');
  const { code, stderr } = await heddle(['start'], { cwd });
  t.is(code, 1);
  t.regex(
    stderr,
    /it did not start: thread demo\.Ends-1 ended before its modules had loaded: something called process\.exit\(3\)\n/,
  );
  t.true(stderr.endsWith(`:\n  demo.Ends  ${join(cwd, 'ends.ts')}\n`), stderr);
});

// On one thread of libuv a long job keeps a short one waiting, on several it does not.
for (const [libuvThreads, first] of [
  [1, 'long'],
  [2, 'short'],
] as const) {
  test(`process.libuvThreads ${libuvThreads}: the ${first} one of two jobs ends first`, async (t) => {
    const cwd = temporaryFolder(t);
    const module = `
      import { pbkdf2 } from 'node:crypto';
      import { bytes, implement, method, service } from ${JSON.stringify(join(root, 'index.ts'))};
      const job = (name, rounds) => new Promise((done) => pbkdf2('', '', rounds, 8, 'sha512', () => done(name)));
      const Jobs = service('demo.Jobs', { first: method(bytes()) });
      export default implement(Jobs, {
        first: async () => Buffer.from(await Promise.race([job('long', 300_000), job('short', 1)])),
      });
    `;
    writeFileSync(join(cwd, 'jobs.ts'), module);
    const config = join(cwd, 'heddle.yaml');
    const listen = '["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';
    const services = `services: { demo.Jobs: { module: ./jobs.ts, pool: { threads: 1 }, listen: ${listen} } }`;
    writeFileSync(config, `process: { libuvThreads: ${libuvThreads} }\n${services}\n`);
    const { address } = await startHeddle(t, [], { config });
    const { stdout } = await heddle(['call', address, 'demo.Jobs/first', '', '--codec', 'bytes']);
    t.is(stdout, first);
  });
}
