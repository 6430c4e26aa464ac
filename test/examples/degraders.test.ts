// The example's own files in a copy, as a user runs them: a degrader and a sampler that change while the process runs.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Heddle, heddle, root, temporaryFolder } from '../cli/heddle.ts';

test('degraders and samplers change in a running process; a bad file changes nothing; the rest is named', async (t) => {
  const folder = join(root, 'examples/degraders');
  const file = join(temporaryFolder(t), 'heddle.yaml');
  const original = readFileSync(join(folder, 'heddle.yaml'), 'utf8')
    .replace('./quotes.ts', join(folder, 'quotes.ts'))
    .replace(':7000', ':0')
    .replace(':7080', ':0')
    .replace('count: 100', 'count: 3');
  const settings = `${original}\nadmin: { address: "http://127.0.0.1:0" }\nguardian: { enabled: false }\n`;
  writeFileSync(file, settings.replace('every: 1s', 'every: 1h'));
  const running = new Heddle(['start', file, '--no-status', '--set', 'log.level=warn']);
  t.teardown(() => running.kill('SIGKILL'));
  const [, service = ''] = await running.until('stdout', /(http:\/\/127\.0\.0\.1:\d+) +shop\.Quotes/);
  const [, admin = ''] = await running.until('stdout', /Admin: (http:\/\/127\.0\.0\.1:\d+)/);
  const quote = async (user = 'ada') => {
    const answer = await fetch(`${service}/shop.Quotes/quote?item=lamp&user=${user}`);
    return (await answer.json()) as { exact: boolean; audited: boolean };
  };
  const reload = () => heddle(['reload', '--address', admin]);

  t.deepEqual(
    [await quote(), await quote(), await quote(), await quote()].map(({ exact }) => exact),
    [true, true, true, false],
    'the fourth of the hour is beyond the limit, whatever thread has it',
  );

  writeFileSync(
    file,
    settings
      .replace('{ count: 3, every: 1s }', '{ perSecond: 1000, burst: 1000 }')
      .replace('percent: 5', 'percent: 100'),
  );
  const changed = await reload();
  t.is(
    changed.stdout,
    'changed\n  degraders.exact-price.count\n  degraders.exact-price.every\n  degraders.exact-price.perSecond\n  degraders.exact-price.burst\n  samplers.audit.percent\n',
  );
  t.deepEqual(await quote('bob'), { ...(await quote('bob')), exact: true, audited: true });

  writeFileSync(file, settings.replace('{ count: 3, every: 1s }', '{ every: 1s }'));
  const bad = await reload();
  t.is(bad.code, 1);
  t.regex(bad.stderr, /heddle\.yaml:7:3: degrader "exact-price" has no limit: give it either count/);
  t.true((await quote()).exact);

  writeFileSync(file, settings.replace('count: 3', 'count: 0').replace('admin:', 'io: { threads: 7 }\nadmin:'));
  running.kill('SIGHUP');
  await running.until('stderr', /SIGHUP: the config was read again; changed: .*needs a restart: io\.threads/);
  t.false((await quote()).exact);

  // Another config whose admin would be at the same place, and which has a mistake besides: not this process's.
  const other = join(temporaryFolder(t), 'heddle.yaml');
  writeFileSync(other, `admin: { address: "${admin}" }\nservices: {}\n`);
  const elsewhere = await heddle(['reload', '--config', other]);
  t.is(elsewhere.code, 1);
  t.true(elsewhere.stderr.includes(`this process runs ${file}, not ${other}: give the address`), elsewhere.stderr);
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);
});
