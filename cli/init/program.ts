// addInit: the grammar of `heddle init`.

import type { Command } from 'commander';
import { command, type EndWith, notes } from '../command.ts';
import type { InitOptions } from './init.ts';

export function addInit(program: Command, endWith: EndWith): void {
  command(program, 'init', 'write a small project that works: contract, handlers, config, test, README')
    .argument('<folder>', 'where: a new folder, or an empty one; the project is called after it')
    .option('--service <name>', 'the name of its service, as shop.Films; else it is made of the name of the folder')
    .option(
      '--heddle <source>',
      'what package.json says of heddle: a version, a URL, a path; else where this one came from',
    )
    .addHelpText(
      'after',
      notes({
        more: [
          'Folder film-search gives package film-search with service FilmSearch, contract.ts, film-search.ts, heddle.yaml,',
          'test/film-search.test.ts, README.md, tsconfig.json, package.json and .gitignore. When anything is wrong nothing is',
          'written. A path of --heddle is taken from the current folder: a tarball of `npm pack`, or a checkout with a build. When npm',
          'runs on a Node that Heddle does not support, the project brings its own.',
        ].join('\n'),
        examples: [
          'heddle init film-search',
          'heddle init . --service shop.Films',
          'heddle init film-search --heddle ./heddle-0.1.0.tgz',
        ],
        exit: {
          ok: 'written; it says what to do next',
          failed: 'the folder is not empty, or a name can not be one; nothing is written',
        },
      }),
    )
    .action(async (folder: string, options: InitOptions) => {
      const { init } = await import('./init.ts');
      endWith(init(folder, options));
    });
}
