// The grammar of `heddle dag`: its commands, their arguments, options and help. What each does stands in its own file, which
// is loaded when it is used.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, command, type EndWith, notes } from '../command.ts';
import type { DiffOptions } from './diff.ts';
import type { ExplainOptions } from './explain.ts';
import { latenciesExample } from './latencies-example.ts';
import type { LoadOptions } from './load.ts';
import { pictureOptions } from './picture-format.ts';
import { addProcessCommands } from './process-program.ts';
import type { ReplayOptions } from './replay.ts';
import type { ShowOptions } from './show.ts';
import type { SimulateOptions } from './simulate.ts';
import type { TestOptions } from './test.ts';
import { orUsage } from './usage.ts';
import { whole } from './whole.ts';

const files = ['[files...]', 'strategy files, modules, globs or folders; none: those of the config'] as const;
const strategy = ['<strategy>', 'its name, or the file that has no other'] as const;
const latenciesNote = `A file of --latencies:\n  ${latenciesExample}`;
const mistakes = 'the strategies have mistakes; all of them are printed, each with its place';

export function addDag(program: Command, endWith: EndWith): void {
  const dag = command(program, 'dag', 'strategies: check, draw, explain, simulate, compare, test and publish them')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText(
      'after',
      notes({
        more: [
          'Files are checked and loaded on a thread of their own. publish, rollback, level,',
          'history, status and traces speak with a running process; all others need none.',
        ].join('\n'),
        examples: [
          'heddle dag check',
          'heddle dag show feed.recommend --out feed.svg',
          'heddle dag test strategies/feed.yaml',
          'heddle dag publish',
        ],
        exit: { ok: 'done', failed: 'mistakes, a failed test, or no process that answers' },
      }),
    );
  addCheck(dag, endWith);
  addShow(dag, endWith);
  addTest(dag, endWith);
  addExplain(dag, endWith);
  addSimulate(dag, endWith);
  addDiff(dag, endWith);
  addReplay(dag, endWith);
  addTimeline(dag, endWith);
  addProcessCommands(dag, endWith);
}

function addCheck(dag: Command, endWith: EndWith): void {
  withConfig(command(dag, 'check', 'find all mistakes of strategies, or say of each what it has').argument(...files))
    .addHelpText(
      'after',
      notes({
        more: 'The modules of nodes are loaded, so that what methods take and give is checked too.',
        examples: ['heddle dag check', "heddle dag check 'strategies/*.yaml' --config heddle.yaml"],
        exit: { ok: 'no mistakes', failed: mistakes },
      }),
    )
    .action(async (names: string[], options: LoadOptions) => {
      const { dagCheck } = await import('./check.ts');
      endWith(await dagCheck(names, options));
    });
}

function addShow(dag: Command, endWith: EndWith): void {
  const [format, out] = pictureOptions();
  withConfig(
    command(dag, 'show', 'draw a strategy')
      .argument(...strategy)
      .argument(...files),
  )
    .addOption(format)
    .addOption(out)
    .addOption(levelOption('as it is at this level of degradation'))
    .addHelpText(
      'after',
      notes({
        more: 'Environment: NO_COLOR=1 draws without colours.',
        examples: ['heddle dag show feed.recommend', 'heddle dag show strategies/feed.yaml --level 2 --out feed.html'],
        exit: { ok: 'drawn', failed: `no such strategy, or ${mistakes}` },
      }),
    )
    .action(async (name: string, names: string[], options: ShowOptions) => {
      const { dagShow } = await import('./show.ts');
      endWith(await orUsage(() => dagShow(name, names, options)));
    });
}

function addTest(dag: Command, endWith: EndWith): void {
  withConfig(command(dag, 'test', 'run the tests that stand in strategies, on a virtual clock').argument(...files))
    .option('--grep <text>', 'only tests with this in the name of the strategy or the test')
    .addHelpText(
      'after',
      notes({
        more: 'Nodes are mocked, nothing is called. What fails is printed with its path and its timeline.',
        examples: ['heddle dag test', 'heddle dag test strategies/feed.yaml --grep "rank is slow"'],
        exit: { ok: 'all passed', failed: `a test failed, none was found, or ${mistakes}` },
      }),
    )
    .action(async (names: string[], options: TestOptions) => {
      const { dagTest } = await import('./test.ts');
      endWith(await dagTest(names, options));
    });
}

function addExplain(dag: Command, endWith: EndWith): void {
  const one = command(dag, 'explain', 'say what a strategy does with one request, and why')
    .argument(...strategy)
    .argument(...files)
    .requiredOption('--request <json>', 'the request; @file reads a file')
    .option('--failing <node>', 'this node fails; may be repeated', collect);
  withWorld(one)
    .addHelpText(
      'after',
      notes({
        more: `It runs once on a virtual clock: what nodes give comes from recorded runs, the tests in the file, or shapes.\n${latenciesNote}`,
        examples: [
          `heddle dag explain feed.recommend --request '{"user":"ann","k":20}'`,
          'heddle dag explain feed.recommend --request @request.json --level 2 --failing rank',
        ],
        exit: { ok: 'explained', failed: `no such strategy, or ${mistakes}` },
      }),
    )
    .action(async (name: string, names: string[], options: ExplainOptions) => {
      const { dagExplain } = await import('./explain.ts');
      endWith(await orUsage(() => dagExplain(name, names, options)));
    });
}

function addSimulate(dag: Command, endWith: EndWith): void {
  const one = command(dag, 'simulate', 'run a strategy many times on a virtual clock: latency, cost, and what if')
    .argument(...strategy)
    .argument(...files)
    .addOption(new Option('--runs <number>', 'runs that are counted').argParser(whole(1, 1_000_000)))
    .addOption(new Option('--seed <number>', 'another seed, other chances').argParser(whole(0, 2 ** 32 - 1)))
    .addOption(new Option('--rate <number>', 'runs a second').argParser(rate))
    .option(
      '--what-if <edit>',
      'a variant to compare, as rank.hedge=p95 or budget.total=60ms; may be repeated',
      collect,
    )
    .option('--without-each-policy', 'also a variant without each policy that there is');
  withWorld(one)
    .addHelpText(
      'after',
      notes({
        more: `Without latencies, nodes take what their estimate says; the same seed gives the same numbers.\n${latenciesNote}`,
        examples: [
          'heddle dag simulate feed.recommend --what-if rank.hedge=p95',
          'heddle dag simulate feed.recommend --address 127.0.0.1:7199 --what-if level=1 --runs 50000',
        ],
        exit: { ok: 'simulated', failed: `no such strategy, what can't be simulated, or ${mistakes}` },
      }),
    )
    .action(async (name: string, names: string[], options: SimulateOptions) => {
      const { dagSimulate } = await import('./simulate.ts');
      endWith(await orUsage(() => dagSimulate(name, names, options)));
    });
}

function addDiff(dag: Command, endWith: EndWith): void {
  command(dag, 'diff', 'list what changes between two versions, node by node and share by share')
    .usage('[options] <old> <new> | --running [new]')
    .argument('[versions...]', 'the older and the newer: each a strategy file, a glob, or a folder')
    .option('--running', 'the older is what a running process uses; none named: the newer is that of the config')
    .addOption(new Option('-a, --address <address>', 'the admin of that process').conflicts('config'))
    .option('-c, --config <file>', 'the config that it was started with')
    .option('--exit-code', 'end with 1 when they differ')
    .addHelpText(
      'after',
      notes({
        more: 'Modules of nodes are not loaded. Running experiments that would move units are told as a process would.',
        examples: [
          'heddle dag diff strategies.old strategies',
          'heddle dag diff old.yaml strategies/feed.yaml --exit-code',
          'heddle dag diff --running strategies',
        ],
        exit: {
          ok: 'compared',
          failed: `they differ (--exit-code), a process would refuse the newer, or ${mistakes}`,
        },
      }),
    )
    .action(async (versions: string[], options: DiffOptions) => {
      const { dagDiff } = await import('./diff.ts');
      endWith(await orUsage(() => dagDiff(versions, options)));
    });
}

function addReplay(dag: Command, endWith: EndWith): void {
  withConfig(
    command(dag, 'replay', 'run recorded runs again, on the strategies as they are now or on another version').argument(
      '<trace>',
      'a file of runs with values, as heddle dag traces --out writes',
    ),
  )
    .option(
      '--against <file>',
      'the version to replay on, instead of the strategies of the config; may be repeated',
      collect,
    )
    .option('--mocks <json>', 'what nodes do of which nothing is recorded; @file reads a file')
    .option('--out <file>', 'write the timeline of the new run there: .html, .svg')
    .option('--json', 'what came out as JSON')
    .addHelpText(
      'after',
      notes({
        more: 'Nodes take as long and give what they did; what changed is what the strategy makes of it.',
        examples: [
          'heddle dag replay slow.json',
          `heddle dag replay slow.json --against new/feed.yaml --mocks '{"rank":{"result":[],"delay":"5ms"}}'`,
        ],
        exit: { ok: 'it came out the same', failed: `it came out otherwise, or ${mistakes}` },
      }),
    )
    .action(async (trace: string, options: ReplayOptions) => {
      const { dagReplay } = await import('./replay.ts');
      endWith(await orUsage(() => dagReplay(trace, options)));
    });
}

function addTimeline(dag: Command, endWith: EndWith): void {
  command(dag, 'timeline', 'draw recorded runs as timelines')
    .argument('<trace>', 'a file of runs, as heddle dag traces --out writes')
    .option('--out <file>', 'write it there: .html, .svg; of several runs one each')
    .addHelpText(
      'after',
      notes({
        more: 'Environment: NO_COLOR=1 draws without colours.',
        examples: ['heddle dag timeline slow.json', 'heddle dag timeline slow.json --out slow.html'],
        exit: { ok: 'drawn', failed: 'the file is no trace of runs, or --out can not be written' },
      }),
    )
    .action(async (trace: string, options: { out?: string }) => {
      const { dagTimeline } = await import('./timeline.ts');
      endWith(await orUsage(() => dagTimeline(trace, options)));
    });
}

function withConfig(one: Command): Command {
  return one.option('-c, --config <file>', 'the config that has the strategies and the pools (default: heddle.yaml)');
}

function withWorld(one: Command): Command {
  return withConfig(one)
    .option('--params <json>', 'values of parameters, whatever experiments say; @file reads a file')
    .addOption(levelOption('at this level of degradation'))
    .addOption(
      new Option('--latencies <file>', 'what nodes take: the JSON of GET /strategies, or a part of it').conflicts(
        'address',
      ),
    )
    .option('-a, --address <address>', 'take latencies from this running process')
    .option('--traces <file>', 'recorded runs with values, for requests and for what nodes give')
    .option('--json', 'what came out as JSON');
}

function levelOption(what: string): Option {
  return new Option('--level <number>', what).argParser(whole(0, 10));
}

function rate(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0.001 && number <= 1_000_000) return number;
  throw new InvalidArgumentError('Write a number of runs a second, from 0.001 to 1000000.');
}
