// The grammar of the `heddle` command: commands, arguments, options and their help. What a command does stands in its own
// file, which is loaded when it is used: `heddle version` starts no runtime.

import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../runtime/units.ts';
import type { CallCommandOptions, ConfigOptions } from './command-options.ts';
import { type ExitCodeName, exitCodeLines } from './exit-codes.ts';
import { versionLine } from './version.ts';

/** What a command ends with; the process's exit code. */
export type EndWith = (code: number) => void;

const configArgument = ['[file]', 'the config file', 'heddle.yaml'] as const;
const setFlags = '--set <path=value>';
const setText = 'override one setting, as pools.ranking.threads=8; may be repeated; wins over HEDDLE_ variables';

/** `endWith` is told the exit code of the command that ran. Wrong usage and `--help` throw CommanderError. */
export function makeProgram(endWith: EndWith): Command {
  const program = new Command('heddle')
    .description('Heddle runs services written as async fibers on IO threads and CPU pools of one process.')
    .version(versionLine(), '-V, --version', 'the versions of heddle and of Node')
    .helpCommand('help [command]', 'the help of a command')
    .helpOption('-h, --help', 'this help')
    .showSuggestionAfterError()
    .configureHelp({ subcommandTerm: (one) => one.name() })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'heddle: ')) })
    .exitOverride();
  addStart(program, endWith);
  addCheck(program, endWith);
  addConfig(program, endWith);
  addCall(program, endWith);
  command(program, 'version', 'print the versions of heddle and of Node')
    .addHelpText('after', notes({ examples: ['heddle version'], exit: { ok: 'printed' } }))
    .action(() => {
      process.stdout.write(`${versionLine()}\n`);
    });
  return program.addHelpText(
    'after',
    notes({
      examples: ['heddle start', 'heddle check', `heddle call heddle://127.0.0.1:7000 demo.Echo/echo '{"text":"hi"}'`],
      exit: { ok: 'done', failed: 'the command failed, and said why' },
      more: '`heddle help <command>` tells all of a command, with its own exit codes.',
    }),
  );
}

/** Each command inherits output and error handling. */
function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'this help')
    .showHelpAfterError(`(heddle ${name} --help tells what it takes)`);
}

function addStart(program: Command, endWith: EndWith): void {
  command(program, 'start', 'start the services of a config; SIGINT and SIGTERM finish what runs, then stop')
    .argument(...configArgument)
    .option(setFlags, setText, collect)
    .option('--no-status', 'no live status line (on a terminal), no status in the log (elsewhere)')
    .addHelpText(
      'after',
      notes({
        more: [
          'Environment: HEDDLE_POOLS__RANKING__THREADS=8 overrides as --set pools.ranking.threads=8 does.',
          'Run it directly under systemd and Docker: npm does not pass SIGTERM on to what it runs reliably.',
        ].join('\n'),
        examples: ['heddle start', 'heddle start service/heddle.yaml --set pools.ranking.threads=8'],
        exit: {
          ok: 'stopped by a signal, everything that was accepted is answered',
          failed: 'the config has mistakes, or the services did not start',
          cutOff: 'stopped, but not everything was finished within stop.timeout',
          interrupted: 'a second SIGINT (Ctrl-C): ended at once',
          terminated: 'a second SIGTERM: ended at once',
        },
      }),
    )
    .action(async (file: string, options: { set?: string[]; status: boolean }) => {
      const { start } = await import('./start.ts');
      endWith(await start(file, { set: options.set ?? [], status: options.status }));
    });
}

function addCheck(program: Command, endWith: EndWith): void {
  command(program, 'check', 'find all mistakes of a config, without starting anything')
    .argument(...configArgument)
    .option(setFlags, setText, collect)
    .option('--modules', 'also load the service modules (on a thread of their own): runs their top-level code')
    .addHelpText(
      'after',
      notes({
        examples: ['heddle check', 'heddle check --modules service/heddle.yaml'],
        exit: { ok: 'no mistakes', failed: 'mistakes; all of them are printed, each with its place' },
      }),
    )
    .action(async (file: string, options: { set?: string[]; modules?: true }) => {
      const { check } = await import('./check.ts');
      endWith(await check(file, { set: options.set ?? [], modules: options.modules ?? false }));
    });
}

function addConfig(program: Command, endWith: EndWith): void {
  const views = ['defaults', 'explain', 'json', 'schema'];
  const view = (flags: string, text: string) => {
    const option = new Option(flags, text);
    return option.conflicts(views.filter((name) => name !== option.attributeName()));
  };
  command(program, 'config', 'show what a config comes to, every setting there is, or why a service gets its settings')
    .argument(...configArgument)
    .addOption(view('--json', 'the settings that the config comes to, as JSON in ms and bytes (the default)'))
    .addOption(view('--explain <service>', 'its pool, its listeners, and which timeout wins for each method, and why'))
    .addOption(view('--defaults', 'a config with every key, its default and what it is; reads no file'))
    .addOption(view('--schema', 'JSON Schema of the config, for editors; reads no file'))
    .option(setFlags, setText, collect)
    .addHelpText(
      'after',
      notes({
        examples: [
          'heddle config --defaults | less',
          'heddle config --explain demo.Echo',
          'heddle config --json --set io.threads=4',
        ],
        exit: { ok: 'shown', failed: 'the config has mistakes, or no service of that name' },
      }),
    )
    .action(async (file: string, options: ConfigOptions) => {
      const { showConfig } = await import('./config.ts');
      endWith(showConfig(file, options));
    });
}

function addCall(program: Command, endWith: EndWith): void {
  command(program, 'call', 'call a method of a running service and print its answer')
    .argument('<target>', 'heddle://host:port (several with commas between), http://host:port or https://host:port')
    .argument('<service/method>', 'as demo.Echo/echo')
    .argument('[request]', 'JSON; @file reads a file, - standard input', '{}')
    .addOption(
      new Option('-t, --timeout <duration>', 'the longest it may take: 250ms, 1s, 2m')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .option('-m, --meta <key=value>', 'metadata for the service; may be repeated', collect)
    .addOption(
      new Option('-p, --priority <class>', 'its place in the queue')
        .choices(['high', 'normal', 'low'])
        .default('normal'),
    )
    .addOption(
      new Option('-c, --codec <codec>', 'how the request is written: json, or bytes as they are')
        .choices(['json', 'bytes'])
        .default('json'),
    )
    .option('--one-way', 'wait for no answer')
    .option('-v, --verbose', 'tell address, time and metadata of the answer on standard error')
    .addHelpText(
      'after',
      notes({
        more: 'The answer goes to standard output, JSON indented; an error to standard error, as CODE: what happened.',
        examples: [
          `heddle call heddle://127.0.0.1:7000 demo.Echo/echo '{"text":"hi"}'`,
          `echo '{"text":"hi"}' | heddle call http://127.0.0.1:7080 demo.Echo/echo - --timeout 250ms -v`,
          'heddle call heddle://127.0.0.1:7000 demo.Thumbnails/scale @photo.jpg --codec bytes > small.jpg',
        ],
        exit: { ok: 'answered', failed: 'answered with an error, or nobody could be reached' },
      }),
    )
    .action(async (target: string, name: string, request: string, options: CallCommandOptions) => {
      const { call } = await import('./call.ts');
      endWith(await call(target, name, request, options));
    });
}

interface Notes {
  more?: string;
  examples: string[];
  exit: Partial<Record<ExitCodeName, string>>;
}

function notes({ more, examples, exit }: Notes): string {
  const parts = ['', ...(more === undefined ? [] : [more, '']), 'Examples:', ...examples.map((line) => `  ${line}`)];
  return [...parts, '', 'Exit codes:', exitCodeLines(exit)].join('\n');
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Longest that a timer can wait. */
const durationMaxMs = 2 ** 31 - 1;

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 1 && ms <= durationMaxMs) return ms;
  throw new InvalidArgumentError('Write a number and its unit, ms, s, m or h, as 250ms; 1ms to 24d.');
}
