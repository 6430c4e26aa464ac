import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Settings } from '../../runtime/settings.ts';
import { echoConfig, heddle, root } from './heddle.ts';

test('config --defaults needs no file and prints every key', async (t) => {
  const { code, stdout } = await heddle(['config', '--defaults', 'no.yaml']);
  t.is(code, 0);
  for (const key of ['io:', 'pools:', 'services:', 'limits:', 'log:', 'stop:'])
    t.regex(stdout, new RegExp(`^(# )?${key}`, 'm'));
});

test('config --schema prints what docs/heddle.schema.json has', async (t) => {
  const { code, stdout } = await heddle(['config', '--schema']);
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), JSON.parse(readFileSync(join(root, 'docs/heddle.schema.json'), 'utf8')));
});

test('config prints the settings; the environment overrides the file, --set overrides both', async (t) => {
  const env = { HEDDLE_IO__THREADS: '3', HEDDLE_STOP__TIMEOUT: '2s' };
  const { code, stdout } = await heddle(['config', echoConfig, '--set', 'io.threads=5'], { env });
  t.is(code, 0);
  const settings = JSON.parse(stdout) as Settings;
  t.is(settings.io.threads, 5);
  t.is(settings.stop.timeoutMs, 2000);
});

test('config --explain says which timeout wins and where it was set', async (t) => {
  const set = ['--set', 'services.demo.Echo.timeout=300ms'];
  const { code, stdout } = await heddle(['config', echoConfig, '--explain', 'demo.Echo', ...set]);
  t.is(code, 0);
  t.regex(stdout, /any +heddle:\/\/127\.0\.0\.1:0 +300ms +service +pool 30s \(default\), service 300ms \(--set #1\)/);
});

test('config --explain of an unknown service names the nearest: exit code 1', async (t) => {
  const { code, stdout, stderr } = await heddle(['config', echoConfig, '--explain', 'demo.Ecko']);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^heddle: no service is named "demo\.Ecko"; .*did you mean "demo\.Echo"\?\n$/);
});

test('mistakes go to standard error: standard output has settings or nothing', async (t) => {
  const { code, stdout, stderr } = await heddle(['config', echoConfig, '--set', 'io.threads=many']);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /--set #1: /);
});
