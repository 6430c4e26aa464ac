// The grammar of the commands of `heddle dag` that speak with a running process.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { command, type EndWith, notes } from '../command.ts';
import { pictureOptions } from './picture-format.ts';
import type { ProcessOptions, StatusOptions } from './process.ts';
import { orUsage } from './usage.ts';
import { whole } from './whole.ts';

const noProcess = 'answered with an error, or no Heddle process answers';

export function addProcessCommands(dag: Command, endWith: EndWith): void {
  addPublish(dag, endWith);
  addRollback(dag, endWith);
  addLevel(dag, endWith);
  addHistory(dag, endWith);
  addStatus(dag, endWith);
  addTraces(dag, endWith);
}

function addPublish(dag: Command, endWith: EndWith): void {
  withProcess(command(dag, 'publish', 'let a running process read its strategies again, and use them if all is right'))
    .addHelpText(
      'after',
      notes({
        more: 'Runs under way end on the version that they began with. With mistakes, the version that runs goes on.',
        examples: ['heddle dag publish', 'heddle dag publish --address 127.0.0.1:7199'],
        exit: { ok: 'published', failed: `mistakes, ${noProcess}` },
      }),
    )
    .action(async (options: ProcessOptions) => {
      const { dagPublish } = await import('./process.ts');
      endWith(await dagPublish(options));
    });
}

function addRollback(dag: Command, endWith: EndWith): void {
  const one = command(dag, 'rollback', 'go back to a version that ran before').addArgument(
    dag.createArgument('[version]', 'its number; none: the one before').argParser(whole(1, 2 ** 31 - 1)),
  );
  withProcess(one)
    .addHelpText(
      'after',
      notes({ examples: ['heddle dag rollback', 'heddle dag rollback 3'], exit: { ok: 'it runs', failed: noProcess } }),
    )
    .action(async (version: number | undefined, options: ProcessOptions) => {
      const { dagRollback } = await import('./process.ts');
      endWith(await dagRollback(version, options));
    });
}

function addLevel(dag: Command, endWith: EndWith): void {
  const one = command(dag, 'level', 'set the level of degradation of a strategy by hand')
    .argument('<strategy>', 'its name')
    .addArgument(
      dag.createArgument('<level>', '0 to 10: at least this; auto: signals and limits alone').argParser(levelOrAuto),
    );
  withProcess(one)
    .addHelpText(
      'after',
      notes({
        examples: ['heddle dag level feed.recommend 2', 'heddle dag level feed.recommend auto'],
        exit: { ok: 'set', failed: noProcess },
      }),
    )
    .action(async (name: string, level: number | 'auto', options: ProcessOptions) => {
      const { dagLevel } = await import('./process.ts');
      endWith(await dagLevel(name, level === 'auto' ? undefined : level, options));
    });
}

function addHistory(dag: Command, endWith: EndWith): void {
  withProcess(command(dag, 'history', 'list the versions that a process has published, and what each changed'))
    .addHelpText('after', notes({ examples: ['heddle dag history'], exit: { ok: 'listed', failed: noProcess } }))
    .action(async (options: ProcessOptions) => {
      const { dagHistory } = await import('./process.ts');
      endWith(await dagHistory(options));
    });
}

function addStatus(dag: Command, endWith: EndWith): void {
  const [format, out] = pictureOptions();
  const one = command(dag, 'status', 'show the strategies of a running process, with what they count')
    .argument('[strategy]', 'draws this one with its counters')
    .addOption(format)
    .addOption(out);
  withProcess(one)
    .addHelpText(
      'after',
      notes({
        examples: ['heddle dag status', 'heddle dag status feed.recommend --out feed.svg'],
        exit: { ok: 'shown', failed: noProcess },
      }),
    )
    .action(async (name: string | undefined, options: StatusOptions) => {
      const { dagStatus } = await import('./process.ts');
      endWith(await orUsage(() => dagStatus(name, options)));
    });
}

function addTraces(dag: Command, endWith: EndWith): void {
  withProcess(
    command(dag, 'traces', 'show the runs of a strategy that a process has kept')
      .argument('<strategy>', 'its name')
      .option('--out <folder>', 'write each there, as JSON and as a page with its timeline'),
  )
    .addHelpText(
      'after',
      notes({
        examples: ['heddle dag traces feed.recommend', 'heddle dag traces feed.recommend --out traces'],
        exit: { ok: 'shown', failed: noProcess },
      }),
    )
    .action(async (name: string, options: ProcessOptions & { out?: string }) => {
      const { dagTraces } = await import('./process.ts');
      endWith(await dagTraces(name, options));
    });
}

function withProcess(one: Command): Command {
  return one
    .addOption(
      new Option('-a, --address <address>', 'its admin: http://host:port, host:port, a port').conflicts('config'),
    )
    .option('-c, --config <file>', 'the config that it was started with, which has admin.address')
    .option('--json', 'the answer as JSON');
}

function levelOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (/^(\d|10)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 0 to 10, or auto: signals and limits alone.');
}
