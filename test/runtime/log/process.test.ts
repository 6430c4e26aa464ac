// The log of whole processes: what was logged comes out however the process or a thread ends, and nothing that happens
// to the log's reader stops the process.

import { type ChildProcess, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const fixture = fileURLToPath(new URL('./fixtures/process.ts', import.meta.url));

/** Standard output is a real pipe, as under a shell: spawn's own are sockets. `reader` gets file 3 to be steered by. */
function start(act: string, reader = 'cat', afterwards = ''): ChildProcess {
  const script = `{ "$0" --disable-warning=ExperimentalWarning "$1" "$2" 3<&-${afterwards}; } | ${reader}`;
  return spawn('bash', ['-o', 'pipefail', '-c', script, process.execPath, fixture, act], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

async function collect(child: ChildProcess) {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  const lines = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, lines, err };
}

const lastWords = test.macro({
  title: (_, act: string) => `the last line comes out when ${act}`,
  async exec(t, act: string, source: string, code: number) {
    const result = await collect(start(act));
    t.is(result.code, code, result.err);
    t.is(result.lines.length, 1);
    t.like(result.lines[0], { source, msg: 'last words' });
  },
});

test(lastWords, 'returns', 'main', 0);
test(lastWords, 'exits', 'main', 1);
test(lastWords, 'throws', 'main', 1);
test(lastWords, 'aborts', 'main', 137);
test(lastWords, 'worker-exit', 'io-1', 1);
test(lastWords, 'worker-throw', 'io-1', 1);
test(lastWords, 'worker-fatal', 'io-1', 1);

test('a log thread that dies is replaced by main, which writes to standard error and says so once', async (t) => {
  const { code, lines, err } = await collect(start('log-thread-dies'));
  t.is(code, 0);
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['before'],
  );
  const [sentence, ...rest] = err.trim().split('\n');
  t.is(sentence, 'heddle: the log thread has died (it ended); main writes the log to standard error');
  t.deepEqual(rest.map((line) => JSON.parse(line).msg).sort(), ['after', 'last words']);
});

test('a reader that stops reading holds up nobody: over the bound lines are dropped, and the log says how many', async (t) => {
  const child = start('floods', '{ read -r _ <&3; cat; }');
  const result = collect(child);
  await said(child, 'flooded\n');
  (child.stdio[3] as Writable).end('go on\n');
  child.stdin?.end();
  const { code, lines, err } = await result;
  t.is(code, 0, err);
  const dropped = lines.reduce((sum, line) => sum + Number(line.dropped ?? 0), 0);
  const flood = lines.filter(({ n }) => n !== undefined).map(({ n }) => Number(n));
  t.true(dropped > 0);
  t.is(flood.length + dropped, 40_000);
  t.deepEqual(
    flood,
    flood.toSorted((a, b) => a - b),
  );
  t.is(lines.at(-1)?.msg, 'last words');
});

test('a reader that stopped for good does not hold up the exit', async (t) => {
  const child = start('floods-and-exits', '{ read -r _ <&3; cat >/dev/null; }', '; echo "exited with $?" >&2');
  const result = collect(child);
  await said(child, 'exited with 7\n');
  (child.stdio[3] as Writable).end('go on\n');
  t.regex((await result).err, /^exits\nexited with 7\n$/);
});

test('a reader that has gone is told of once and changes nothing else', async (t) => {
  const child = start('keeps-running', '{ head -1; exec 0<&-; echo gone >&2; }');
  const result = collect(child);
  await said(child, 'gone\n');
  child.stdin?.end();
  const { code, lines, err } = await result;
  t.is(code, 0, err);
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['first'],
  );
  t.is(err, 'gone\nheddle: log lines are being lost (1 so far): EPIPE: broken pipe, write\nstill here\n');
});

async function said(child: ChildProcess, sentence: string): Promise<void> {
  let err = '';
  for await (const [chunk] of on(child.stderr as Readable, 'data')) {
    err += chunk;
    if (err.includes(sentence)) return;
  }
}
