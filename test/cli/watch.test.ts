// `heddle start --watch` and `heddle reload` on a service with a strategy, whose files change while it runs.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { feedFolder } from './feed-folder.ts';
import { Heddle, heddle, startHeddle } from './heddle.ts';

test('saved files are reloaded, what is wrong is told and changes nothing, and heddle reload tells what it did', async (t) => {
  const { cwd, change } = feedFolder(t);
  const { process: running, url } = await startHeddle(t, ['--watch', '--no-guardian', '--no-status'], {
    config: 'heddle.yaml',
    cwd,
  });
  const write = (file: string, from: string, to: string): void => {
    const path = join(cwd, file);
    const before = readFileSync(path, 'utf8');
    t.true(before.includes(from), from);
    // As editors do it.
    writeFileSync(`${path}~`, before.replace(from, to));
    renameSync(`${path}~`, path);
  };
  const items = async (): Promise<unknown> => {
    const response = await fetch(`${url}/demo.Feed/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"user":"a","k":1}',
    });
    return ((await response.json()) as { items: unknown }).items;
  };
  t.deepEqual(await items(), ['a', 'b']);

  write('nodes.ts', "[segment, 'b']", "[segment, 'new']");
  await running.until('stderr', /heddle: nodes\.ts changed; rolled work \(generation 2, \d+ ms\)\n/);
  t.deepEqual(await items(), ['a', 'new']);

  write('users.ts', 'segment: id', 'segment: ((id');
  await running.until('stderr', /heddle: users\.ts changed, and can not be used as it is; what was before goes on\n/);
  t.deepEqual(await items(), ['a', 'new']);
  write('users.ts', 'segment: ((id', "segment: id + '2'");
  await running.until('stderr', /heddle: users\.ts changed; rolled work \(generation \d, \d+ ms\)\n/);
  t.deepEqual(await items(), ['a2', 'new']);

  change('request.k * 3', 'request.k * 4');
  await running.until('stderr', /heddle: strategies\/feed\.yaml changed; strategies are at version 2\n/);
  write('heddle.yaml', 'admin:', 'limits: { requests: 77 }\nadmin:');
  await running.until('stderr', /heddle: heddle\.yaml changed; changed: limits\.requests\n/);

  const [admin] = (await running.until('stdout', /Admin: (http:\S+)/)).slice(1);
  const reload = (...args: string[]) => heddle(['reload', '--address', admin!, ...args]);
  t.like(await reload(), { code: 0, stdout: 'nothing changed\n' });
  const rolled = await reload('--roll', 'work');
  t.is(rolled.code, 0);
  t.regex(
    rolled.stdout,
    /^rolled\n {2}work {2}generation \d {2}1 thread {2}loaded in \d+ ms {2}turned in \d+ ms {2}as it was asked for\n$/,
  );
  const unknown = await reload('--roll', 'wrok');
  t.deepEqual(
    [unknown.code, unknown.stderr],
    [1, `heddle: there is no pool "wrok" (did you mean 'work'?); the pools are work\n`],
  );
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
});

test('heddle reload waits for the verdict of its canary, which an operator may give', async (t) => {
  const { cwd } = feedFolder(t);
  const { process: running } = await startHeddle(t, ['--no-guardian', '--no-status'], { config: 'heddle.yaml', cwd });
  const [admin] = (await running.until('stdout', /Admin: (http:\S+)/)).slice(1);
  const args = (...more: string[]) => ['reload', '--address', admin!, ...more];
  const refused = await heddle(args('--roll-back'));
  t.deepEqual([refused.code, refused.stderr], [1, 'heddle: there is no canary to decide about\n']);
  const reload = new Heddle(args('--roll', '--canary', '20%'));
  await reload.until('stderr', /new code gets 20 % of the calls; its verdict is waited for/);
  t.like(await heddle(args('--roll-back')), { code: 0, stdout: 'the canary is taken back\n' });
  const { code, stdout } = await reload.ended;
  t.is(code, 1);
  t.regex(
    stdout,
    /^the canary \(20 % of the calls, [\d.]+m?s\) is taken back, and nothing has changed\n {2}an operator decided\n$/,
  );
});
