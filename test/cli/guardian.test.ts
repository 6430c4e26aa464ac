import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../helpers/free-port.ts';
import { test } from './few-at-once.ts';
import { echoConfig, Heddle, heddle, root, startHeddle, temporaryFolder } from './heddle.ts';

const hold = (address: string, ms: number) => new Heddle(['call', address, 'demo.Echo/hold', JSON.stringify({ ms })]);
const throwing = fileURLToPath(new URL('./fixtures/throw-on-signal.cjs', import.meta.url));

/** Of the process that serves, the last one that was ready. */
function servicePid({ stdout }: Heddle): number {
  return Number([...stdout.matchAll(/ready.*\(pid (\d+)/g)].at(-1)?.[1]);
}

/** A replacement listens where its predecessor did. */
const onePort = async () => ['--set', `services.demo.Echo.listen=["heddle://127.0.0.1:${await freePort()}"]`];

async function start(t: Parameters<typeof startHeddle>[0], args: string[] = [], flags: string[] = []): Promise<Heddle> {
  const running = new Heddle(['start', echoConfig, ...(await onePort()), ...args], { flags });
  t.teardown(() => running.kill('SIGKILL'));
  await running.until('stdout', /Ctrl-C/);
  return running;
}

test('a service process that dies is started again, and log and standard error say how the one before ended', async (t) => {
  const running = await start(t);
  const pid = servicePid(running);
  t.not(pid, running.child.pid);
  process.kill(pid, 'SIGKILL');
  const [, address] = await running.until('stdout', /ready again after \d+ ms \(pid \d+\): (\S+)\n/);
  const sentence = `heddle: the service process (pid ${pid}) was ended by SIGKILL (kill -9, or the system's out-of-memory killer) after `;
  t.true(running.stderr.startsWith(sentence), running.stderr);
  t.regex(running.stderr, /; starting it again \(1 of 5 in 1m\)\n$/);
  const [line] = await running.until('stdout', /^\{.*"started again.*\}$/m);
  t.like(JSON.parse(line), { level: 'error', previousPid: pid, signal: 'SIGKILL', ready: true, deaths: 1 });
  const { code, stdout } = await heddle(['call', address!, 'demo.Echo/echo', '{"text":"here"}']);
  t.is(code, 0);
  t.is(JSON.parse(stdout).text, 'here');
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
});

test('an exception that nobody catches on its main thread is a death like others', async (t) => {
  const running = await start(t, [], ['-r', throwing]);
  process.kill(servicePid(running), 'SIGUSR2');
  await running.until('stdout', /ready again/);
  t.regex(running.stderr, /ended with exit code 4 \(an exception that nobody caught on its main thread\) after /);
});

test('past the limit each start waits longer, and a signal ends the wait and all', async (t) => {
  const limits = ['restarts=1', 'window=1h', 'backoff=20ms', 'backoffMax=40ms'];
  const running = await start(
    t,
    limits.flatMap((limit) => ['--set', `guardian.${limit}`]),
  );
  const sentences = [/ \(1 of 1 in 1h\)\n/, /keeps dying \(over 1 in 1h\); .* in 20ms\n/, / in 40ms\n/, / in 40ms\n$/];
  let deaths = 0;
  for (const sentence of sentences) {
    process.kill(servicePid(running), 'SIGKILL');
    await running.until('stderr', sentence);
    deaths++;
    await running.until('stdout', new RegExp(`(ready again[^]*){${deaths}}`));
  }
  const waiting = await start(t, ['--set', 'guardian.restarts=0', '--set', 'guardian.backoff=1h']);
  process.kill(servicePid(waiting), 'SIGKILL');
  await waiting.until('stderr', /starting it again in 1h\n/);
  waiting.kill('SIGTERM');
  const { code, stderr } = await waiting.ended;
  t.is(code, 0);
  t.regex(stderr, /\nheddle: SIGTERM: stopped; no service process ran\n$/);
});

test('a replacement that fails to start is a death that waits, until the config is right again', async (t) => {
  const cwd = temporaryFolder(t);
  const config = join(cwd, 'heddle.yaml');
  const module = JSON.stringify(join(root, 'test/cli/fixtures/echo/echo.ts'));
  const right = `io: { threads: 1 }
guardian: { backoff: 20ms, backoffMax: 20ms }
services: { demo.Echo: { module: ${module}, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] } }
`;
  writeFileSync(config, right);
  const { process: running } = await startHeddle(t, [], { config });
  writeFileSync(config, `${right}oops: 1\n`);
  process.kill(servicePid(running), 'SIGKILL');
  await running.until(
    'stderr',
    /ended with exit code 1 after \d+\w+, before it was ready; starting it again in 20ms\n/,
  );
  writeFileSync(config, right);
  await running.until('stdout', /ready again/);
  t.pass();
});

test('a first start that fails is not tried again: its exit code, at once', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'heddle.yaml'), 'services: { demo.Dies: { module: ./dies.ts, pool: { threads: 1 } } }\n');
  writeFileSync(join(cwd, 'dies.ts'), "process.kill(process.pid, 'SIGKILL');\nawait new Promise(() => {});\n");
  const killed = await heddle(['start'], { cwd });
  t.is(killed.code, 137);
  t.regex(killed.stderr, /^heddle: the service process .* was ended by SIGKILL .*, before it was ready\n$/);
  writeFileSync(join(cwd, 'heddle.yaml'), 'oops: 1\n');
  const { code, stderr } = await heddle(['start'], { cwd });
  t.is(code, 1);
  t.regex(stderr, /nothing was started\n$/);
});

test('when the guardian is killed, the service finishes what runs, frees its port and ends', async (t) => {
  const running = await start(t);
  const [address] = await running.until('stdout', /heddle:\/\/\S+/);
  const call = hold(address, 500);
  await running.until('stdout', /holding/);
  running.kill('SIGKILL');
  t.is((await call.ended).code, 0);
  // Its output closes when the last process that has it ends.
  const { stdout, stderr } = await running.ended;
  t.regex(stderr, /^heddle: the guardian \(pid \d+\) has gone: finishing what runs, at most 10s\nheddle: stopped\n$/);
  t.regex(stdout, /"level":"error".*"stopping: the guardian has gone"/);
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  const [error] = await once(socket, 'error');
  t.is(error.code, 'ECONNREFUSED');
});

for (const [law, signals, expected] of [
  ['a signal to the whole process group, as a Ctrl-C, is one signal', ['SIGINT'], 0],
  ['a second one to the whole group ends it at once', ['SIGTERM', 'SIGINT'], 130],
] as const) {
  test(law, async (t) => {
    const { process: running, address } = await startHeddle(t, [], { ownGroup: true });
    const call = hold(address, expected === 0 ? 500 : 60_000);
    await running.until('stdout', /holding/);
    for (const signal of signals) {
      process.kill(-running.child.pid!, signal);
      await running.until('stderr', /once more ends it at once/);
    }
    t.is((await running.ended).code, expected);
    t.is((await call.ended).code, expected === 0 ? 0 : 1);
  });
}

test('a signal to the service process alone stops all, and nothing is started again', async (t) => {
  const running = await start(t);
  process.kill(servicePid(running), 'SIGTERM');
  const { code, stderr } = await running.ended;
  t.is(code, 0);
  t.regex(stderr, /^heddle: SIGTERM: finishing.*\nheddle: stopped\n$/);
});

test('without a terminal a hangup is a reload of the service process, and nothing while there is none', async (t) => {
  const running = await start(t, ['--set', 'guardian.restarts=0', '--set', 'guardian.backoff=300ms']);
  running.kill('SIGHUP');
  await running.until('stderr', /SIGHUP: the config was read again; nothing changed/);
  process.kill(servicePid(running), 'SIGKILL');
  await running.until('stderr', /starting it again in/);
  running.kill('SIGHUP');
  await running.until('stdout', /ready again/);
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
});

test('a second signal ends a process whose main thread hangs, too', async (t) => {
  const preload = join(temporaryFolder(t), 'hang.cjs');
  writeFileSync(preload, "process.on('SIGUSR2', () => { process.stderr.write('hangs\\n'); for (;;); });\n");
  const running = await start(t, [], ['-r', preload]);
  process.kill(servicePid(running), 'SIGUSR2');
  await running.until('stderr', /hangs/);
  running.kill('SIGTERM');
  running.kill('SIGINT');
  const { code } = await running.ended;
  // The system delivers the two in either order.
  t.true(code === 130 || code === 143, `${code}`);
});

for (const [law, args, flags] of [
  ['--no-guardian: one process', ['--no-guardian'], []],
  ['guardian.enabled: false: one process', ['--set', 'guardian.enabled=false'], []],
  ['under a debugger: one process', [], ['--inspect=127.0.0.1:0']],
] as const) {
  test(law, async (t) => {
    const running = await start(t, [...args], [...flags]);
    t.is(servicePid(running), running.child.pid!);
    running.kill('SIGTERM');
    t.is((await running.ended).code, 0);
  });
}

test('the mark of another guardian, inherited, makes nobody a service process', async (t) => {
  const inherited = { _GUARDIAN_OF_HEDDLE: JSON.stringify({ pid: 1 }) };
  const { process: running } = await startHeddle(t, [], { env: inherited });
  t.not(servicePid(running), running.child.pid);
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
});
