// Log sinks of plugins when the process ends without a stop, and when the log thread dies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Modules } from '../plugins/modules.ts';

const fixture = fileURLToPath(new URL('./fixtures/sink-process.ts', import.meta.url));

/** Runs `act` with a sink whose braces hold `sink`. */
async function run(t: ExecutionContext, act: string, sink: string) {
  const modules = new Modules(t);
  const plugin = modules.plugin('sink', `threads: ['log'], install(host) { host.logSink({ name: 'sink', ${sink} }); }`);
  const beginMs = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, act, plugin.moduleUrl]);
  let err = '';
  let out = '';
  child.stderr.on('data', (chunk) => (err += chunk));
  child.stdout.on('data', (chunk) => (out += chunk));
  const [code] = await once(child, 'close');
  return { code, err, out, notes: modules.notes, tookMs: performance.now() - beginMs };
}

const note = "note(lines.map((line) => JSON.parse(line).msg).join(' '))";

for (const [act, code] of [
  ['exits', 7],
  ['returns', 0],
] as const) {
  test.serial(`a process that ${act} waits until a sink has written the last line`, async (t) => {
    const result = await run(t, act, `async write({ lines }) { await sleep(50); ${note}; }`);
    t.is(result.code, code, result.err);
    t.deepEqual(result.notes, ['last words']);
    t.regex(result.out, /"msg":"last words"}\n$/);
  });
}

test.serial('a sink that hangs holds up an exit for its bound, and the destination has the line', async (t) => {
  const result = await run(t, 'exits', 'write: () => new Promise(() => {})');
  t.is(result.code, 7, result.err);
  t.regex(result.out, /"msg":"last words"}\n$/);
  t.true(result.tookMs < 5_000);
});

test.serial('a sink that ends the log thread: main goes on with standard error, the sink gets no more', async (t) => {
  const { code, err, out, notes } = await run(t, 'log-thread-dies', `write({ lines }) { ${note}; process.exit(3); }`);
  t.is(code, 0, err);
  t.deepEqual(notes, ['before']);
  t.regex(out, /"msg":"before"}\n$/);
  const [sentence, ...rest] = err.trim().split('\n');
  t.is(sentence, 'heddle: the log thread has died (it ended); main writes the log to standard error');
  t.deepEqual(
    rest.map((line) => JSON.parse(line).msg),
    ['after'],
  );
});
