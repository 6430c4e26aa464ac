// The grammar of `heddle reload`.

import { type Command, Option } from 'commander';
import { command, type EndWith, notes } from './command.ts';
import type { ReloadOptions } from './reload.ts';

export function addReload(program: Command, endWith: EndWith): void {
  command(program, 'reload', 'let a running process read its config again, and take over what may change')
    .addOption(
      new Option('-a, --address <address>', 'its admin: http://host:port, host:port, a port').conflicts('config'),
    )
    .option('-c, --config <file>', 'the config that it was started with, which has admin.address')
    .option('--json', 'the answer as JSON')
    .addHelpText(
      'after',
      notes({
        more: [
          'Degraders, samplers, mirrors, forwards and log levels change at once, and no request notices; what needs a restart',
          'is named. With mistakes in the config nothing changes. SIGHUP does the same, where the process has no terminal.',
        ].join('\n'),
        examples: ['heddle reload', 'heddle reload --address 127.0.0.1:7199'],
        exit: { ok: 'read and taken over', failed: 'the config has mistakes, or no Heddle process answers' },
      }),
    )
    .action(async (options: ReloadOptions) => {
      const { reload } = await import('./reload.ts');
      endWith(await reload(options));
    });
}
