// The soak runner itself, for some seconds: what it prints, and how it ends.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const runner = fileURLToPath(new URL('./run.ts', import.meta.url));

interface Ended {
  code: number;
  output: string;
}

function run(...words: string[]): Promise<Ended> {
  const command = ['--disable-warning=ExperimentalWarning', runner, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        output: stdout + stderr,
      });
    });
  });
}

test.serial('a short soak ends with its table, nothing unanswered and nothing leaked', async (t) => {
  t.timeout(170_000);
  const faults = 'cpu-exit,cpu-terminate,io-terminate,stall-loop,cancel,overload,peers-garbage';
  const { code, output } = await run('--minutes', '0.1', '--seed', '7', '--faults', faults);
  t.log(output);
  t.is(code, 0);
  t.regex(output, /^faults injected +times$/m);
  for (const kind of faults.split(',')) t.regex(output, new RegExp(`^${kind} +[1-9]`, 'm'), kind);
  t.regex(output, /^requests +sent +right +wrong +unanswered +unexpected +errors by code$/m);
  const all = /^all +(\d+) +(\d+) +0 +0 +0 +/m.exec(output);
  t.true(Number(all?.[2]) > 100, 'right answers');
  t.true(Number(all?.[1]) >= Number(all?.[2]));
  t.regex(output, /^seed 7, /m);
  t.regex(output, /^unanswered 0$/m);
  t.regex(output, /^leaked 0$/m);
});

test('a mistake in the command is told with its usage', async (t) => {
  const { code, output } = await run('--faults', 'cpu,meteor');
  t.is(code, 2);
  t.regex(output, /--faults meteor: there is none of that name/);
  t.regex(output, /--minutes N/);
});

test('all faults can be listed', async (t) => {
  const { code, output } = await run('--list');
  t.is(code, 0);
  t.true(output.trim().split('\n').length > 30);
  t.regex(output, /^cpu-exit +process.exit in a handler; about every 3 s$/m);
});
