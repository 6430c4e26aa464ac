import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { exitCodes } from '../../cli/exit-codes.ts';
import { makeProgram } from '../../cli/program.ts';
import { heddle, root } from './heddle.ts';

const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const commands = makeProgram(() => {}).commands;

test('there are init, start, check, config, call, bench, top, admin, reload, dag, codegen and version', (t) => {
  t.deepEqual(
    commands.map((command) => command.name()),
    ['init', 'start', 'check', 'config', 'call', 'bench', 'top', 'admin', 'reload', 'dag', 'codegen', 'version'],
  );
});

for (const command of commands) {
  test(`${command.name()} --help has every argument and option, examples and exit codes, and docs/cli.md names them`, async (t) => {
    const { code, stdout, stderr } = await heddle([command.name(), '--help']);
    t.is(code, 0);
    t.is(stderr, '');
    for (const { flags } of command.options) {
      t.true(stdout.includes(`  ${flags} `), flags);
      t.true(page.includes(`\`${flags}\``), `${flags} in docs/cli.md`);
    }
    for (const argument of command.registeredArguments)
      t.true(stdout.includes(`\n  ${argument.name()} `), argument.name());
    t.regex(stdout, /\nExamples:\n {2}.*heddle /);
    t.regex(stdout, /\nExit codes:\n {4}0 {2}/);
    t.true(page.includes(`## heddle ${command.name()}`));
  });
}

for (const command of commands.find((one) => one.name() === 'dag')!.commands) {
  const name = `dag ${command.name()}`;
  test(`${name} has help like any other, and docs/cli.md names it and its options`, (t) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    for (const { flags, description } of command.options) {
      t.true(help.includes(`  ${flags} `), flags);
      t.true(page.includes(`\`${flags}\``), `${flags} in docs/cli.md`);
      t.not(description, '');
    }
    for (const argument of command.registeredArguments)
      t.true(help.includes(`\n  ${argument.name()} `), argument.name());
    t.regex(help, /\nExamples:\n {2}.*heddle dag /);
    t.regex(help, /\nExit codes:\n {4}0 {2}/);
    t.true(page.includes(`heddle ${name}`), name);
  });
}

test('docs/cli.md has every exit code', (t) => {
  for (const code of Object.values(exitCodes)) t.regex(page, new RegExp(`^\\| ${code} +\\|`, 'm'));
});

test('heddle alone prints its help on standard error: exit code 2', async (t) => {
  const { code, stdout, stderr } = await heddle([]);
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, /Commands:\n {2}init /);
});

test('version says both versions', async (t) => {
  const { code, stdout } = await heddle(['version']);
  t.is(code, 0);
  t.is(stdout, `heddle ${version} (Node ${process.version})\n`);
});

const wrongUsage = test.macro(async (t, args: string[], stderr: RegExp) => {
  const ended = await heddle(args);
  t.is(ended.code, 2);
  t.is(ended.stdout, '');
  t.regex(ended.stderr, stderr);
});

test(
  'an unknown command names the nearest',
  wrongUsage,
  ['strat'],
  /unknown command 'strat'\n\(Did you mean start\?\)/,
);
test('an unknown option names the nearest', wrongUsage, ['start', '--no-statsu'], /Did you mean --no-status\?/);
test('a missing argument is named', wrongUsage, ['call'], /missing required argument 'target'\n.*heddle call --help/);
test('one view of a config at a time', wrongUsage, ['config', '--json', '--defaults'], /cannot be used with/);
