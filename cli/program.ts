// The grammar of the `heddle` command: commands, arguments, options and their help. What a command does stands in its own
// file, which is loaded when it is used: `heddle version` starts no runtime.

import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../runtime/clock.ts';
import { parseDurationMs } from '../runtime/units.ts';
import { addBench } from './bench/program.ts';
import { addCodegen } from './codegen/program.ts';
import { collect, command, type EndWith, notes } from './command.ts';
import type {
  AdminOptions,
  CallCommandOptions,
  ConfigOptions,
  StartCommandOptions,
  TopOptions,
} from './command-options.ts';
import { addDag } from './dag/program.ts';
import { takeGuardianMark } from './guarded.ts';
import { addInit } from './init/program.ts';
import { addReload } from './reload-program.ts';
import { codecOption, priorityOption } from './request-options.ts';
import { versionLine } from './version.ts';

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
  addInit(program, endWith);
  addStart(program, endWith);
  addCheck(program, endWith);
  addConfig(program, endWith);
  addCall(program, endWith);
  addBench(program, endWith);
  addTop(program, endWith);
  addAdmin(program, endWith);
  addReload(program, endWith);
  addDag(program, endWith);
  addCodegen(program, endWith);
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

function addStart(program: Command, endWith: EndWith): void {
  command(program, 'start', 'start the services of a config; SIGINT and SIGTERM finish what runs, then stop')
    .argument(...configArgument)
    .option(setFlags, setText, collect)
    .option('--no-status', 'no live status line (on a terminal), no status in the log (elsewhere)')
    .option('--watch', 'for development: reload code, config and strategies whenever their files change')
    .option('--no-guardian', 'one process, and nobody who starts it again when it dies')
    .addHelpText(
      'after',
      notes({
        more: [
          'Environment: HEDDLE_POOLS__RANKING__THREADS=8 overrides as --set pools.ranking.threads=8 does.',
          'A small guardian process starts the services again when their process dies; see guardian in the config.',
          'Run it directly under systemd and Docker: npm does not pass SIGTERM on to what it runs reliably.',
        ].join('\n'),
        examples: [
          'heddle start',
          'heddle start --watch',
          'heddle start service/heddle.yaml --set pools.ranking.threads=8',
        ],
        exit: {
          ok: 'stopped by a signal, everything that was accepted is answered',
          failed: 'the config has mistakes, or the services did not start',
          cutOff: 'stopped, but not everything was finished within stop.timeout',
          interrupted: 'a second SIGINT (Ctrl-C): ended at once',
          terminated: 'a second SIGTERM: ended at once',
        },
      }),
    )
    .action(async (file: string, { set = [], status, watch = false, guardian }: StartCommandOptions) => {
      const guarded = takeGuardianMark();
      if (guarded === undefined && guardian) {
        // It loads nothing of what follows.
        const { canGuard, guard, unguarded } = await import('./guardian.ts');
        const end = canGuard() ? await guard(systemClock) : unguarded;
        if (end !== unguarded) return endWith(end);
      }
      const { start } = await import('./start.ts');
      endWith(await start(file, { set, status, watch, guarded }));
    });
}

function addCheck(program: Command, endWith: EndWith): void {
  command(program, 'check', 'find all mistakes of a config and its strategies, without starting anything')
    .argument(...configArgument)
    .option(setFlags, setText, collect)
    .option('--modules', 'also load the modules of services, plugins and jobs, on a thread: runs their top-level code')
    .addHelpText(
      'after',
      notes({
        more: 'Strategies are checked with it: their modules are loaded, on a thread of their own.',
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
    .addOption(
      view('--explain <service>', 'its pool, listeners and filters, and which timeout wins for each method, and why'),
    )
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
    .addOption(priorityOption())
    .addOption(codecOption())
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

function addTop(program: Command, endWith: EndWith): void {
  command(program, 'top', 'watch a running process live: its pools, threads, methods and fibers')
    .argument('[process]', 'address of its admin (http://host:port, host:port, a port), or its config file')
    .addOption(
      new Option('-i, --interval <duration>', 'how often it is looked at: 100ms to 1m')
        .argParser(topInterval)
        .default(1000, '1s'),
    )
    .option('--once', 'one picture as text, after one interval; so does output that is no terminal')
    .addHelpText(
      'after',
      notes({
        more: [
          'Without [process]: the one of ./heddle.yaml if that is there, else http://127.0.0.1:7199.',
          'Keys: q quit, p pools, t threads, m methods, f fibers of a thread, s sort, space pause, ? help.',
          'Environment: NO_COLOR=1 draws without colours; a locale without UTF-8 (LC_ALL, LANG) draws in ASCII.',
        ].join('\n'),
        examples: ['heddle top', 'heddle top service/heddle.yaml --interval 250ms', 'heddle top 127.0.0.1:7199 --once'],
        exit: {
          ok: 'somebody quit, or the picture is printed',
          failed: 'no Heddle process answers, or the config has mistakes',
        },
      }),
    )
    .action(async (process: string | undefined, options: TopOptions) => {
      const { top } = await import('./top.ts');
      endWith(await top(process, options));
    });
}

function addAdmin(program: Command, endWith: EndWith): void {
  command(program, 'admin', 'ask a running process: what it runs, what it counts; set its log, profile it, drain it')
    .argument('[words...]', 'what to ask for, as below; nothing: a list of all that there is')
    .addOption(
      new Option('-a, --address <address>', 'its admin: http://host:port, host:port, a port').conflicts('config'),
    )
    .option('-c, --config <file>', 'the config that it was started with, which has admin.address')
    .option('--json', 'the answer as JSON')
    .option('--explain', 'config: as text, with where each setting comes from')
    .option('--all', 'quarantine lift: all of them')
    .addOption(new Option('--seconds <number>', 'profile: for how long').argParser(profileSeconds).default(1))
    .option('--out <file>', 'profile: save it, for the developer tools of Chrome')
    .option('--post', 'a path of a plugin: POST instead of GET')
    .option('--data <json>', 'a path of a plugin: the body of the POST')
    .addHelpText(
      'after',
      notes({
        more: [
          'What to ask for:',
          '  version | threads | pools | services | connections | metrics',
          '  fibers [thread]              what runs, as trees: state, age, what it waits for',
          '  config [--explain]           the settings in force',
          '  loglevel [component] [level] shows the levels of the log, or sets one; default takes it back',
          '  quarantine                   requests that are refused because they ended threads',
          '  quarantine lift <fingerprint> | lift --all',
          '  jobs                         when each runs, and how the last run ended',
          '  jobs run <name>              begins a run now, unless one goes on',
          '  profile <thread>             where its time goes; main and admin are threads too',
          '  drain                        finishes what runs, then ends the process',
          'Any other words are a path that a plugin has added: `caches films` is GET /caches/films.',
          '',
          'Without --address and --config: the admin of ./heddle.yaml if that is there, else http://127.0.0.1:7199.',
        ].join('\n'),
        examples: [
          'heddle admin threads',
          'heddle admin fibers ranking-1',
          'heddle admin loglevel acceptor debug --address 127.0.0.1:7199',
          'heddle admin profile ranking-1 --seconds 5 --out ranking.cpuprofile',
          'heddle admin services --json | jq .',
        ],
        exit: { ok: 'answered', failed: 'answered with an error, or no Heddle process answers' },
      }),
    )
    .action(async (words: string[], options: AdminOptions) => {
      const { admin } = await import('./admin.ts');
      endWith(await admin(words, options));
    });
}

/** Longest that a timer can wait. */
const durationMaxMs = 2 ** 31 - 1;

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 1 && ms <= durationMaxMs) return ms;
  throw new InvalidArgumentError('Write a number and its unit, ms, s, m or h, as 250ms; 1ms to 24d.');
}

function topInterval(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 100 && ms <= 60_000) return ms;
  throw new InvalidArgumentError('Write a number and its unit, ms, s or m, from 100ms to 1m.');
}

function profileSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0.01 && seconds <= 60) return seconds;
  throw new InvalidArgumentError('Write a number of seconds from 0.01 to 60.');
}
