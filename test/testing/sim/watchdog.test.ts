// A simulated run that never comes back ends the process, which says why; in real time, since virtual time stands.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const fixture = fileURLToPath(new URL('./fixtures/stuck.ts', import.meta.url));

async function run(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, ...words]);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, out, err };
}

for (const where of ['main', 'worker']) {
  for (const how of ['loop', 'microtasks', 'waits']) {
    test(`a handler that never comes back (${how}, on ${where}) ends the process with seed, thread and task`, async (t) => {
      const { code, err } = await run(how, where);
      t.is(code, 1, err);
      t.regex(err, /the run of seed 17 stands still: for 400 ms of real time work-1 .* "runs a handler" \(task 1, at /);
      if (how !== 'microtasks') t.regex(err, /it is here:\n[\s\S]*stuck\.ts:\d+/);
    });
  }
}

test('a run that ends leaves nothing behind', async (t) => {
  const { code, out, err } = await run('ends', 'main');
  t.is(code, 0, err);
  t.is(out, 'ended, beside \n');
});
